// Which processes belong to a folder: those that carry its path in their arguments or environment,
// or work in it. Whatever a story starts has it in one of them, pods' descendants included.
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface Process {
  pid: number;
  /** Its command line, for people. */
  command: string;
}

export async function processesOf(folder: string): Promise<Process[]> {
  const all = process.platform === 'linux' ? await fromProc(folder) : await fromPs(folder);
  return all.filter(({ pid }) => pid !== process.pid);
}

async function fromProc(folder: string): Promise<Process[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [command, environment, directory] = await Promise.all([
        unlessGone(readFile(`/proc/${pid}/cmdline`, 'utf8')),
        unlessGone(readFile(`/proc/${pid}/environ`, 'utf8')),
        unlessGone(readlink(`/proc/${pid}/cwd`)),
      ]);
      const isOurs = [command, environment, directory].some((text) => text.includes(folder));
      return isOurs ? [{ pid, command: command.replaceAll('\0', ' ').trim() }] : [];
    }),
  );
  return found.flat();
}

/** `-E` shows the environment behind the arguments, on macOS and the BSDs. */
async function fromPs(folder: string): Promise<Process[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-E', '-ww', '-o', 'pid=,command=']);
  return stdout
    .split('\n')
    .filter((line) => line.includes(folder))
    .map((line) => ({ pid: Number.parseInt(line, 10), command: line.trim() }));
}

/** Ended meanwhile, or another user's: nothing. */
const unlessGone = (text: Promise<string>): Promise<string> => text.catch(() => '');
