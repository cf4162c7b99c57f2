// The controller dies between any two of its writes, and the listener around any of its requests, one
// death a telling and every point told. What is asked is in story.ts; the soak adds the deaths right
// before each call.
import { describe, expect, onTestFailed, test, vi } from 'vitest';
import { everyDeath, pointsOf, tell } from './trial.ts';
import type { Trial } from './trial.ts';

// Much is done in each test, and none of it by the wall clock.
vi.setConfig({ testTimeout: 120_000 });

const deaths = everyDeath('threeJobs', await pointsOf('threeJobs'), ['after']);

async function expectAllWell(trial: Trial): Promise<void> {
  const { wrongs, transcript, made } = await tell(trial);
  onTestFailed(() => {
    process.stderr.write(`${trial.name}\n${transcript}`);
  });
  expect(wrongs).toEqual([]);
  expect(made, 'a runner for each job and no other').toBe(3);
}

test('there are points enough to speak of', () => {
  expect(deaths.length).toBeGreaterThan(80);
});

describe('nothing is lost, made twice or left over', () => {
  test.each(deaths)('$name', expectAllWell);
});
