// What the product asks for and how long it waits, in stepped time: requests, runners and limits that are no matter of
// speed. Controller and listener, the dev cluster and the simulator in one process. `node bench/loop.bench.ts`
import { jobAccounts } from '../e2e/src/loop/ledger.ts';
import type { Occasion } from '../e2e/src/loop/mishap.ts';
import { createWorld } from '../e2e/src/loop/world.ts';
import type { World } from '../e2e/src/loop/world.ts';

const JOB_MS = 5_000;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/** The minute's look at Secrets and ConfigMaps is told apart: it is there for all sets at once. */
const isLook = ({ what }: Occasion): boolean => /^get (secrets|configmaps)$/.test(what);

interface Account {
  writes: number;
  reads: number;
  looks: number;
}

const NOTHING: Account = { writes: 0, reads: 0, looks: 0 };

interface Counted {
  world: World;
  account: Account;
}

/** A set that listens. Only requests to Kubernetes count, watches aside. */
async function listening(limits: { minRunners: number; maxRunners: number }): Promise<Counted> {
  const account = { ...NOTHING };
  const world = await createWorld({
    jobMs: JOB_MS,
    weather: (call) => {
      if (call.side !== 'kubernetes' || call.is === 'watch') return undefined;
      if (isLook(call)) account.looks += 1;
      else if (call.is === 'write') account.writes += 1;
      else account.reads += 1;
      return undefined;
    },
  });
  await world.installRunnerSet(limits);
  await world.until('somebody listens', () => world.isListening);
  await world.pass(MINUTE_MS);
  Object.assign(account, NOTHING);
  return { world, account };
}

const areOver = (world: World): Promise<void> =>
  world.until('all jobs are over', () =>
    jobAccounts(world.simulator).every(({ result }) => result !== undefined),
  );

async function burst(jobs: number): Promise<string> {
  const { world } = await listening({ minRunners: 0, maxRunners: jobs });
  world.queueJobs(jobs);
  await areOver(world);
  const { made, mostLive } = world.observer;
  await world.end();
  return `${made} runners made, ${mostLive} at a time (at most 505)`;
}

async function steady(perSecond: number): Promise<string> {
  const { world, account } = await listening({ minRunners: 0, maxRunners: 100 });
  const seconds = 120;
  for (let second = 0; second < seconds; second += 1) {
    world.queueJobs(perSecond);
    await world.pass(SECOND_MS);
  }
  await areOver(world);
  await world.until('its runners are gone', () => world.observer.runners.list().length === 0);
  const jobs = seconds * perSecond;
  const { made } = world.observer;
  await world.end();
  const each = (count: number): string => (count / jobs).toFixed(2);
  return `${each(account.writes)} writes and ${each(account.reads)} reads a job (at most 12 and 1), ${made} runners for ${jobs} jobs`;
}

/** From its first census of idle runners on, and no longer than its ServiceAccount's token lives. */
async function idle(): Promise<string> {
  const { world, account } = await listening({ minRunners: 2, maxRunners: 10 });
  await world.pass(10 * MINUTE_MS);
  Object.assign(account, NOTHING);
  await world.pass(30 * MINUTE_MS);
  const { writes, reads, looks } = account;
  await world.end();
  return `${writes + reads} requests in half an hour (at most 0), ${looks} looks at Secrets and ConfigMaps`;
}

/** Wanted for jobs that are cancelled before anyone took them. */
async function surplus(count: number): Promise<string> {
  const { world } = await listening({ minRunners: 0, maxRunners: count });
  const jobs = world.queueJobs(count);
  await world.until('its runners are there', () => world.observer.live === count);
  for (const job of jobs) world.cancel(job);
  let seconds = 0;
  while (world.observer.runners.list().length > 0) {
    await world.pass(SECOND_MS / 10);
    seconds += 0.1;
  }
  await world.end();
  return `${count} gone ${seconds.toFixed(1)} s after the last event (at most 5)`;
}

const say = (what: string, is: string): boolean =>
  process.stdout.write(`${what.padEnd(34)} ${is}\n`);

say('500 jobs of 5 s at once', await burst(500));
for (const perSecond of [1, 5]) say(`${perSecond} jobs of 5 s a second`, await steady(perSecond));
say('an idle set with 2 warm runners', await idle());
say('50 surplus idle runners', await surplus(50));
process.exit(0);
