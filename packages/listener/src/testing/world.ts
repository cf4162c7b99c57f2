// A listener in process: the simulator as GitHub, the dev cluster as Kubernetes, a stepped clock.
import { createActionsClient } from '@muster/actions';
import {
  API_VERSION,
  customResourceDefinitions,
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
} from '@muster/api';
import { createCluster } from '@muster/devcluster';
import { createKubeClient } from '@muster/kube';
import { createSteppedClock, recordedLog } from '@muster/kube/testing';
import { createSimulator } from '@muster/simulator';
import { listen } from '../listen.ts';
import { createMetrics } from '../metrics/index.ts';
import type { EphemeralRunnerSet, ListenedScaleSet, ListenerStatus } from '@muster/api';
import type { ActionsClient } from '@muster/actions';
import type { Kind, KubeClient, KubeObject, Unsaved } from '@muster/kube';
import type { RecordedLog, SteppedClock } from '@muster/kube/testing';
import type { Simulator } from '@muster/simulator';
import type { Metrics } from '../metrics/index.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const CONFIG_URL = 'http://github.example.com/my-org';
const AT = { namespace: 'runners', name: 'linux' };

const kind = (apiVersion: string, name: string, plural: string): Kind => ({
  apiVersion,
  kind: name,
  plural,
  namespaced: false,
});

interface Parts {
  clock: SteppedClock;
  simulator: Simulator;
  actions: ActionsClient;
  kube: KubeClient;
  log: RecordedLog;
  metrics: Metrics;
  scaleSet: ListenedScaleSet;
  /** While true, Kubernetes answers 500 to everything. */
  away: { kubernetes: boolean };
  /** Paths of what was deleted at the service: messages, by acknowledging them. */
  deleted: string[];
}

export interface World extends Parts {
  set(): Promise<EphemeralRunnerSet>;
  makeRunner(name: string): Promise<void>;
  /** As another process would in the set's status. */
  record(listener: ListenerStatus): Promise<void>;
  start(given?: { instance?: string }): Listening;
  end(): Promise<void>;
}

interface Listening {
  stop: () => void;
  ended: Promise<'stopped' | 'replaced'>;
}

export async function aWorld(): Promise<World> {
  const clock = createSteppedClock(START);
  const now = (): number => clock.now();
  const cluster = createCluster({ now });
  // Polls are held by the real clock.
  const simulator = createSimulator({ now, holdMs: 20 });
  const away = { kubernetes: false };
  const deleted: string[] = [];
  const kube = createKubeClient({
    fetch: (request) => {
      if (away.kubernetes) return Promise.resolve(new Response('away', { status: 500 }));
      request.headers.set('authorization', `Bearer ${cluster.adminToken}`);
      return cluster.fetch(request);
    },
  });
  const actions = createActionsClient({
    configUrl: CONFIG_URL,
    credentials: { kind: 'token', token: 'ghp_planted' },
    userAgent: { version: 'test', subsystem: 'ghalistener' },
    fetch: (request) => {
      if (request.method === 'DELETE') deleted.push(new URL(request.url).pathname);
      return simulator.fetch(request);
    },
    retry: { max: 0 },
    now,
  });
  await prepare(kube);
  const { id } = await actions.createScaleSet({ name: 'linux', runnerGroupId: 1 });
  const log = recordedLog();
  const parts = { clock, simulator, actions, kube, away, deleted, log };
  return new TestWorld(
    {
      ...parts,
      metrics: createMetrics({ log, elapsedMs: () => clock.elapsed() }),
      scaleSet: scaleSet(id),
    },
    () => {
      cluster.close();
    },
  );
}

const scaleSet = (scaleSetId: number): ListenedScaleSet => ({
  configUrl: CONFIG_URL,
  credentials: { kind: 'token', token: 'ghp_planted' },
  scaleSetId,
  runnerSetName: 'linux',
  setNamespace: AT.namespace,
  setName: AT.name,
  minRunners: 0,
  maxRunners: 5,
  settleSeconds: 3,
});

class TestWorld implements World {
  readonly clock;
  readonly simulator;
  readonly actions;
  readonly kube;
  readonly log;
  readonly metrics;
  readonly scaleSet;
  readonly away;
  readonly deleted;
  readonly #closeCluster: () => void;
  readonly #started: Listening[] = [];

  constructor(parts: Parts, closeCluster: () => void) {
    this.clock = parts.clock;
    this.simulator = parts.simulator;
    this.actions = parts.actions;
    this.kube = parts.kube;
    this.log = parts.log;
    this.metrics = parts.metrics;
    this.scaleSet = parts.scaleSet;
    this.away = parts.away;
    this.deleted = parts.deleted;
    this.#closeCluster = closeCluster;
  }

  async set(): Promise<EphemeralRunnerSet> {
    const found = await this.kube.get(EphemeralRunnerSetKind, AT);
    if (found === undefined) throw new Error('the set is gone');
    return found;
  }

  async makeRunner(name: string): Promise<void> {
    await this.kube.create(EphemeralRunnerKind, runner(name));
  }

  async record(listener: ListenerStatus): Promise<void> {
    await this.kube.patchStatus(EphemeralRunnerSetKind, AT, { status: { listener } });
  }

  start({ instance = 'first' } = {}): Listening {
    const stop = new AbortController();
    const { actions, kube, clock, log, metrics } = this;
    const deps = { actions, kube, clock, log, metrics, instance, owner: 'pod', random: () => 0 };
    const listening = {
      ended: listen(this.scaleSet, deps, stop.signal),
      stop: () => {
        stop.abort();
      },
    };
    this.#started.push(listening);
    return listening;
  }

  async end(): Promise<void> {
    for (const { stop } of this.#started) stop();
    await Promise.all(this.#started.map(({ ended }) => ended));
    this.simulator.stop();
    this.#closeCluster();
    await this.actions.close();
  }
}

async function prepare(kube: KubeClient): Promise<void> {
  const crds = kind(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    'customresourcedefinitions',
  );
  for (const definition of customResourceDefinitions()) {
    await kube.create(crds, definition as unknown as Unsaved<KubeObject>);
  }
  const { apiVersion, kind: named, ...rest } = kind('v1', 'Namespace', 'namespaces');
  await kube.create(
    { apiVersion, kind: named, ...rest },
    { apiVersion, kind: named, metadata: { name: AT.namespace } },
  );
  await kube.create(EphemeralRunnerSetKind, {
    apiVersion: API_VERSION,
    kind: 'EphemeralRunnerSet',
    metadata: AT,
    spec: { replicas: 0, patchID: 0, ephemeralRunnerSpec: runner('any').spec },
  });
}

const runner = (
  name: string,
): Unsaved<KubeObject> & { spec: EphemeralRunnerSet['spec']['ephemeralRunnerSpec'] } => ({
  apiVersion: API_VERSION,
  kind: 'EphemeralRunner',
  metadata: { namespace: AT.namespace, name },
  spec: {
    githubConfigUrl: CONFIG_URL,
    githubConfigSecret: 'github-config-secret',
    runnerScaleSetId: 1,
    spec: { containers: [{ name: 'runner', image: 'runner' }] },
  },
});
