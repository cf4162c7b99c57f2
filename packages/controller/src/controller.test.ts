// The whole controller in process, with the dev cluster, the simulator and a stepped clock.
import { setImmediate as turn } from 'node:timers/promises';
import {
  API_VERSION,
  AutoscalingListenerKind,
  AutoscalingRunnerSetKind,
  customResourceDefinitions,
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
} from '@muster/api';
import { createCluster } from '@muster/devcluster';
import { createKubeClient, PodKind, RoleKind, SecretKind } from '@muster/kube';
import { createSteppedClock, silentLog } from '@muster/kube/testing';
import { createSimulator } from '@muster/simulator';
import { afterEach, expect, test } from 'vitest';
import { parseConfig } from './config.ts';
import { createController } from './controller.ts';
import type { AutoscalingRunnerSetSpec } from '@muster/api';
import type { Kind, KubeClient, KubeObject, Unsaved } from '@muster/kube';

const START = Date.parse('2026-01-01T00:00:00Z');
const GITHUB_URL = 'http://github.example.com/my-org';

type World = Awaited<ReturnType<typeof createWorld>>;
let ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(ends.map((end) => end()));
  ends = [];
});

async function createWorld() {
  const clock = createSteppedClock(START);
  const cluster = createCluster({ now: () => clock.now() });
  const simulator = createSimulator({ now: () => clock.now() });
  const kube = createKubeClient({
    fetch: (request) => {
      request.headers.set('authorization', `Bearer ${cluster.adminToken}`);
      return cluster.fetch(request);
    },
    clock,
  });
  await prepare(kube);
  const config = parseConfig({
    args: ['--auto-scaling-runner-set-only'],
    env: {
      CONTROLLER_MANAGER_POD_NAMESPACE: 'muster-system',
      CONTROLLER_MANAGER_CONTAINER_IMAGE: 'muster:test',
    },
  });
  const controller = createController({
    config,
    kube,
    clock,
    log: silentLog,
    fetch: simulator.fetch,
  });
  const stop = new AbortController();
  const done = Promise.all([controller.watch(stop.signal), controller.lead(stop.signal)]);
  ends.push(async () => {
    stop.abort();
    cluster.close();
    await done;
    await controller.close();
  });
  return { clock, cluster, simulator, kube, controller };
}

const NamespaceKind: Kind = {
  apiVersion: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};

const CrdKind: Kind = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

async function prepare(kube: KubeClient): Promise<void> {
  for (const definition of customResourceDefinitions()) {
    await kube.create(CrdKind, definition as unknown as Unsaved<KubeObject>);
  }
  for (const name of ['runners', 'muster-system']) {
    await kube.create(NamespaceKind, {
      apiVersion: NamespaceKind.apiVersion,
      kind: NamespaceKind.kind,
      metadata: { name },
    });
  }
}

/** Lets everything run, the time too, until it is so. */
async function until(
  { clock }: Pick<World, 'clock'>,
  what: string,
  isSo: () => Promise<boolean> | boolean,
): Promise<void> {
  for (let turns = 0; turns < 3_000; turns += 1) {
    if (await isSo()) return;
    await turn();
    if (turns % 10 === 9) clock.advance(100);
  }
  throw new Error(`it never came to pass: ${what}`);
}

const putSecret = (kube: KubeClient) =>
  kube.create(SecretKind, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'github', namespace: 'runners' },
    data: { github_token: Buffer.from('planted-token').toString('base64') },
  });

const putRunnerSet = (kube: KubeClient, spec: Partial<AutoscalingRunnerSetSpec> = {}) =>
  kube.create(AutoscalingRunnerSetKind, {
    apiVersion: API_VERSION,
    kind: 'AutoscalingRunnerSet',
    metadata: { name: 'linux', namespace: 'runners', labels: { team: 'a' } },
    spec: {
      githubConfigUrl: GITHUB_URL,
      githubConfigSecret: 'github',
      maxRunners: 5,
      template: {
        spec: { restartPolicy: 'Never', containers: [{ name: 'runner', image: 'runner:test' }] },
      },
      ...spec,
    },
  });

const RUNNER_SET = { namespace: 'runners', name: 'linux' };

const listenerPodOf = async ({ kube }: World) =>
  (await kube.list(PodKind, { namespace: 'muster-system' })).items[0];

const listening = (world: World): Promise<void> =>
  until(world, 'a listener pod', async () => (await listenerPodOf(world)) !== undefined);

const conditionOf = async ({ kube }: World, type: string) =>
  (await kube.get(AutoscalingRunnerSetKind, RUNNER_SET))?.status?.conditions?.find(
    (condition) => condition.type === type,
  );

test('a runner set becomes a scale set, a set and a listener pod', async () => {
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
