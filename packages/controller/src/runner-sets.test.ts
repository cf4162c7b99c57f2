// Stories of runner sets: changes, take-overs and ends, with the whole controller in process.
import { setImmediate as turn } from 'node:timers/promises';
import { createActionsClient } from '@muster/actions';
import {
  API_VERSION,
  AutoscalingListenerKind,
  AutoscalingRunnerSetKind,
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
  FINALIZERS,
  ownedBy,
} from '@muster/api';
import type { AutoscalingRunnerSet, EphemeralRunnerSet } from '@muster/api';
import { PodKind, SecretKind } from '@muster/kube';
import type { Kind } from '@muster/kube';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  conditionOf,
  createWorld,
  endWorlds,
  listenerPodOf,
  listening,
  NamespaceKind,
  putRunnerSet,
  putSecret,
  RUNNER_SET,
  until,
} from './testing-world.ts';
import type { World } from './testing-world.ts';

// Stepped time, and real work for a machine that has other work.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
afterEach(endWorlds);

async function settled(): Promise<World> {
  const world = await createWorld();
  await putSecret(world.kube);
  await putRunnerSet(world.kube);
  await listening(world);
  return world;
}

const runnerSetOf = ({ kube }: World): Promise<AutoscalingRunnerSet | undefined> =>
  kube.get(AutoscalingRunnerSetKind, RUNNER_SET);

const gone = (world: World): Promise<void> =>
  until(world, 'it is gone', async () => (await runnerSetOf(world)) === undefined);

const remove = ({ kube }: World) => kube.delete(AutoscalingRunnerSetKind, RUNNER_SET);

const scaleSets = ({ simulator }: World) => simulator.state().scaleSets;

const EventKind: Kind = { apiVersion: 'v1', kind: 'Event', plural: 'events', namespaced: true };

const reasons = async ({ kube }: World): Promise<unknown[]> =>
  (await kube.list(EventKind)).items.map(
    (event) => (event as unknown as { reason: string }).reason,
  );

/** In steps, so that what waits is woken in its order. */
async function pass({ clock }: World, minutes: number): Promise<void> {
  for (let step = 0; step < minutes * 6; step += 1) {
    clock.advance(10_000);
    for (let turns = 0; turns < 20; turns += 1) await turn();
  }
}

describe('deletion always ends', () => {
  test('with the Secret deleted first, by the credentials that worked last', async () => {
    const world = await settled();
    await world.kube.delete(SecretKind, { namespace: 'runners', name: 'github' });
    await remove(world);
    await gone(world);
    expect(scaleSets(world)).toEqual([]);
  });

  test('after ten minutes when nobody knows credentials, and says what stays', async () => {
    const world = await settled();
    await world.stop();
    await world.kube.delete(SecretKind, { namespace: 'runners', name: 'github' });
    world.start();
    await remove(world);
    await until(world, 'it says so', async () => {
      return (await conditionOf(world, 'Ready'))?.reason === 'CredentialsMissing';
    });
    await pass(world, 9);
    expect(await runnerSetOf(world)).toBeDefined();
    await pass(world, 2);
    await gone(world);
    expect(scaleSets(world)).toHaveLength(1);
    expect(await reasons(world)).toContain('ScaleSetLeftBehind');
  });

  test('never while GitHub answers errors, until it is told to give up', async () => {
    const world = await settled();
    const effect = { do: 'answer', status: 503, text: 'not now' } as const;
    world.simulator.faults.add({ call: 'delete-scale-set', times: 100_000, effect });
    await remove(world);
    await until(world, 'it says so', async () => {
      return (await conditionOf(world, 'Ready'))?.reason === 'GitHubUnavailable';
    });
    await pass(world, 60);
    expect((await conditionOf(world, 'Ready'))?.message).toContain(
      'actions.github.com/give-up=true',
    );
    await world.kube.patch(AutoscalingRunnerSetKind, RUNNER_SET, {
      metadata: { annotations: { 'actions.github.com/give-up': 'true' } },
    });
    await gone(world);
    expect(scaleSets(world)).toHaveLength(1);
  });

  test('with the scale set gone at GitHub already', async () => {
    const world = await settled();
    await loseScaleSet(world);
    await remove(world);
    await gone(world);
  });

  test('with the operator away meanwhile', async () => {
    const world = await settled();
    await world.stop();
    await remove(world);
    world.start();
    await gone(world);
    expect(scaleSets(world)).toEqual([]);
    expect((await world.kube.list(AutoscalingListenerKind)).items).toEqual([]);
    expect((await world.kube.list(PodKind, { namespace: 'muster-system' })).items).toEqual([]);
  });

  test('with the whole namespace', async () => {
    const world = await settled();
    await world.kube.delete(NamespaceKind, { name: 'runners' });
    await until(world, 'the namespace is gone', async () => {
      return (await world.kube.get(NamespaceKind, { name: 'runners' })) === undefined;
    });
    expect(scaleSets(world)).toEqual([]);
    expect((await world.kube.list(AutoscalingListenerKind)).items).toEqual([]);
  });
});

async function loseScaleSet({ simulator }: World): Promise<void> {
  const client = createActionsClient({
    configUrl: 'http://github.example.com/my-org',
    credentials: { kind: 'token', token: 'planted-token' },
    userAgent: { version: '0', subsystem: 'test' },
    fetch: simulator.fetch,
  });
  for (const { id } of simulator.state().scaleSets) await client.deleteScaleSet(id);
  await client.close();
}

/** As its pod and the process in it would say. */
async function listenerSays(world: World, state: string): Promise<void> {
  const pod = await listenerPodOf(world);
  if (!pod) throw new Error('nobody listens');
  const { namespace = '', name, uid } = pod.metadata;
  const running = { startedAt: '2026-01-01T00:00:00Z' };
  const containerStatuses = [{ name: 'listener', state: { running } }];
  await world.kube.patchStatus(PodKind, { namespace, name }, { status: { containerStatuses } });
  await world.kube.patchStatus(EphemeralRunnerSetKind, RUNNER_SET, {
    status: { listener: { state, instance: uid, reason: state } },
  });
}

describe('the scale set at GitHub', () => {
  test('14: follows name, labels and group', async () => {
    const world = await settled();
    await world.kube.patch(AutoscalingRunnerSetKind, RUNNER_SET, {
      spec: { runnerScaleSetName: 'arm', runnerScaleSetLabels: ['gpu'] },
    });
    const labels = () => scaleSets(world)[0]?.labels;
    await until(world, 'it has them', () => labels()?.includes('gpu') === true);
    expect(scaleSets(world)).toMatchObject([{ name: 'arm' }]);
    expect(labels()).toEqual(['arm', 'gpu']);
    await world.kube.patch(AutoscalingRunnerSetKind, RUNNER_SET, {
      spec: { runnerScaleSetLabels: null },
    });
    await until(world, 'it lost one', () => labels()?.length === 1);
    expect(world.simulator.violations()).toEqual([]);
  });

  test('a group that is not there is told, and stops nothing', async () => {
    const world = await settled();
    await world.kube.patch(AutoscalingRunnerSetKind, RUNNER_SET, {
      spec: {
        runnerGroup: 'none',
        template: { spec: { containers: [{ name: 'runner', image: 'new' }] } },
      },
    });
    await until(world, 'it says so', async () => {
      return (await conditionOf(world, 'UpToDate'))?.status === 'False';
    });
    const set = await world.kube.get(EphemeralRunnerSetKind, RUNNER_SET);
    expect(set?.spec.ephemeralRunnerSpec.spec?.containers[0]?.image).toBe('new');
    await listening(world);
  });

  test('is made anew when it vanished', async () => {
    const world = await settled();
    const before = (await runnerSetOf(world))?.metadata.annotations?.['runner-scale-set-id'];
    await loseScaleSet(world);
    await listenerSays(world, 'scale-set-gone');
    await until(world, 'it is there again', () => scaleSets(world).length === 1);
    await until(world, 'the set knows', async () => {
      const set = await world.kube.get(EphemeralRunnerSetKind, RUNNER_SET);
      return String(set?.spec.ephemeralRunnerSpec.runnerScaleSetId) !== before;
    });
  });

  test('of another runner set is left to it, also when one of the two goes', async () => {
    const world = await settled();
    await world.kube.create(AutoscalingRunnerSetKind, {
      apiVersion: API_VERSION,
      kind: 'AutoscalingRunnerSet',
      metadata: { name: 'copy', namespace: 'runners' },
      spec: { ...(await runnerSetOf(world))?.spec, runnerScaleSetName: 'linux' },
    });
    const copy = { namespace: 'runners', name: 'copy' };
    await until(world, 'it says so', async () => {
      const { status } = (await world.kube.get(AutoscalingRunnerSetKind, copy)) ?? {};
      return status?.conditions?.some(({ reason }) => reason === 'NameTaken') === true;
    });
    expect((await world.kube.list(AutoscalingListenerKind)).items).toHaveLength(1);
    await world.kube.delete(AutoscalingRunnerSetKind, copy);
    await until(world, 'the copy is gone', async () => {
      return (await world.kube.get(AutoscalingRunnerSetKind, copy)) === undefined;
    });
    expect(scaleSets(world)).toHaveLength(1);
  });
});

describe('its sets', () => {
  test('one that somebody deletes has a successor at once, which is listened for', async () => {
    const world = await settled();
    await world.kube.patch(EphemeralRunnerSetKind, RUNNER_SET, {
      spec: { replicas: 1, patchID: 1 },
    });
    const runners = async () => (await world.kube.list(EphemeralRunnerKind)).items;
    const runnerPods = async () => (await world.kube.list(PodKind, { namespace: 'runners' })).items;
    await until(world, 'a runner', async () => (await runnerPods()).length > 0);
    const [runner] = await runners();
    await world.kube.patchStatus(
      EphemeralRunnerKind,
      { namespace: 'runners', name: runner?.metadata.name ?? '' },
      {
        status: { jobId: 'job-1' },
      },
    );
    await world.kube.delete(EphemeralRunnerSetKind, RUNNER_SET);
    const sets = async (): Promise<EphemeralRunnerSet[]> =>
      (await world.kube.list(EphemeralRunnerSetKind)).items;
    await until(world, 'a successor that is listened for', async () => {
      const successor = (await sets()).find(({ metadata }) => metadata.name !== 'linux');
      const [listener] = (await world.kube.list(AutoscalingListenerKind)).items;
      return (
        successor !== undefined && listener?.spec.ephemeralRunnerSetName === successor.metadata.name
      );
    });
  });

  test("ARC's several sets become the newest one, and a busy runner stays", async () => {
    const world = await createWorld();
    await world.stop();
    await putSecret(world.kube);
    const runnerSet = await putRunnerSet(world.kube);
    const put = (name: string) =>
      world.kube.create(EphemeralRunnerSetKind, {
        apiVersion: API_VERSION,
        kind: 'EphemeralRunnerSet',
        metadata: {
          name,
          namespace: 'runners',
          finalizers: [FINALIZERS.set],
          ownerReferences: [ownedBy(runnerSet)],
        },
        spec: {
          replicas: 1,
          patchID: 3,
          ephemeralRunnerSpec: {
            githubConfigUrl: 'http://github.example.com/my-org',
            githubConfigSecret: 'github',
            runnerScaleSetId: 1,
            spec: { containers: [{ name: 'runner', image: 'old' }] },
          },
        },
      });
    const old = await put('linux-abcde');
    world.clock.advance(5_000);
    const newest = await put('linux-fghij');
    await world.kube.create(EphemeralRunnerKind, {
      apiVersion: API_VERSION,
      kind: 'EphemeralRunner',
      metadata: {
        name: 'linux-abcde-runner-x',
        namespace: 'runners',
        finalizers: [FINALIZERS.runner, FINALIZERS.registration],
        ownerReferences: [ownedBy(old)],
      },
      spec: { ...old.spec.ephemeralRunnerSpec },
    });
    const at = { namespace: 'runners', name: 'linux-abcde-runner-x' };
    await world.kube.patchStatus(EphemeralRunnerKind, at, {
      status: { jobId: 'job-1', phase: 'Running', runnerId: 1, runnerName: at.name },
    });
    const runner = await world.kube.get(EphemeralRunnerKind, at);
    if (!runner) throw new Error('it is not there');
    await world.kube.create(PodKind, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...at, ownerReferences: [ownedBy(runner)] },
      spec: { containers: [{ name: 'runner', image: 'old' }] },
    });
    await world.kube.patchStatus(PodKind, at, {
      status: {
        phase: 'Running',
        containerStatuses: [{ name: 'runner', state: { running: {} } }],
      },
    });
    world.start();
    await until(world, 'one set is left', async () => {
      return (await world.kube.list(EphemeralRunnerSetKind)).items.length === 1;
    });
    const adopted = await world.kube.get(EphemeralRunnerKind, at);
    expect(adopted?.metadata.ownerReferences).toMatchObject([{ uid: newest.metadata.uid }]);
    expect(adopted?.metadata.deletionTimestamp).toBeUndefined();
  });
});

test('a template that the cluster refuses leaves the last good one', async () => {
  const world = await settled();
  await world.kube.patch(AutoscalingRunnerSetKind, RUNNER_SET, {
    spec: {
      maxRunners: 7,
      template: { spec: { containers: [{ name: 'main', image: 'new' }] } },
    },
  });
  await until(world, 'it says so', async () => {
    return (await conditionOf(world, 'TemplateValid'))?.status === 'False';
  });
  const set = await world.kube.get(EphemeralRunnerSetKind, RUNNER_SET);
  expect(set?.spec.ephemeralRunnerSpec.spec?.containers).toMatchObject([
    { name: 'runner', image: 'runner:test' },
  ]);
  const [listener] = (await world.kube.list(AutoscalingListenerKind)).items;
  expect(listener?.spec.maxRunners).toBe(7);
});

test('a rotated Secret reaches its listener within a minute, without a restart', async () => {
  const world = await settled();
  const before = (await listenerPodOf(world))?.metadata.uid;
  await world.kube.patch(
    SecretKind,
    { namespace: 'runners', name: 'github' },
    { data: { github_token: Buffer.from('planted-other').toString('base64') } },
  );
  world.clock.advance(60_000);
  await until(world, 'another pod', async () => {
    const pod = await listenerPodOf(world);
    return pod !== undefined && pod.metadata.uid !== before;
  });
});
