// The stories that are told over and over, whatever goes wrong, and what must be so at their end.
import { inventory, INSTALLED, jobAccounts } from './ledger.ts';
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
  await world.asSoonAs('all jobs run', () => world.jobs('running') === 3);
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

/** What is not as it must be; nothing when all is well. */
export async function wrongsOf({ simulator, observer, kube }: World): Promise<string[]> {
  const jobs = jobAccounts(simulator)
    .filter(({ runs, result }) => runs !== 1 || result !== 'succeeded')
    .map(({ job, runs, result }) => `${job} ran ${runs} times: ${result ?? 'no result'}`);
  const left = (await inventory(kube)).filter((object) => !INSTALLED.includes(object));
  const { scaleSets, runners } = simulator.state();
  return [
    ...jobs,
    ...observer.wrongs,
    ...simulator.violations().map(({ method, path, rule }) => `${method} ${path}: ${rule}`),
    ...left.map((object) => `${object} is left over`),
    ...scaleSets.map(({ name }) => `the scale set ${name} is left over at GitHub`),
    ...runners.map(({ name }) => `the runner ${name} is left over at GitHub`),
  ];
}
