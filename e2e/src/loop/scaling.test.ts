// The whole product, from a runner set that is installed to one that is gone. What is told of each run
// is kept in transcripts/; a change of it is a change of what the product does.
import { afterEach, beforeEach, describe, expect, onTestFailed, test, vi } from 'vitest';
import { INSTALLED, inventory, jobAccounts } from './ledger.ts';
import { seededRandom } from '@muster/kube/testing';
import { shuffled } from './random.ts';
import { createWorld } from './world.ts';
import type { World, WorldOptions } from './world.ts';

let world: World;

// Much is done in each test, and none of it by the wall clock.
vi.setConfig({ testTimeout: 120_000 });

beforeEach(() => {
  // kube spreads its retries by it; a transcript must repeat itself.
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});

afterEach(async () => {
  await world.end();
  vi.restoreAllMocks();
});

async function start(
  limits: { minRunners: number; maxRunners: number },
  options: WorldOptions = {},
): Promise<void> {
  onTestFailed(() => {
    process.stderr.write(world.transcript);
  });
  world = await createWorld(options);
  await world.installRunnerSet(limits);
  await world.until('somebody listens', () => world.isListening);
}

const areOver = (): boolean => jobAccounts(world.simulator).every(({ result }) => result);

const jobsAreOver = (): Promise<void> => world.until('all jobs are over', areOver);

const runners = (count: number): Promise<void> =>
  world.until(`${count} runners`, () => {
    const there = world.observer.runners.list().length;
    return there === count && world.observer.live === count;
  });

const atGitHub = (states: string[]): Promise<void> =>
  world.until(`${states.join(', ')} at GitHub`, () => {
    const there = world.simulator.state().runners.map(({ state }) => state);
    return there.sort().join() === states.join();
  });

const RAN_ONCE = { result: 'succeeded', runs: 1 };

/** Each job ran once, each on a runner of its own, never more than so many of them at a time. */
function expectRunOnce(jobs: number, { atMost }: { atMost: number }): void {
  const ran = Array.from({ length: jobs }, (_, index) => ({
    job: `job ${index + 1}`,
    ...RAN_ONCE,
  }));
  expect(jobAccounts(world.simulator)).toEqual(ran);
  expect(world.observer.made).toBe(jobs);
  expect(world.observer.mostLive).toBe(Math.min(jobs, atMost));
  expect(world.simulator.violations()).toEqual([]);
}

const seeds = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

function atRandom(seed: number): () => number {
  const random = seededRandom(seed);
  vi.mocked(Math.random).mockImplementation(random);
  return random;
}

/** So many things have arrived, about, when eight jobs are over. */
const ARRIVALS_OF_EIGHT_JOBS = 650;

/** Twenty jobs through five runners, to the end of the runner set. */
async function twentyJobs(options: WorldOptions = {}): Promise<void> {
  await start({ minRunners: 0, maxRunners: 5 }, options);
  world.queueJobs(20);
  await jobsAreOver();
  await runners(0);
  expectRunOnce(20, { atMost: 5 });
  await world.deleteRunnerSet();
  await world.until('the runner set is gone', async () => {
    const left = await inventory(world.kube);
    return !left.includes('AutoscalingRunnerSet runners/linux');
  });
  expect(await inventory(world.kube)).toEqual(INSTALLED);
  expect(world.simulator.state()).toMatchObject({ scaleSets: [], runners: [] });
}

test('twenty jobs go through five runners at a time, each through one of its own', async () => {
  await twentyJobs();
  await expect(world.transcript).toMatchFileSnapshot('transcripts/twenty-jobs.txt');
});

describe('in any order', () => {
  test.each(seeds(10))('twenty jobs come to the same end (seed %i)', async (seed) => {
    const random = atRandom(seed);
    await twentyJobs({ order: shuffled(random), random });
  });
});

test('idle runners are kept beside those at work, up to the maximum', async () => {
  await start({ minRunners: 2, maxRunners: 4 });
  await atGitHub(['idle', 'idle']);
  world.queueJobs(3);
  await atGitHub(['busy', 'busy', 'busy', 'idle']);
  await jobsAreOver();
  await world.pass(10_000);
  await atGitHub(['idle', 'idle']);
  await runners(2);
  expect(world.observer.mostLive).toBe(4);
  expect(jobAccounts(world.simulator).map(({ runs }) => runs)).toEqual([1, 1, 1]);
  expect(world.simulator.violations()).toEqual([]);
  await expect(world.transcript).toMatchFileSnapshot('transcripts/idle-runners.txt');
});

test('a set scales to zero and up again', async () => {
  await start({ minRunners: 0, maxRunners: 5 });
  world.queueJobs(2);
  await jobsAreOver();
  await runners(0);
  await world.pass(60_000);
  world.queueJobs(1);
  await jobsAreOver();
  await runners(0);
  expectRunOnce(3, { atMost: 2 });
  await expect(world.transcript).toMatchFileSnapshot('transcripts/to-zero-and-up.txt');
});

test('the runner of a cancelled job goes once it is quiet for settle_seconds', async () => {
  await start({ minRunners: 0, maxRunners: 5 });
  const [, cancelled] = world.queueJobs(2);
  await runners(2);
  if (cancelled) world.cancel(cancelled);
  await world.pass(2_000);
  expect(world.observer.live).toBe(2);
  await world.pass(3_000);
  expect(world.observer.live).toBe(1);
  await jobsAreOver();
  await runners(0);
  expect(jobAccounts(world.simulator)).toEqual([
    { job: 'job 1', ...RAN_ONCE },
    { job: 'job 2', result: 'canceled', runs: 0 },
  ]);
  expect(world.simulator.violations()).toEqual([]);
  await expect(world.transcript).toMatchFileSnapshot('transcripts/cancelled-job.txt');
});

test('a seed repeats a run, line by line', async () => {
  const transcripts: string[] = [];
  for (let run = 0; run < 2; run += 1) {
    const random = atRandom(7);
    await start({ minRunners: 0, maxRunners: 3 }, { order: shuffled(random), random });
    world.queueJobs(4);
    await jobsAreOver();
    await runners(0);
    transcripts.push(world.transcript);
    if (run === 0) await world.end();
  }
  expect(transcripts[1]).toBe(transcripts[0]);
});

test('a runner that is killed under its job takes no other job with it', async () => {
  await start({ minRunners: 0, maxRunners: 5 });
  world.queueJobs(2);
  await world.until('both run', () => world.jobs('running') === 2);
  world.kill('runner');
  await jobsAreOver();
  await runners(0);
  // GitHub counts the job for a minute yet, and a converging patch comes meanwhile.
  expect(world.observer.made, 'its job is lost, not waiting').toBe(2);
  expect(jobAccounts(world.simulator)).toEqual([
    { job: 'job 1', result: 'failed', runs: 1 },
    { job: 'job 2', ...RAN_ONCE },
  ]);
  expect(world.observer.wrongs).toEqual([]);
  expect(world.simulator.violations()).toEqual([]);
});

describe('killed in the middle', () => {
  test.each([
    { who: 'listener', what: 'leaves its session to the next, and no job is lost' },
    { who: 'manager', what: 'is followed by one that makes nothing twice' },
  ] as const)('a $who $what', async ({ who }) => {
    await start({ minRunners: 0, maxRunners: 5 });
    world.queueJobs(8);
    await world.asSoonAs('some runners are made', () => world.observer.made === 3);
    world.kill(who);
    await jobsAreOver();
    await runners(0);
    expectRunOnce(8, { atMost: 5 });
    await expect(world.transcript).toMatchFileSnapshot(`transcripts/killed-${who}.txt`);
  });
});

describe('killed at any moment', () => {
  test.each(
    seeds(5).flatMap((seed) => [
      { who: 'listener' as const, seed },
      { who: 'manager' as const, seed },
    ]),
  )('a $who loses nothing and makes nothing twice (seed $seed)', async ({ who, seed }) => {
    const random = atRandom(seed);
    await start({ minRunners: 0, maxRunners: 3 }, { order: shuffled(random), random });
    world.queueJobs(8);
    let arrivals = Math.floor(random() * ARRIVALS_OF_EIGHT_JOBS);
    await world.asSoonAs('so much has arrived', () => arrivals-- <= 0);
    world.kill(who);
    await jobsAreOver();
    await runners(0);
    expectRunOnce(8, { atMost: 3 });
  });
});
