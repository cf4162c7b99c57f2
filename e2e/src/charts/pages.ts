// The pages of docs/, as tests read them.
import { readdir, readFile } from 'node:fs/promises';

const DOCS = new URL('../../../docs/', import.meta.url);

export interface Block {
  language: string;
  text: string;
  /** What a comment before it says that it needs, such as `ghcr.io`. */
  needs?: string;
}

export interface Page {
  name: string;
  text: string;
  blocks: Block[];
}

const BLOCK = /(?:^<!-- needs (?<needs>\S+) -->\n+)?^```(?<language>\w+)\n(?<text>[^]*?)^```$/gm;

export async function pageOf(name: string): Promise<Page> {
  const text = await readFile(new URL(name, DOCS), 'utf8');
  const blocks = [...text.matchAll(BLOCK)].map(({ groups = {} }) => {
    const { needs, language = '', text: inner = '' } = groups;
    return { language, text: inner, ...(needs !== undefined && { needs }) };
  });
  return { name, text, blocks };
}

/** Without the simulator's, which has a test of its own. */
export async function allPages(): Promise<Page[]> {
  const files = (await readdir(DOCS)).filter(
    (file) => file.endsWith('.md') && file !== 'simulator.md',
  );
  return Promise.all(files.sort().map(pageOf));
}

/** Of a page, what a reader types. */
export const commandsOf = ({ blocks }: Page): Block[] =>
  blocks.filter(({ language }) => language === 'sh');
