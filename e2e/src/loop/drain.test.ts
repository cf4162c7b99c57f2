// What becomes of runners whose pods are taken away or whose template changes, in the whole product.
import { AutoscalingRunnerSetKind, EphemeralRunnerKind, hasJob } from '@muster/api';
import type { LostJob } from '@muster/api';
import { PodKind } from '@muster/kube';
import type { Kind, KubeObject } from '@muster/kube';
import { afterEach, beforeEach, expect, onTestFailed, test, vi } from 'vitest';
import { jobAccounts } from './ledger.ts';
import { RUNNER_SET } from './user.ts';
import { createWorld } from './world.ts';
import type { World } from './world.ts';

let world: World;

/** Of the simulated user (cli/dev/manifests.ts). */
const GITHUB_TOKEN = 'a-token-of-the-simulator';

const EventKind: Kind<KubeObject & { reason: string }> = {
  apiVersion: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

// Much is done in each test, and none of it by the wall clock.
vi.setConfig({ testTimeout: 120_000 });

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});

afterEach(async () => {
  await world.end();
  vi.restoreAllMocks();
});

async function start(limits: { minRunners: number; maxRunners: number }): Promise<void> {
  onTestFailed(() => {
    process.stderr.write(world.transcript);
  });
  world = await createWorld();
  await world.installRunnerSet(limits);
  await world.until('somebody listens', () => world.isListening);
}

const runners = async () =>
  (await world.kube.list(EphemeralRunnerKind, { namespace: RUNNER_SET.namespace })).items;

const images = async (): Promise<string[]> =>
  (await runners()).map(({ spec }) => spec.spec?.containers[0]?.image ?? '');

async function changeImage(image: string): Promise<void> {
  world.say('user', 'changes the image');
  const runnerSet = await world.kube.get(AutoscalingRunnerSetKind, RUNNER_SET);
  const [container, ...others] = runnerSet?.spec.template?.spec?.containers ?? [];
  const containers = [{ ...container, image }, ...others];
  const spec = { template: { spec: { containers } } };
  await world.kube.patch(AutoscalingRunnerSetKind, RUNNER_SET, { spec });
}

async function lostJobsThere(): Promise<Record<string, LostJob>> {
  const runnerSet = await world.kube.get(AutoscalingRunnerSetKind, RUNNER_SET);
  return runnerSet?.status?.lostJobs ?? {};
}

const podOf = (name: string) => world.kube.get(PodKind, { namespace: RUNNER_SET.namespace, name });

test('a job whose pod is drained is told of in its runner set, and the other jobs run', async () => {
  await start({ minRunners: 0, maxRunners: 2 });
  world.queueJobs(3);
  await world.until('two runners are at work', async () => {
    return (await runners()).filter(hasJob).length === 2;
  });
  const [victim] = (await runners()).filter(hasJob);
  const name = victim?.metadata.name ?? '';
  expect((await podOf(name))?.metadata).toMatchObject({
    labels: { 'actions.github.com/busy': 'true' },
    annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' },
  });
  world.say('user', 'drains a pod');
  await world.kube.delete(PodKind, { namespace: RUNNER_SET.namespace, name });
  await world.until('the other two jobs are over', () => {
    return jobAccounts(world.simulator).filter(({ result }) => result === 'succeeded').length === 2;
  });
  await world.until('nothing runs', async () => (await runners()).length === 0);
  const lostJobs = await lostJobsThere();
  expect(Object.keys(lostJobs)).toEqual([name]);
  expect(lostJobs[name]).toMatchObject({
    cause: 'its pod was deleted',
    runUrl: expect.stringMatching(
      /^http:\/\/github\.example\.com\/.+\/actions\/runs\/\d+$/,
    ) as string,
  });
  expect(world.observer.mostLive).toBe(2);
  expect(world.simulator.violations()).toEqual([]);
});

test('a new template leaves no moment without warm runners, and a busy one its job', async () => {
  await start({ minRunners: 2, maxRunners: 4 });
  const online = (): number =>
    world.simulator.state().runners.filter(({ state }) => state === 'idle').length;
  await world.until('two are warm', () => online() === 2);
  world.queueJobs(1);
  await world.until('one is at work', async () => (await runners()).some(hasJob));
  await world.until('two are warm beside it', () => online() === 2);
  const [before = ''] = await images();
  await changeImage('runner:next');
  let fewest = 2;
  await world.until('all warm ones are of the new image', async () => {
    fewest = Math.min(fewest, online());
    return (await images()).every((image) => image !== before) && online() === 2;
  });
  expect(fewest).toBeGreaterThanOrEqual(1);
  await world.until('the job is over', () =>
    jobAccounts(world.simulator).every(({ result }) => result),
  );
  expect(jobAccounts(world.simulator)).toMatchObject([{ result: 'succeeded', runs: 1 }]);
  expect(world.observer.mostLive).toBeLessThanOrEqual(4);
  expect(world.simulator.violations()).toEqual([]);
});

test('a lost job is not run again by credentials that may not, and its runner set says so', async () => {
  await start({ minRunners: 0, maxRunners: 2 });
  world.simulator.registerToken({ token: GITHUB_TOKEN, scopes: ['my-org'] });
  await world.askForReruns();
  world.queueJobs(1);
  await world.until('it runs', () => world.jobs('running') === 1);
  world.kill('runner');
  const condition = async () =>
    (await world.kube.get(AutoscalingRunnerSetKind, RUNNER_SET))?.status?.conditions?.find(
      ({ type }) => type === 'LostJobsRerun',
    );
  await world.until('it is refused', async () => (await condition())?.status === 'False');
  expect(await condition()).toMatchObject({
    reason: 'Forbidden',
    message: expect.stringContaining('Resource not accessible') as string,
  });
  const { items } = await world.kube.list(EventKind, { namespace: RUNNER_SET.namespace });
  expect(items.filter(({ reason }) => reason === 'RerunForbidden')).toHaveLength(1);

  world.say('user', 'grants the right');
  world.simulator.registerToken({ token: GITHUB_TOKEN, scopes: ['my-org'], actions: 'write' });
  await world.pass(1_800_000);
  await world.until('it has succeeded', () =>
    jobAccounts(world.simulator).some(({ result }) => result === 'succeeded'),
  );
  await world.until('it is told', async () => (await condition())?.status === 'True');
  expect(Object.values(await lostJobsThere())).toMatchObject([{ rerun: { state: 'Done' } }]);
  expect(world.simulator.violations()).toEqual([]);
});
