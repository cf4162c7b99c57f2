// The controller dies between any two of its writes, and the listener around any of its requests, one
// death a telling and every point told; a lost job's second chance outlives the controller too. What is
// asked is in story.ts; the soak adds the deaths right before each call.
import { describe, expect, onTestFailed, test, vi } from 'vitest';
import { everyDeath, pointsOf, tell, undisturbed } from './trial.ts';
import type { Trial } from './trial.ts';

// Much is done in each test, and none of it by the wall clock.
vi.setConfig({ testTimeout: 120_000 });

const deaths = everyDeath('threeJobs', await pointsOf('threeJobs'), ['after']);

/** From the loss on, as far as it concerns that: the rest is in the other story. */
const chances = everyDeath(
  'secondChance',
  (await pointsOf('secondChance')).filter(({ who, what }) => {
    return who === 'manager' && /rerun|autoscalingrunnersets\/status/.test(what);
  }),
  ['before', 'after'],
);

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

describe('a job that was lost is run again once', () => {
  test('when its run is over', async () => {
    const { wrongs, transcript, made } = await tell(undisturbed('secondChance'));
    expect(wrongs).toEqual([]);
    expect(made, 'two jobs, one of them twice').toBe(3);
    await expect(transcript).toMatchFileSnapshot('transcripts/second-chance.txt');
  });

  test.each(chances)('$name', async (trial) => {
    const { wrongs, transcript } = await tell(trial);
    onTestFailed(() => {
      process.stderr.write(`${trial.name}\n${transcript}`);
    });
    expect(wrongs).toEqual([]);
  });
});

describe('nothing is lost, made twice or left over', () => {
  test.each(deaths)('$name', expectAllWell);
});
