// How the pieces of a lane are tried, and how long it waits in between.
import { expect, test } from 'vitest';
import { createSteppedClock, settle } from '@muster/kube/testing';
import { createBell, runLane } from './lane.ts';

/** When each try was made; those of which `fails` says so fail. */
async function tries(many: number, fails: (number: number) => boolean): Promise<number[]> {
  const clock = createSteppedClock();
  const bell = createBell();
  const over = new AbortController();
  const at: number[] = [];
  const lane = runLane(
    {
      next: () => () => {
        at.push(clock.elapsed());
        if (at.length === many) over.abort();
        return fails(at.length) ? Promise.reject(new Error('not now')) : Promise.resolve();
      },
      pace: { firstMs: 200, maxMs: 1_000 },
      onFailure: () => undefined,
    },
    { bell, clock, random: () => 0.999_999, signal: over.signal },
  );
  while (at.length < many) {
    await settle(3);
    clock.advance(50);
  }
  await lane;
  return at;
}

test('a piece that fails is tried again, ever more patiently, up to a limit', async () => {
  expect(await tries(6, () => true)).toEqual([0, 200, 600, 1_400, 2_400, 3_400]);
});

test('after a success the next failure is the first', async () => {
  expect(await tries(5, (number) => number !== 3)).toEqual([0, 200, 600, 600, 800]);
});
