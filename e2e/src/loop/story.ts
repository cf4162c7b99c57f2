// The stories that are told over and over, whatever goes wrong, and what must be so at their end.
import { AutoscalingRunnerSetKind, awaitsRerun } from '@muster/api';
import { inventory, INSTALLED, jobAccounts } from './ledger.ts';
import { RUNNER_SET } from './user.ts';
import type { World } from './world.ts';

export type Story = (world: World) => Promise<void>;

/** Short enough to be told once for each call in it: more jobs than runners, and the end of the set. */
export const threeJobs: Story = async (world) => {
  await world.installRunnerSet({ minRunners: 0, maxRunners: 2 });
  world.queueJobs(3);
  await jobsAreOver(world);
  await itComesToRest(world, 0);
  await theSetIsGone(world);
};

/** Up and down, idle runners, another template under work, other limits, and the end of the set. */
export const changes: Story = async (world) => {
  await world.installRunnerSet({ minRunners: 1, maxRunners: 3 });
  await itComesToRest(world, 1);
  world.queueJobs(4);
  await world.asSoonAs('a job runs', () => world.jobs('running') > 0);
  await world.changeTemplate();
  await jobsAreOver(world);
  await itComesToRest(world, 1);
  await world.changeLimits({ minRunners: 0, maxRunners: 2 });
  await itComesToRest(world, 0);
  world.queueJobs(3);
  await jobsAreOver(world);
  await itComesToRest(world, 0);
  await theSetIsGone(world);
};

/** A deletion while jobs run: they end first. */
export const deletedUnderWork: Story = async (world) => {
  await world.installRunnerSet({ minRunners: 0, maxRunners: 3 });
  world.queueJobs(3);
  await world.asSoonAs('the last job runs', () => {
    const running = world.jobs('running');
    return running > 0 && running + world.jobs('completed') === 3;
  });
  await theSetIsGone(world);
};

/** A runner dies under its job, which is run again when GitHub has found out, and once. */
export const secondChance: Story = async (world) => {
  await world.installRunnerSet({ minRunners: 0, maxRunners: 2 });
  await world.askForReruns();
  world.queueJobs(2);
  await world.asSoonAs('a job runs', () => world.jobs('running') > 0);
  world.kill('runner');
  await world.until('each job has succeeded', () =>
    jobAccounts(world.simulator).some(({ job, result }, _, all) => {
      return result === 'failed' && all.filter((one) => one.job === job).length === 2;
    }),
  );
  await jobsAreOver(world);
  await itComesToRest(world, 0);
  await world.until('it is told', async () => (await pendingReruns(world)) === 0);
  await theSetIsGone(world);
};

const jobsAreOver = (world: World): Promise<void> =>
  world.until('all jobs are over', () =>
    jobAccounts(world.simulator).every(({ result }) => result),
  );

/** As many runners as wished, and wished as many as it should be. */
const itComesToRest = (world: World, count: number): Promise<void> =>
  world.until(`rest with ${count} runners`, () => {
    const { runners, sets, live } = world.observer;
    const wished = sets.list().map(({ spec }) => spec.replicas ?? 0);
    return live === count && runners.list().length === count && wished.join() === `${count}`;
  });

async function theSetIsGone(world: World): Promise<void> {
  await world.deleteRunnerSet();
  await world.until('the runner set is gone', async () => {
    const left = await inventory(world.kube);
    return !left.includes('AutoscalingRunnerSet runners/linux');
  });
}

async function pendingReruns({ kube }: World): Promise<number> {
  const runnerSet = await kube.get(AutoscalingRunnerSetKind, RUNNER_SET);
  return Object.values(runnerSet?.status?.lostJobs ?? {}).filter(awaitsRerun).length;
}

/** Each job succeeded once, and ran once but for those that were lost with their runners. */
function wrongJobs({ simulator, lostJobs }: World): string[] {
  const accounts = jobAccounts(simulator);
  const failed = accounts.filter(({ result }) => result === 'failed').length;
  const names = new Set(accounts.map(({ job }) => job));
  const unlucky = [...names].filter((name) => {
    const ends = accounts.filter(({ job, result }) => job === name && result === 'succeeded');
    return ends.length !== 1;
  });
  return [
    ...accounts
      .filter(({ runs, result }) => runs !== 1 || result === undefined)
      .map(({ job, runs, result }) => `${job} ran ${runs} times: ${result ?? 'no result'}`),
    ...unlucky.map((name) => `${name} has not succeeded once`),
    ...(failed === lostJobs ? [] : [`${failed} jobs failed, and ${lostJobs} were lost`]),
  ];
}

/** What is not as it must be; nothing when all is well. */
export async function wrongsOf(world: World): Promise<string[]> {
  const { simulator, observer, kube } = world;
  const left = (await inventory(kube)).filter((object) => !INSTALLED.includes(object));
  const { scaleSets, runners } = simulator.state();
  return [
    ...wrongJobs(world),
    ...observer.wrongs,
    ...simulator.violations().map(({ method, path, rule }) => `${method} ${path}: ${rule}`),
    ...left.map((object) => `${object} is left over`),
    ...scaleSets.map(({ name }) => `the scale set ${name} is left over at GitHub`),
    ...runners.map(({ name }) => `the runner ${name} is left over at GitHub`),
  ];
}
