// The whole controller in process, with the dev cluster, the simulator and a stepped clock.
import {
  AutoscalingListenerKind,
  AutoscalingRunnerSetKind,
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
} from '@muster/api';
import { PodKind, RoleKind, SecretKind } from '@muster/kube';
import { afterEach, describe, expect, test } from 'vitest';
import type { Kind } from '@muster/kube';
import {
  conditionOf,
  createWorld,
  endWorlds,
  listenerPodOf,
  listening,
  putRunnerSet,
  putSecret,
  RUNNER_SET,
  START,
  until,
} from './testing-world.ts';
import type { World } from './testing-world.ts';

afterEach(endWorlds);

const EventKind: Kind = { apiVersion: 'v1', kind: 'Event', plural: 'events', namespaced: true };

const reasons = async ({ kube }: World): Promise<unknown[]> =>
  (await kube.list(EventKind)).items.map(
    (event) => (event as unknown as { reason: string }).reason,
  );

test('1: a runner set becomes a scale set, a set and a listener pod', async () => {
  const world = await createWorld();
  await putSecret(world.kube);
  await putRunnerSet(world.kube);
  await listening(world);
  const runnerSet = await world.kube.get(AutoscalingRunnerSetKind, RUNNER_SET);
  expect(runnerSet?.metadata.annotations).toMatchObject({
    'runner-scale-set-id': expect.stringMatching(/^[1-9]\d*$/) as string,
    'actions.github.com/runner-scale-set-name': 'linux',
  });
  expect(runnerSet?.metadata.labels).toMatchObject({ 'actions.github.com/organization': 'my-org' });
  const set = await world.kube.get(EphemeralRunnerSetKind, RUNNER_SET);
  expect(set?.metadata.labels).toMatchObject({ team: 'a' });
  const [role] = (await world.kube.list(RoleKind, { namespace: 'runners' })).items;
  expect(role?.rules).toEqual([
    {
      apiGroups: ['actions.github.com'],
      resources: ['ephemeralrunnersets', 'ephemeralrunnersets/status'],
      resourceNames: ['linux'],
      verbs: ['patch'],
    },
    { apiGroups: ['actions.github.com'], resources: ['ephemeralrunners/status'], verbs: ['patch'] },
  ]);
  expect(world.simulator.violations()).toEqual([]);
});

test('a settled runner set is left alone', async () => {
  const world = await createWorld();
  await putSecret(world.kube);
  await putRunnerSet(world.kube);
  await listening(world);
  await until(world, 'rest', () => world.controller.idle);
  const before = (await world.kube.list(PodKind)).resourceVersion;
  for (let minute = 0; minute < 3; minute += 1) {
    world.clock.advance(60_000);
    await until(world, 'rest', () => world.controller.idle);
  }
  expect((await world.kube.list(PodKind)).resourceVersion).toBe(before);
});

test('a patch of replicas makes runners, and deleting leaves nothing at either side', async () => {
  const world = await createWorld();
  const { kube } = world;
  await putSecret(kube);
  await putRunnerSet(kube);
  await listening(world);
  await kube.patch(EphemeralRunnerSetKind, RUNNER_SET, { spec: { replicas: 3, patchID: 1 } });
  const runnerPods = async () => (await kube.list(PodKind, { namespace: 'runners' })).items;
  await until(world, 'three runner pods', async () => (await runnerPods()).length === 3);
  expect((await kube.list(EphemeralRunnerKind)).items).toHaveLength(3);
  expect((await kube.list(SecretKind, { namespace: 'runners' })).items).toHaveLength(4);

  await kube.delete(AutoscalingRunnerSetKind, RUNNER_SET);
  const isGone = async () => (await kube.get(AutoscalingRunnerSetKind, RUNNER_SET)) === undefined;
  await until(world, 'the runner set is gone', isGone);
  for (const kind of [
    EphemeralRunnerSetKind,
    EphemeralRunnerKind,
    AutoscalingListenerKind,
    PodKind,
  ] as Kind[]) {
    expect((await kube.list(kind)).items).toEqual([]);
  }
  expect(
    (await kube.list(RoleKind)).items.filter(({ metadata }) => metadata.namespace === 'runners'),
  ).toEqual([]);
  expect((await kube.list(SecretKind, { namespace: 'muster-system' })).items).toEqual([]);
  expect(world.simulator.state().scaleSets).toEqual([]);
});

test('a call to GitHub that fails is made again in its own time', async () => {
  const world = await createWorld();
  const effect = { do: 'answer', status: 503, text: 'not now' } as const;
  world.simulator.faults.add({ call: 'create-scale-set', times: 4, effect });
  await putSecret(world.kube);
  await putRunnerSet(world.kube);
  await listening(world);
  // Four waits that double from a second on; by the wall clock they would take as long.
  expect(world.clock.now() - START).toBeGreaterThan(7_000);
});

test('without credentials it says so, and goes on when they come', async () => {
  const world = await createWorld();
  await putRunnerSet(world.kube);
  await until(world, 'a condition', async () => {
    const ready = await conditionOf(world, 'Ready');
    return ready?.reason === 'CredentialsMissing';
  });
  expect(await conditionOf(world, 'Ready')).toMatchObject({
    status: 'False',
    message: 'Secret "github" does not exist',
  });
  await putSecret(world.kube);
  await listening(world);
});

test('a change of the template reaches the set in place; a change of limits the listener', async () => {
  const world = await createWorld();
  const { kube } = world;
  await putSecret(kube);
  await putRunnerSet(kube);
  await listening(world);
  const before = await kube.get(EphemeralRunnerSetKind, RUNNER_SET);
  const oldPod = await listenerPodOf(world);
  await kube.patch(AutoscalingRunnerSetKind, RUNNER_SET, {
    spec: {
      maxRunners: 9,
      template: { spec: { containers: [{ name: 'runner', image: 'runner:new' }] } },
    },
  });
  await until(world, 'a new listener pod', async () => {
    const pod = await listenerPodOf(world);
    return pod !== undefined && pod.metadata.uid !== oldPod?.metadata.uid;
  });
  const after = await kube.get(EphemeralRunnerSetKind, RUNNER_SET);
  expect(after?.metadata.uid).toBe(before?.metadata.uid);
  expect(after?.spec.ephemeralRunnerSpec.spec?.containers[0]?.image).toBe('runner:new');
  expect(after?.spec.ephemeralRunnerSpec.spec?.restartPolicy).toBe('Never');
});

describe('a Secret that it may not read', () => {
  // Secrets are not watched: each is read again once a minute.
  const MINUTE_MS = 60_000;
  const forbid = ({ cluster }: World, name: string, namespace: string) =>
    cluster.addFault({
      verbs: ['get'],
      resource: 'secrets',
      namespace,
      name,
      times: 1_000_000,
      meets: { code: 403, message: 'secrets is forbidden' },
    });

  test('is told at once by Ready and an Event, and by no other word', async () => {
    const world = await createWorld();
    await putSecret(world.kube);
    const allow = forbid(world, 'github', 'runners');
    await putRunnerSet(world.kube);
    await until(world, 'it says so', async () => {
      return (await conditionOf(world, 'Ready'))?.reason === 'CredentialsForbidden';
    });
    expect((await conditionOf(world, 'Ready'))?.message).toContain('"github"');
    await until(world, 'an Event', async () =>
      (await reasons(world)).includes('CredentialsForbidden'),
    );
    allow();
    await listening(world);
  });

  test('is told when the right is taken back later', async () => {
    const world = await createWorld();
    await putSecret(world.kube);
    await putRunnerSet(world.kube);
    await listening(world);
    forbid(world, 'github', 'runners');
    world.clock.advance(MINUTE_MS);
    await until(world, 'it says so', async () => {
      return (await conditionOf(world, 'Ready'))?.reason === 'CredentialsForbidden';
    });
    expect(await listenerPodOf(world), 'who listens goes on').toBeDefined();
  });

  test('is told of the listener’s own too', async () => {
    const world = await createWorld();
    await putSecret(world.kube);
    await putRunnerSet(world.kube);
    await listening(world);
    const name = `${(await listenerPodOf(world))?.metadata.name ?? ''}-config`;
    forbid(world, name, 'muster-system');
    world.clock.advance(MINUTE_MS);
    await until(world, 'it says so', async () => {
      const ready = await conditionOf(world, 'Ready');
      return ready?.message.includes(name) === true;
    });
  });
});
