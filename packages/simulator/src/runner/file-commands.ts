// The files by which a step tells the runner something: GITHUB_ENV, GITHUB_OUTPUT, GITHUB_PATH and their like.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface FileCommands {
  readonly env: readonly [string, string][];
  readonly outputs: readonly [string, string][];
  readonly paths: readonly string[];
  readonly problems: readonly string[];
}

const FILES = {
  GITHUB_ENV: 'set_env',
  GITHUB_OUTPUT: 'set_output',
  GITHUB_PATH: 'add_path',
  GITHUB_STATE: 'save_state',
  GITHUB_STEP_SUMMARY: 'step_summary',
} as const;

export type CommandFiles = Record<keyof typeof FILES, string>;

/** Fresh, empty files for one step. */
export async function createCommandFiles(directory: string, step: string): Promise<CommandFiles> {
  await mkdir(directory, { recursive: true });
  const files = Object.entries(FILES).map(([name, prefix]) => [
    name,
    join(directory, `${prefix}_${step}`),
  ]);
  const paths = Object.fromEntries(files) as CommandFiles;
  await Promise.all(Object.values(paths).map((path) => writeFile(path, '')));
  return paths;
}

export async function readCommandFiles(files: CommandFiles): Promise<FileCommands> {
  const problems: string[] = [];
  const pairs = async (file: 'GITHUB_ENV' | 'GITHUB_OUTPUT'): Promise<[string, string][]> => {
    try {
      return parsePairs(await textOfFile(files[file]));
    } catch (error) {
      problems.push(`Unable to process file command '${PURPOSE[file]}' successfully.`);
      problems.push(error instanceof Error ? error.message : String(error));
      return [];
    }
  };
  const env = await pairs('GITHUB_ENV');
  const allowed = env.filter(([name]) => name.toUpperCase() !== 'NODE_OPTIONS');
  if (allowed.length < env.length) {
    problems.push("Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.");
  }
  const paths = (await textOfFile(files.GITHUB_PATH)).split(/\r?\n/).filter((line) => line !== '');
  return { env: allowed, outputs: await pairs('GITHUB_OUTPUT'), paths, problems };
}

const PURPOSE = { GITHUB_ENV: 'env', GITHUB_OUTPUT: 'output' } as const;

// A step may remove its own file; then it had nothing to say.
async function textOfFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}

/** `NAME=value`, or `NAME<<DELIMITER`, lines, `DELIMITER`. Throws an `Error` with GitHub's words. */
export function parsePairs(text: string): [string, string][] {
  const lines = text.split(/\r?\n/);
  const pairs: [string, string][] = [];
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    if (line === '') continue;
    const [, name = '', operator, rest = ''] = /^(.*?)(=|<<)(.*)$/s.exec(line) ?? [];
    if (operator === undefined) throw new Error(`Invalid format '${line}'`);
    if (name === '') throw new Error(`Invalid format '${line}'. Name must not be empty`);
    pairs.push([name, operator === '=' ? rest : heredoc(line, rest, lines)]);
  }
  return pairs;
}

function heredoc(opening: string, delimiter: string, lines: string[]): string {
  if (delimiter === '') {
    throw new Error(
      `Invalid format '${opening}'. Name must not be empty and delimiter must not be empty`,
    );
  }
  const end = lines.indexOf(delimiter);
  if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`);
  const value = lines.splice(0, end + 1);
  return value.slice(0, -1).join('\n');
}
