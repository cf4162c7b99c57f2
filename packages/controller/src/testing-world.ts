// The whole controller in process, with the dev cluster, the simulator and a stepped clock.
import { setImmediate as turn } from 'node:timers/promises';
import { API_VERSION, AutoscalingRunnerSetKind, customResourceDefinitions } from '@muster/api';
import { createCluster } from '@muster/devcluster';
import { createKubeClient, PodKind, SecretKind } from '@muster/kube';
import { createSteppedClock, silentLog } from '@muster/kube/testing';
import type { SteppedClock } from '@muster/kube/testing';
import { createSimulator } from '@muster/simulator';
import type { AutoscalingRunnerSet, AutoscalingRunnerSetSpec, Condition } from '@muster/api';
import type { Cluster } from '@muster/devcluster';
import type { Simulator } from '@muster/simulator';
import type { Kind, KubeClient, KubeObject, Pod, Secret, Unsaved } from '@muster/kube';
import { parseConfig } from './config.ts';
import { createController } from './controller.ts';
import type { Controller, ControllerOptions } from './controller.ts';

export const START = Date.parse('2026-01-01T00:00:00Z');
const GITHUB_URL = 'http://github.example.com/my-org';

export interface World {
  clock: SteppedClock;
  cluster: Cluster;
  simulator: Simulator;
  kube: KubeClient;
  controller: Controller;
  /** As a pod that was away and comes back: it remembers nothing. */
  start: () => void;
  stop: () => Promise<void>;
}
/** Ended after each test. */
const ends: (() => Promise<void>)[] = [];

export async function endWorlds(): Promise<void> {
  await Promise.all(ends.splice(0).map((end) => end()));
}

export async function createWorld(): Promise<World> {
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
  const options = { config, kube, clock, log: silentLog, fetch: simulator.fetch };
  let running = startController(options);
  const stop = (): Promise<void> => running.end();
  ends.push(async () => {
    cluster.close();
    await stop();
  });
  return {
    clock,
    cluster,
    simulator,
    kube,
    get controller() {
      return running.controller;
    },
    start: () => {
      running = startController(options);
    },
    stop,
  };
}

interface Running {
  controller: Controller;
  end: () => Promise<void>;
}

function startController(options: ControllerOptions & { clock: SteppedClock }): Running {
  const controller = createController(options);
  const signal = new AbortController();
  const done = Promise.all([controller.watch(signal.signal), controller.lead(signal.signal)]);
  return {
    controller,
    end: async () => {
      signal.abort();
      const over = new AbortController();
      void done.then(() => {
        over.abort();
      });
      // A call that waits to be tried again ends only with time.
      while (!over.signal.aborted) {
        await turn();
        options.clock.advance(1_000);
      }
      await controller.close();
    },
  };
}

export const NamespaceKind: Kind = {
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
export async function until(
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

export const putSecret = (kube: KubeClient): Promise<Secret> =>
  kube.create(SecretKind, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'github', namespace: 'runners' },
    data: { github_token: Buffer.from('planted-token').toString('base64') },
  });

export const putRunnerSet = (
  kube: KubeClient,
  spec: Partial<AutoscalingRunnerSetSpec> = {},
): Promise<AutoscalingRunnerSet> =>
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

export const RUNNER_SET = { namespace: 'runners', name: 'linux' };

export const listenerPodOf = async ({ kube }: World): Promise<Pod | undefined> =>
  (await kube.list(PodKind, { namespace: 'muster-system' })).items[0];

export const listening = (world: World): Promise<void> =>
  until(world, 'a listener pod', async () => (await listenerPodOf(world)) !== undefined);

export const conditionOf = async ({ kube }: World, type: string): Promise<Condition | undefined> =>
  (await kube.get(AutoscalingRunnerSetKind, RUNNER_SET))?.status?.conditions?.find(
    (condition) => condition.type === type,
  );
