// Sets and runners together, against the dev cluster and the simulator, with a stepped clock.
import { createActionsClient } from '@muster/actions';
import {
  customResourceDefinitions,
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
  JIT_KEYS,
} from '@muster/api';
import type { EphemeralRunner, EphemeralRunnerSet } from '@muster/api';
import { createCluster } from '@muster/devcluster';
import { createKubeClient, PodKind, SecretKind } from '@muster/kube';
import type { Kind, KubeClient, KubeObject, Pod } from '@muster/kube';
import { createSteppedClock, recordedLog, settle, until } from '@muster/kube/testing';
import type { RecordedLog, SteppedClock } from '@muster/kube/testing';
import { createSimulator } from '@muster/simulator';
import type { SimulatedRunner, Simulator } from '@muster/simulator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseConfig } from './config.ts';
import { createController } from './controller.ts';
import type { Controller } from './controller.ts';

const NAMESPACE = 'runners';
const CONFIG_URL = 'https://github.com/my-org';
const START = Date.parse('2026-01-01T00:00:00Z');

interface Bench {
  kube: KubeClient;
  clock: SteppedClock;
  simulator: Simulator;
  log: RecordedLog;
  scaleSetId: number;
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

async function createBench(): Promise<Bench> {
  const clock = createSteppedClock(START);
  const cluster = createCluster({ now: () => clock.now() });
  const kube = createKubeClient({
    clock,
    fetch: (request) => {
      request.headers.set('authorization', `Bearer ${cluster.adminToken}`);
      return cluster.fetch(request);
    },
  });
  const simulator = createSimulator({ now: () => clock.now() });
  const log = recordedLog();
  const scaleSetId = await seed(kube, simulator);
  const config = parseConfig({
    args: ['--auto-scaling-runner-set-only'],
    env: {
      CONTROLLER_MANAGER_POD_NAMESPACE: 'muster-system',
      CONTROLLER_MANAGER_CONTAINER_IMAGE: 'muster:dev',
    },
  });
  let running: { controller: Controller; stop: () => Promise<void> } | undefined;
  const stop = async (): Promise<void> => {
    await running?.stop();
    running = undefined;
  };
  return {
    kube,
    clock,
    simulator,
    log,
    scaleSetId,
    async restart() {
      await stop();
      const controller = createController({ config, kube, clock, log, fetch: simulator.fetch });
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
      await kube.close();
    },
  };
}

async function seed(kube: KubeClient, simulator: Simulator): Promise<number> {
  const crdKind: Kind = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    namespaced: false,
  };
  for (const crd of customResourceDefinitions()) {
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
  const actions = createActionsClient({
    configUrl: CONFIG_URL,
    credentials: { kind: 'token', token: 'ghp_planted' },
    userAgent: { version: 'test', subsystem: 'test' },
    fetch: simulator.fetch,
  });
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

const at = (name: string) => ({ namespace: NAMESPACE, name });

async function createSet(replicas: number): Promise<void> {
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
        spec: { containers: [{ name: 'runner', image: 'runner:1' }] },
      },
    },
  });
}

/** Lets everything come to rest; timers that are due soon run, as they would in time. */
async function rest(ms = 0): Promise<void> {
  for (let passed = 0; passed <= ms; passed += 100) {
    await settle(200);
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
      containerStatuses: [{ name: 'runner', state: { running: {} } }],
    },
  });
  const secret = await bench.kube.get(SecretKind, at(name));
  const jit = Buffer.from(secret?.data?.[JIT_KEYS.jitConfig] ?? '', 'base64').toString();
  return bench.simulator.runners.connect(jit);
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

test('a set of three makes runners, Secrets and pods, and knows them at GitHub', async () => {
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

test('62: a failed pod is made again after its back-off, with the same registration', async () => {
  await createSet(1);
  await rest(2000);
  const [before] = await pods();
  if (before === undefined) throw new Error('a pod was wanted');
  await end(before, 1);
  await rest(3000);
  expect(await pods()).toEqual([]);
  await rest(4000);
  const [after] = await pods();
  expect(after?.metadata.name).toBe(before.metadata.name);
  expect(after?.metadata.uid).not.toBe(before.metadata.uid);
  const [runner] = await runners();
  expect(Object.keys(runner?.status?.failures ?? {})).toEqual([before.metadata.uid]);
  expect(bench.simulator.state().runners.length).toBe(1);
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

test('a set that is deleted leaves nothing at either side', async () => {
  await createSet(5);
  await rest(2000);
  await bench.kube.delete(EphemeralRunnerSetKind, at('linux'));
  await rest(3000);
  expect(await theSet()).toBeUndefined();
  expect([await runners(), await pods(), await secrets()]).toEqual([[], [], []]);
  expect(bench.simulator.state().runners).toEqual([]);
});

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
