// The workflow file of the user, and the repository it belongs to.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename, dirname, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { CliError } from '../errors.ts';

const run = promisify(execFile);

export interface Checkout {
  /** The repository's folder. */
  directory: string;
  /** The workflow file, from there, with slashes. */
  path: string;
  content: string;
  name: string;
  ref?: string;
  sha?: string;
}

/** Throws a CliError when the file cannot be read. */
export async function findCheckout(file: string): Promise<Checkout> {
  const content = await contentOf(file);
  const directory = (await git(dirname(file), 'rev-parse', '--show-toplevel')) ?? folderOf(file);
  const ref = await git(directory, 'symbolic-ref', 'HEAD');
  const sha = await git(directory, 'rev-parse', '--verify', 'HEAD');
  return {
    directory,
    path: relative(directory, file).split(sep).join('/'),
    content,
    name: basename(directory),
    ...(ref !== undefined && { ref }),
    ...(sha !== undefined && { sha }),
  };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be read',
};

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw new CliError('user', `cannot read ${file}: ${REASONS[code] ?? code}`);
  }
}

/** Its answer, or nothing where there is no git, no repository or no commit. */
async function git(directory: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run('git', args, { cwd: directory });
    return stdout.trim();
  } catch {
    return undefined;
  }
}

/** Without git: what holds `.github/workflows`, else the file's own folder. */
function folderOf(file: string): string {
  const folder = dirname(file);
  const inGitHub = [sep, '.github', sep, 'workflows'].join('').replace(`${sep}${sep}`, sep);
  return folder.endsWith(inGitHub) ? dirname(dirname(folder)) : folder;
}
