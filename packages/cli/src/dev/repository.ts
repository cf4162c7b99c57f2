// The workflow file of the user, and the repository it belongs to.
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { CliError, reasonOf } from '../errors.ts';
import type { Stats } from 'node:fs';

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

async function contentOf(file: string): Promise<string> {
  const because = (reason: string): CliError =>
    new CliError('user', `cannot read ${file}: ${reason}`);
  let stats: Stats;
  try {
    stats = await stat(file);
    if (stats.isFile()) return await readFile(file, 'utf8');
  } catch (error) {
    throw because(reasonOf(error));
  }
  // Reading a pipe may take for ever, and nothing can end that.
  throw because(stats.isDirectory() ? 'it is a folder' : 'it is not a regular file');
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
