// A story's own place: a folder for everything it makes, and the promise that nothing of it is left.
import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { HOST_ENV, PARENT } from './config.ts';
import { processesOf } from './processes.ts';
import { programFile, startProgram } from './program.ts';
import type { Program } from './program.ts';

export interface Place {
  /** Where files of the story's own go. */
  readonly desk: string;
  /** TMPDIR of the programs. */
  readonly temp: string;
  /** The environment of the programs. */
  readonly env: NodeJS.ProcessEnv;
  /** `muster` with these arguments, given at the desk. */
  muster(...args: string[]): Program;
}

/** How long what was told to end may take, on a busy machine. */
const PATIENCE = { timeout: 15_000, interval: 50 };

/** How long one story may take. */
export const STORY = { timeout: 90_000 } as const;

/** A test with a `place`, of which nothing is left when it is over. */
export const story = test.extend('place', async ({}, { onCleanup }): Promise<Place> => {
  const { place, leave } = await enter();
  onCleanup(leave);
  return place;
});

/**
 * For stories that share a place. `leave` proves that no process of it runs, and that neither its
 * folder for temporary files nor its home holds anything.
 */
export async function enter(): Promise<{ place: Place; leave: () => Promise<void> }> {
  const folder = await mkdtemp(join(await realpath(PARENT), 'muster-story-'));
  const [desk, temp, home] = [join(folder, 'desk'), join(folder, 'temp'), join(folder, 'home')];
  await Promise.all([desk, temp, home].map((path) => mkdir(path)));
  const env = { ...HOST_ENV, TMPDIR: temp, HOME: home };
  const main = programFile('@muster/cli/main');
  const place: Place = {
    desk,
    temp,
    env,
    muster: (...args) => startProgram({ args: [main, ...args], cwd: desk, env }),
  };
  return { place, leave: () => leave(folder) };
}

async function leave(folder: string): Promise<void> {
  try {
    await vi.waitFor(async () => {
      expect(await processesOf(folder)).toEqual([]);
    }, PATIENCE);
    const left = await Promise.all(
      ['temp', 'home'].map((name) => readdir(join(folder, name), { recursive: true })),
    );
    expect(left.flat()).toEqual([]);
  } finally {
    for (const { pid } of await processesOf(folder)) kill(pid);
    await rm(folder, { recursive: true, force: true });
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}
