// Sets and runners together, against the dev cluster and the simulator, with a stepped clock.
import { createActionsClient } from '@muster/actions';
import type { ActionsClient } from '@muster/actions';
import {
  customResourceDefinitions,
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
  FINALIZERS,
  JIT_KEYS,
  LABELS,
} from '@muster/api';
import type { EphemeralRunner, EphemeralRunnerSet } from '@muster/api';
import { createCluster } from '@muster/devcluster';
import { createKubeClient, createMetrics, PodKind, SecretKind } from '@muster/kube';
import type { Kind, KubeClient, KubeObject, Pod } from '@muster/kube';
import { createSteppedClock, recordedLog, settle, until } from '@muster/kube/testing';
import type { RecordedLog, SteppedClock } from '@muster/kube/testing';
import { createSimulator } from '@muster/simulator';
import type { SimulatedRunner, Simulator } from '@muster/simulator';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseConfig } from './config.ts';
import { createController } from './controller.ts';
import type { Controller } from './controller.ts';

const NAMESPACE = 'runners';
const CONFIG_URL = 'https://github.com/my-org';
const START = Date.parse('2026-01-01T00:00:00Z');

interface Bench {
  kube: KubeClient;
  /** What the controller wrote, by verb and kind. */
  writes: Map<string, number>;
  clock: SteppedClock;
  simulator: Simulator;
  log: RecordedLog;
  scaleSetId: number;
  /** Of the controller that runs, line by line. */
  measures: () => Promise<string[]>;
  /** Nothing runs in it or is about to. */
  isIdle: () => boolean;
  /** Starts a controller; the one before it is stopped. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

let bench: Bench;
beforeEach(async () => {
  bench = await createBench();
  await bench.restart();
});
afterEach(async () => {
  await bench.stop();
});

type Crd = ReturnType<typeof customResourceDefinitions>[number];

async function createBench(crds: readonly Crd[] = customResourceDefinitions()): Promise<Bench> {
  const clock = createSteppedClock(START);
  const cluster = createCluster({ now: () => clock.now() });
  const writes = new Map<string, number>();
  const clientOf = (onRequest: (request: Request) => void): KubeClient =>
    createKubeClient({
      clock,
      fetch: (request) => {
        onRequest(request);
        request.headers.set('authorization', `Bearer ${cluster.adminToken}`);
        return cluster.fetch(request);
      },
    });
  const kube = clientOf(() => undefined);
  const counted = clientOf(({ method, url }) => {
    if (method === 'GET') return;
    const [plural = '', , subresource] =
      new URL(url).pathname.split(`/namespaces/${NAMESPACE}/`)[1]?.split('/') ?? [];
    const write = [method, plural, subresource ?? ''].join(' ').trim();
    writes.set(write, (writes.get(write) ?? 0) + 1);
  });
  const simulator = createSimulator({ now: () => clock.now() });
  const log = recordedLog();
  const scaleSetId = await seed(kube, simulator, crds);
  const config = parseConfig({
    args: ['--auto-scaling-runner-set-only'],
    env: {
      CONTROLLER_MANAGER_POD_NAMESPACE: 'muster-system',
      CONTROLLER_MANAGER_CONTAINER_IMAGE: 'muster:dev',
    },
  });
  let running: { controller: Controller; stop: () => Promise<void> } | undefined;
  let metrics = createMetrics();
  const stop = async (): Promise<void> => {
    await running?.stop();
    running = undefined;
  };
  return {
    kube,
    writes,
    clock,
    simulator,
    log,
    scaleSetId,
    isIdle: () => running?.controller.idle ?? true,
    measures: async () => (await metrics.expose()).body.split('\n'),
    async restart() {
      await stop();
      metrics = createMetrics();
      const controller = createController({
        config,
        kube: counted,
        clock,
        log,
        metrics,
        fetch: simulator.fetch,
      });
      const end = new AbortController();
      const done = [controller.watch(end.signal), controller.lead(end.signal)];
      running = {
        controller,
        stop: async () => {
          end.abort();
          await Promise.all(done);
          await controller.close();
        },
      };
      await until(() => controller.synced);
    },
    async stop() {
      await stop();
      simulator.stop();
      cluster.close();
      await Promise.all([kube.close(), counted.close()]);
    },
  };
}

async function seed(kube: KubeClient, simulator: Simulator, crds: readonly Crd[]): Promise<number> {
  const crdKind: Kind = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    namespaced: false,
  };
  for (const crd of crds) {
    await kube.create(crdKind, crd as unknown as KubeObject);
  }
  const namespaceKind: Kind = {
    ...crdKind,
    apiVersion: 'v1',
    kind: 'Namespace',
    plural: 'namespaces',
  };
  for (const name of [NAMESPACE, 'muster-system']) {
    await kube.create(namespaceKind, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  await kube.create(SecretKind, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'github', namespace: NAMESPACE },
    data: { github_token: Buffer.from('ghp_planted').toString('base64') },
  });
  const actions = actionsOf(simulator);
  const { id } = await actions.createScaleSet({ name: 'linux', runnerGroupId: 1 });
  // A listener that has asked for jobs once; how it scales is not told here.
  const session = await actions.createSession(id, 'test');
  const asked = new AbortController();
  const answer = session.poll({ lastMessageId: 0, maxCapacity: 10 }, { signal: asked.signal });
  await until(() => simulator.state().scaleSets[0]?.capacity === 10);
  asked.abort();
  await answer.catch(() => undefined);
  await actions.close();
  return id;
}

const actionsOf = (simulator: Simulator): ActionsClient =>
  createActionsClient({
    configUrl: CONFIG_URL,
    credentials: { kind: 'token', token: 'ghp_planted' },
    userAgent: { version: 'test', subsystem: 'test' },
    fetch: simulator.fetch,
  });

async function withActions(run: (actions: ActionsClient) => Promise<unknown>): Promise<void> {
  const actions = actionsOf(bench.simulator);
  await run(actions);
  await actions.close();
}

const at = (name: string) => ({ namespace: NAMESPACE, name });

async function createSet(replicas: number, container: object = {}): Promise<void> {
  await bench.kube.create(EphemeralRunnerSetKind, {
    apiVersion: EphemeralRunnerSetKind.apiVersion,
    kind: EphemeralRunnerSetKind.kind,
    metadata: at('linux'),
    spec: {
      replicas,
      patchID: 0,
      ephemeralRunnerSpec: {
        githubConfigUrl: CONFIG_URL,
        githubConfigSecret: 'github',
        runnerScaleSetId: bench.scaleSetId,
        spec: { containers: [{ name: 'runner', image: 'runner:1', ...container }] },
      },
    },
  });
}

// Of turns; what waits for a timer is not idle, and is not waited for.
const PATIENCE = 20;

/** Lets everything come to rest; timers that are due soon run, as they would in time. */
async function rest(ms = 0): Promise<void> {
  for (let passed = 0; passed <= ms; passed += 100) {
    await settle(200);
    // Keys and signatures are made beside the turns, and on a busy machine they take their time.
    for (let more = 0; more < PATIENCE && !bench.isIdle(); more += 1) await settle(200);
    if (passed < ms) bench.clock.advance(100);
  }
}

const runners = async (): Promise<EphemeralRunner[]> =>
  (await bench.kube.list(EphemeralRunnerKind, { namespace: NAMESPACE })).items;
const pods = async (): Promise<Pod[]> =>
  (await bench.kube.list(PodKind, { namespace: NAMESPACE })).items;
const secrets = async (): Promise<string[]> =>
  (await bench.kube.list(SecretKind, { namespace: NAMESPACE })).items
    .map(({ metadata }) => metadata.name)
    .filter((name) => name !== 'github');
const theSet = async (): Promise<EphemeralRunnerSet | undefined> =>
  bench.kube.get(EphemeralRunnerSetKind, at('linux'));

/** The kubelet's part: the container runs, and the runner in it comes online. */
async function run({ metadata: { name } }: Pod): Promise<SimulatedRunner> {
  await bench.kube.patchStatus(PodKind, at(name), {
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:01Z' }],
      containerStatuses: [
        {
          name: 'runner',
          state: { running: { startedAt: new Date(bench.clock.now()).toISOString() } },
        },
      ],
    },
  });
  return bench.simulator.runners.connect(await jitOf({ metadata: { name } }));
}

async function jitOf({ metadata: { name } }: { metadata: { name: string } }): Promise<string> {
  const secret = await bench.kube.get(SecretKind, at(name));
  return Buffer.from(secret?.data?.[JIT_KEYS.jitConfig] ?? '', 'base64').toString();
}

const end = async ({ metadata: { name } }: Pod, exitCode: number): Promise<void> => {
  await bench.kube.patchStatus(PodKind, at(name), {
    status: {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      containerStatuses: [{ name: 'runner', state: { terminated: { exitCode } } }],
    },
  });
};

const patchSet = (spec: Record<string, unknown>) =>
  bench.kube.patch(EphemeralRunnerSetKind, at('linux'), { spec });

/** A set of so many, and the first of its pods. */
async function aPodOf(size: number): Promise<Pod> {
  await createSet(size);
  await rest(2000);
  const [pod] = await pods();
  if (pod === undefined) throw new Error('a pod was wanted');
  return pod;
}

/** The same, and its runner has a job. */
async function atWork(size: number): Promise<{ pod: Pod; runner: SimulatedRunner }> {
  const pod = await aPodOf(size);
  const runner = await run(pod);
  bench.simulator.queueJob({ labels: ['linux'] });
  await rest();
  runner.start();
  return { pod, runner };
}

test('65: a set of three makes runners, Secrets and pods, and knows them at GitHub', async () => {
  await createSet(3);
  await rest(2000);
  expect((await pods()).length).toBe(3);
  expect(await secrets()).toEqual((await runners()).map(({ metadata }) => metadata.name));
  expect(bench.simulator.state().runners.length).toBe(3);
  expect((await theSet())?.status).toMatchObject({
    currentReplicas: 3,
    pendingEphemeralRunners: 3,
    slots: { spent: 0 },
  });
});

test('a runner that ended well leaves its slot empty until the next patch, and nothing of itself', async () => {
  await createSet(2);
  await rest(2000);
  const [first, second] = await pods();
  if (first === undefined || second === undefined) throw new Error('two pods were wanted');
  const runner = await run(first);
  bench.simulator.queueJob({ labels: ['linux'] });
  await rest();
  runner.start();
  runner.complete();
  await end(first, 0);
  await rest(2000);
  expect((await runners()).map(({ metadata }) => metadata.name)).toEqual([second.metadata.name]);
  expect(await secrets()).toEqual([second.metadata.name]);
  expect((await theSet())?.status).toMatchObject({ currentReplicas: 1, slots: { spent: 1 } });

  await bench.restart();
  await rest(2000);
  expect((await runners()).length).toBe(1);

  await patchSet({ replicas: 2, patchID: 1 });
  await rest(2000);
  expect((await runners()).length).toBe(2);
});

test('62: a failed pod is made again after its back-off, with another registration', async () => {
  const before = await aPodOf(1);
  const first = await jitOf(before);
  await end(before, 1);
  await rest(3000);
  expect(await pods()).toEqual([]);
  await rest(4000);
  const [after] = await pods();
  expect(after?.metadata.name).toBe(before.metadata.name);
  expect(after?.metadata.uid).not.toBe(before.metadata.uid);
  expect(await jitOf(before)).not.toBe(first);
  const [runner] = await runners();
  expect(Object.keys(runner?.status?.failures ?? {})).toEqual([before.metadata.uid]);
  expect(bench.simulator.state().runners.length).toBe(1);
});

test('a runner that failed under a job of which nobody has heard is not started again', async () => {
  const { pod, runner } = await atWork(1);
  runner.fallSilent();
  await end(pod, 137);
  await rest(20_000);
  const { name } = pod.metadata;
  const isThere = async () => (await runners()).some(({ metadata }) => metadata.name === name);
  expect(await isThere(), 'GitHub says that it has a job').toBe(true);
  expect((await pods()).map(({ metadata }) => metadata.name)).not.toContain(name);
  bench.clock.advance(60_000);
  bench.simulator.tick();
  expect(bench.simulator.state().jobs).toMatchObject([{ result: 'failed' }]);
  await rest(31_000);
  expect(await isThere()).toBe(false);
  expect(await pods(), 'another one has its place').toHaveLength(1);
});

test('surplus runners go, and the one that GitHub calls busy stays', async () => {
  await createSet(3);
  await rest(2000);
  await Promise.all((await pods()).map(run));
  bench.simulator.queueJob({ labels: ['linux'] });
  await rest(2000);
  const working = bench.simulator.state().runners.find(({ state }) => state === 'busy');
  await patchSet({ replicas: 0, patchID: 0 });
  await rest(3000);
  expect((await runners()).map(({ metadata }) => metadata.name)).toEqual([working?.name]);
  expect(bench.simulator.state().runners.map(({ name }) => name)).toEqual([working?.name]);
});

test('what becomes of runners is measured where it happens', async () => {
  await createSet(3);
  await rest(2000);
  await patchSet({ replicas: 1, patchID: 0 });
  await rest(2000);
  await bench.kube.delete(EphemeralRunnerSetKind, at('linux'));
  await rest(2000);
  const scaleSet = 'name="linux",namespace="runners"';
  expect(await bench.measures()).toEqual(
    expect.arrayContaining([
      'muster_controller_jit_seconds_count{outcome="made"} 3',
      `muster_controller_runners_removed_total{${scaleSet},why="surplus"} 2`,
      `muster_controller_runners_removed_total{${scaleSet},why="set-deleted"} 1`,
      'muster_controller_writes_total{kind="Pod",verb="create"} 3',
      'muster_controller_writes_total{kind="EphemeralRunner",verb="create"} 3',
      'controller_runtime_reconcile_total{controller="ephemeral-runner",result="error"} 0',
    ]),
  );
});

test('38: a set that is deleted leaves nothing at either side', async () => {
  await createSet(5);
  await rest(2000);
  await bench.kube.delete(EphemeralRunnerSetKind, at('linux'));
  await rest(3000);
  expect(await theSet()).toBeUndefined();
  expect([await runners(), await pods(), await secrets()]).toEqual([[], [], []]);
  expect(bench.simulator.state().runners).toEqual([]);
});

test('37: a set of none makes none, and five when it is asked to', async () => {
  await createSet(0);
  await rest(2000);
  expect((await theSet())?.metadata.finalizers).toEqual([FINALIZERS.set]);
  expect(await runners()).toEqual([]);
  expect((await theSet())?.status?.currentReplicas).toBe(0);
  await patchSet({ replicas: 5, patchID: 1 });
  await rest(2000);
  expect((await runners()).length).toBe(5);
  expect((await theSet())?.status?.currentReplicas).toBe(5);
});

test('64: a runner that is deleted takes what its job made by container hooks with it', async () => {
  await createSet(1, { env: [{ name: 'ACTIONS_RUNNER_CONTAINER_HOOKS', value: '/hooks.js' }] });
  await rest(2000);
  const [{ metadata: { name } } = { metadata: { name: '' } }] = await runners();
  const metadata = (made: string, of: string) => ({
    ...at(made),
    labels: { [LABELS.madeByRunner]: of },
  });
  const container = { containers: [{ name: 'job', image: 'job:1' }] };
  for (const [made, of] of [
    ['job', name],
    ['others-job', 'another'],
  ] as const) {
    await bench.kube.create(PodKind, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: metadata(made, of),
      spec: container,
    });
    await bench.kube.create(SecretKind, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadata(made, of),
    });
  }
  await patchSet({ replicas: 0, patchID: 0 });
  await rest(2000);
  expect(await runners()).toEqual([]);
  expect((await pods()).map((pod) => pod.metadata.name)).toEqual(['others-job']);
  expect(await secrets()).toEqual(['others-job']);
});

test('one that its set’s wish names is let go before any account is written', async () => {
  const { pod, runner } = await atWork(1);
  await rest(500);
  runner.complete();
  await end(pod, 0);
  await patchSet({ replicas: 0, patchID: 2, finishedRunners: [pod.metadata.name] });
  await rest(500);
  expect(await runners()).toEqual([]);
  const set = await theSet();
  expect(set?.status?.slots?.generation).toBe((set?.metadata.generation ?? 0) - 1);
});

test('a runner’s life takes nine writes, and its set’s two more', async () => {
  const pod = await aPodOf(1);
  const runner = await run(pod);
  await rest(2000);
  bench.simulator.queueJob({ labels: ['linux'] });
  await rest();
  runner.start();
  // The listener's part, and the ninth write.
  await bench.kube.patchStatus(EphemeralRunnerKind, at(pod.metadata.name), {
    status: { jobId: '1' },
  });
  await rest(2000);
  runner.complete();
  await end(pod, 0);
  await rest(3000);
  expect(await runners()).toEqual([]);
  const ofRunner = [...bench.writes].filter(
    ([write]) => !/events|ephemeralrunnersets|reviews/.test(write),
  );
  expect(Object.fromEntries(ofRunner)).toEqual({
    'POST ephemeralrunners': 1,
    'POST secrets': 1,
    'POST pods': 1,
    'PATCH ephemeralrunners status': 1,
    'DELETE ephemeralrunners': 1,
    'PATCH ephemeralrunners': 1,
    'DELETE pods': 1,
    'DELETE secrets': 1,
  });
});

describe('a new template', () => {
  const image = async (name: string): Promise<void> => {
    const spec = (await theSet())?.spec.ephemeralRunnerSpec;
    await patchSet({
      ephemeralRunnerSpec: { ...spec, spec: { containers: [{ name: 'runner', image: name }] } },
    });
  };
  const images = async (): Promise<string[]> =>
    (await runners()).map(({ spec }) => spec.spec?.containers[0]?.image ?? '').sort();
  const runNew = async (): Promise<void> => {
    for (const pod of await pods()) if (pod.status?.phase !== 'Running') await run(pod);
  };

  test('48: replaces idle runners when new ones are ready, and no busy one', async () => {
    await createSet(3);
    await rest(2000);
    await runNew();
    bench.simulator.queueJob({ labels: ['linux'] });
    await rest(2000);
    const { name = '' } =
      bench.simulator.state().runners.find(({ state }) => state === 'busy') ?? {};
    await bench.kube.patchStatus(EphemeralRunnerKind, at(name), { status: { jobId: '1' } });
    await image('runner:2');
    await rest(2000);
    expect(await images()).toEqual(['runner:1', 'runner:1', 'runner:1', 'runner:2']);
    for (let turn = 0; turn < 4; turn += 1) {
      await runNew();
      await rest(3000);
    }
    expect(await images()).toEqual(['runner:1', 'runner:2', 'runner:2']);
    expect((await runners()).map(({ metadata }) => metadata.name)).toContain(name);
    const rolled = (await theSet())?.status?.conditions?.find(({ type }) => type === 'RolledOut');
    expect(rolled).toMatchObject({ status: 'False', reason: 'JobsLeft' });
  });

  test('does not fill slots again that were used up', async () => {
    const { pod: first, runner } = await atWork(2);
    runner.complete();
    await end(first, 0);
    await rest(2000);
    await image('runner:2');
    await rest(2000);
    expect(await images()).toEqual(['runner:1', 'runner:2']);
    expect((await theSet())?.status?.slots).toMatchObject({ spent: 1 });
  });
});

test('an idle runner that GitHub does not know any more is replaced, and the others are not', async () => {
  await createSet(2);
  await rest(2000);
  await Promise.all((await pods()).map(run));
  await rest(2000);
  const before = (await runners()).map(({ metadata }) => metadata.name);
  const [gone] = await runners();
  const { runnerId = 0 } = gone?.status ?? {};
  await withActions((actions) => actions.removeRunner(runnerId));
  bench.clock.advance(290_000);
  await rest(3000);
  expect((await runners()).map(({ metadata }) => metadata.name)).toEqual(before);
  bench.clock.advance(10_000);
  await rest(3000);
  const after = (await runners()).map(({ metadata }) => metadata.name);
  expect(after.length).toBe(2);
  expect(before.filter((name) => !after.includes(name))).toEqual([gone?.metadata.name]);
});

test('an image that GitHub finds too old is tried three times, then once in fifteen minutes', async () => {
  await createSet(1);
  await rest(2000);
  for (let turn = 1; turn <= 3; turn += 1) {
    const [pod] = await pods();
    if (pod === undefined) throw new Error(`pod ${turn} was wanted`);
    await run(pod);
    await end(pod, 7);
    await rest(2000);
  }
  expect(await runners()).toEqual([]);
  expect((await theSet())?.status).toMatchObject({
    phase: 'Outdated',
    blocked: { reason: 'OutdatedRunner', capacity: 0 },
    failing: { outdated: 3 },
  });
  await bench.restart();
  await rest(2000);
  expect(await runners()).toEqual([]);
  bench.clock.advance(900_000);
  await rest(2000);
  const [pod] = await pods();
  if (pod === undefined) throw new Error('a trial was wanted');
  await bench.kube.patchStatus(PodKind, at(pod.metadata.name), {
    status: {
      phase: 'Running',
      containerStatuses: [
        {
          name: 'runner',
          state: { running: { startedAt: new Date(bench.clock.now()).toISOString() } },
        },
      ],
    },
  });
  await rest();
  bench.clock.advance(61_000);
  await rest(2000);
  const status = (await theSet())?.status;
  expect(status).toMatchObject({ phase: 'Running', runningEphemeralRunners: 1 });
  expect([status?.blocked, status?.failing]).toEqual([undefined, undefined]);
});

test('with CRDs that keep none of our own fields a slot is spent all the same, and nothing stays', async () => {
  await bench.stop();
  bench = await createBench(customResourceDefinitions().map(withoutOurFields));
  await bench.restart();
  const { pod: first, runner } = await atWork(2);
  runner.complete();
  await end(first, 0);
  await rest(6000);
  expect((await runners()).length).toBe(1);
  expect((await secrets()).length).toBe(1);
  const status = (await theSet())?.status;
  expect(status).toMatchObject({ currentReplicas: 1 });
  expect(status).not.toHaveProperty('slots');
  expect(status).not.toHaveProperty('conditions');
});

/** As ARC's CRDs are. */
function withoutOurFields(crd: Crd): Crd {
  const ours = [
    'slots',
    'failing',
    'blocked',
    'listener',
    'conditions',
    'lostJobs',
    'finishedRunners',
  ];
  return JSON.parse(JSON.stringify(crd), (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).filter(([name]) => !ours.includes(name)));
  }) as Crd;
}

test('no line of the log holds a token or a JIT configuration', async () => {
  await createSet(1);
  await rest(2000);
  const [name = ''] = await secrets();
  const secret = await bench.kube.get(SecretKind, at(name));
  const jit = Buffer.from(secret?.data?.[JIT_KEYS.jitConfig] ?? '', 'base64').toString();
  const text = JSON.stringify(bench.log.lines);
  expect(text).toContain('GitHub does not know it yet');
  expect(text).not.toContain('ghp_planted');
  expect(text).not.toContain(jit);
});
