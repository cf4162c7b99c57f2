// Sets the clocks of a program ahead that is started with `env`; see leaping-clock.ts.
import { randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ahead } from './leaping-clock.ts';

export interface TimeMachine {
  env: Record<string, string>;
  /** So long passes by all of its clocks, and for what it waits for. */
  pass: (ms: number) => Promise<void>;
  /** Its wall clock is set so far ahead of the right time, or back. */
  setWall: (ms: number) => Promise<void>;
}

export async function aTimeMachine(folder: string): Promise<TimeMachine> {
  const file = join(folder, `clock-${randomUUID()}.json`);
  let ahead: Ahead = { elapsedMs: 0, wallMs: 0 };
  const set = async (next: Partial<Ahead>): Promise<void> => {
    ahead = { ...ahead, ...next };
    await writeFile(`${file}.next`, JSON.stringify(ahead));
    await rename(`${file}.next`, file);
  };
  await set({});
  const preload = new URL('leaping-clock.ts', import.meta.url);
  preload.searchParams.set('ahead', file);
  return {
    env: { NODE_OPTIONS: `--import=${preload.href}` },
    pass: (ms) => set({ elapsedMs: ahead.elapsedMs + ms }),
    setWall: (ms) => set({ wallMs: ms }),
  };
}
