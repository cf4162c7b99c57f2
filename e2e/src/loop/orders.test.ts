// Requests, answers and events overtake each other in orders drawn by seeds, one runner cannot run,
// and limits and template change: the end is the same. The soak draws two hundred orders and more.
import { describe, expect, onTestFailed, test, vi } from 'vitest';
import { inDrawnOrder, tell } from './trial.ts';
import type { StoryName } from './trial.ts';

// Much is done in each test, and none of it by the wall clock.
vi.setConfig({ testTimeout: 120_000 });

const trialsOf = (story: StoryName, seeds: readonly number[]) =>
  seeds.map((seed) => inDrawnOrder(story, seed));

describe('the end is the same', () => {
  test.each([
    ...trialsOf('changes', [1, 2, 3, 4, 5, 6, 7, 8]),
    ...trialsOf('deletedUnderWork', [9, 10]),
  ])('$name', async (trial) => {
    const { wrongs, transcript } = await tell(trial);
    onTestFailed(() => {
      process.stderr.write(`${trial.name}\n${transcript}`);
    });
    expect(wrongs).toEqual([]);
  });
});

test('a telling is the same when it is told again', async () => {
  const trial = inDrawnOrder('threeJobs', 7);
  const first = await tell(trial);
  expect((await tell(trial)).transcript).toBe(first.transcript);
});
