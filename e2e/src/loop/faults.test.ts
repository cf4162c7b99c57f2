// Each kind of call that the controller and the listener make meets something that can go wrong with
// it: a refusal, a silence, an answer that is late; watches break off and lag, messages come twice. The
// soak lets every single call meet all of it.
import { describe, expect, onTestFailed, test, vi } from 'vitest';
import { aMishapForEachCall, inStorm, pointsOf, tell } from './trial.ts';
import type { Trial } from './trial.ts';

// Much is done in each test, and none of it by the wall clock.
vi.setConfig({ testTimeout: 120_000 });

async function expectAllWell(trial: Trial): Promise<void> {
  const { wrongs, transcript } = await tell(trial);
  onTestFailed(() => {
    process.stderr.write(`${trial.name}\n${transcript}`);
  });
  expect(wrongs).toEqual([]);
}

const mishaps = aMishapForEachCall('threeJobs', await pointsOf('threeJobs'));

describe('one call goes wrong', () => {
  test.each(mishaps)('$name', expectAllWell);
});

describe('many calls go wrong, and processes die', () => {
  test.each([1, 2, 3, 4, 5].map((seed) => inStorm('changes', seed)))('$name', expectAllWell);
});
