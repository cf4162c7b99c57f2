// `actions/checkout` without a network: the workflow's repository is a folder of this machine, and it is copied.
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { promisify } from 'node:util';

export interface Checkout {
  readonly repository: string;
  readonly workspace: string;
  /** The action's `path`, inside of the workspace. */
  readonly path: string;
}

/** Gives how many files there are. What git tracks is copied as it is now; without git, the folder. */
export async function checkOut({ repository, workspace, path }: Checkout): Promise<number> {
  const target = resolve(workspace, path);
  if (target !== workspace && !target.startsWith(workspace + sep)) {
    throw new Error(`Repository path '${target}' is not under '${workspace}'`);
  }
  await mkdir(target, { recursive: true });
  const files = (await trackedFiles(repository)) ?? (await listFiles(repository, workspace));
  await copyFiles(files, repository, target);
  return files.length;
}

async function trackedFiles(repository: string): Promise<string[] | undefined> {
  try {
    const { stdout } = await promisify(execFile)('git', ['ls-files', '-z'], {
      cwd: repository,
      maxBuffer: 256 * 1024 * 1024,
    });
    return stdout.split('\0').filter((file) => file !== '');
  } catch {
    return undefined;
  }
}

const AT_ONCE = 16;

async function copyFiles(files: readonly string[], from: string, to: string): Promise<void> {
  const folders = new Set(files.map((file) => dirname(join(to, file))));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  const queue = files.values();
  const work = async (): Promise<void> => {
    for (const file of queue) await copyEntry(join(from, file), join(to, file));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function copyEntry(from: string, to: string): Promise<void> {
  const stats = await lstat(from).catch(() => undefined);
  // Tracked but deleted since, or a submodule, which checkout leaves out too unless it is asked.
  if (stats === undefined || stats.isDirectory()) return;
  if (stats.isSymbolicLink()) await symlink(await readlink(from), to);
  else await copyFile(from, to, constants.COPYFILE_FICLONE);
}

const LEFT_OUT = new Set(['.git', 'node_modules', '_work']);

/** Every file but dependencies and git's own; not the workspace, should it lie inside. */
async function listFiles(folder: string, workspace: string, prefix = ''): Promise<string[]> {
  const entries = await readdir(join(folder, prefix), { withFileTypes: true });
  const lists = entries.map(async (entry) => {
    const path = join(prefix, entry.name);
    if (LEFT_OUT.has(entry.name) || join(folder, path) === workspace) return [];
    return entry.isDirectory() ? listFiles(folder, workspace, path) : [path];
  });
  return (await Promise.all(lists)).flat();
}
