// A repository of a story's own, with one workflow file in it.
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Path, from the folder, to content. */
export type Files = Readonly<Record<string, string>>;

export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/** All files in one commit on the branch `main`. */
export async function commitFiles(folder: string, files: Files): Promise<void> {
  await writeFiles(folder, files);
  const git = (...args: string[]): Promise<unknown> => run('git', args, { cwd: folder });
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all');
  const who = ['-c', 'user.name=A Story', '-c', 'user.email=story@example.com'];
  await git(...who, '-c', 'commit.gpgsign=false', 'commit', '--quiet', '--message=a story');
}
