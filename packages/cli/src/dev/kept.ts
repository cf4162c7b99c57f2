// What `--keep` left running, and how `--stop` ends it.
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { CliError } from '../errors.ts';

const FILE = 'kept.json';
const PATIENCE_MS = 30_000;
const LOOK_MS = 50;
const kept = z.object({ pids: z.array(z.int().positive()) });

/** Written while they run; `stopKept` needs nothing else. */
export async function saveKept(directory: string, pids: readonly number[]): Promise<void> {
  await writeFile(join(directory, FILE), JSON.stringify({ pids }));
}

/** Stops the programs, the last started first, and removes the folder. */
export async function stopKept(directory: string): Promise<void> {
  for (const pid of (await pidsOf(directory)).toReversed()) {
    // The number may be somebody else's by now.
    if (!(await isOurs(pid))) continue;
    process.kill(pid, 'SIGTERM');
    await endOf(pid);
  }
  await rm(directory, { recursive: true, force: true });
}

async function pidsOf(directory: string): Promise<number[]> {
  try {
    return kept.parse(JSON.parse(await readFile(join(directory, FILE), 'utf8'))).pids;
  } catch {
    throw new CliError('user', `${directory} is no folder that --keep left`);
  }
}

async function isOurs(pid: number): Promise<boolean> {
  try {
    return /(simulator|devcluster)\/src\/main\.ts/.test(await commandOf(pid));
  } catch {
    return false;
  }
}

/** Throws when there is no such process. Small Linux images have no `ps`. */
async function commandOf(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8');
  return (await promisify(execFile)('ps', ['-p', String(pid), '-o', 'args='])).stdout;
}

async function endOf(pid: number): Promise<void> {
  for (let waited = 0; await isOurs(pid); waited += LOOK_MS) {
    if (waited > PATIENCE_MS) throw new CliError('ours', `process ${pid} does not end`);
    await sleep(LOOK_MS);
  }
}
