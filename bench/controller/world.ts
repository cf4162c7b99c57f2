// The controller at work between its far sides, and what it asked of the API server.
import { setTimeout as sleep } from 'node:timers/promises';
import { createActionsClient } from '../../packages/actions/src/index.ts';
import { customResourceDefinitions, EphemeralRunnerSetKind } from '../../packages/api/src/index.ts';
import { parseConfig } from '../../packages/controller/src/config.ts';
import { createController } from '../../packages/controller/src/controller.ts';
import type { Controller } from '../../packages/controller/src/controller.ts';
import {
  createKubeClient,
  createMetrics,
  isKubeError,
  loadConnection,
  SecretKind,
  ServiceAccountKind,
  systemClock,
} from '../../packages/kube/src/index.ts';
import type {
  Kind,
  KubeClient,
  KubeObject,
  Metrics,
  Unsaved,
} from '../../packages/kube/src/index.ts';
import { silentLog } from '../../packages/kube/src/testing/index.ts';
import { startCluster, startSimulator } from './far-sides.ts';

export const NAMESPACE = `bench-${process.pid}`;
export const SET = { namespace: NAMESPACE, name: 'linux' };
const PATIENCE_MS = 180_000;

export interface World {
  kube: KubeClient;
  controller: Controller;
  requests: () => Promise<Requests>;
  github: string;
  scaleSetId: number;
  stop: () => Promise<void>;
}

interface Requests {
  writes: number;
  reads: number;
}

const cluster = (kind: string, plural: string, apiVersion = 'v1'): Kind => ({
  apiVersion,
  kind,
  plural,
  namespaced: false,
});
const NamespaceKind = cluster('Namespace', 'namespaces');
const CrdKind = cluster(
  'CustomResourceDefinition',
  'customresourcedefinitions',
  'apiextensions.k8s.io/v1',
);

async function ensure(kube: KubeClient, kind: Kind, object: Unsaved<KubeObject>): Promise<void> {
  try {
    await kube.create(kind, object);
  } catch (error) {
    if (!isKubeError(error, 'already-exists')) throw error;
  }
}

export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`it never came to pass: ${what}`);
    await sleep(5);
  }
}

async function prepare(kube: KubeClient, github: string, isReal: boolean): Promise<number> {
  for (const crd of customResourceDefinitions()) {
    await ensure(kube, CrdKind, crd as unknown as Unsaved<KubeObject>);
  }
  const named = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  await ensure(kube, NamespaceKind, named);
  const serviceAccount = { namespace: NAMESPACE, name: 'default' };
  if (isReal) {
    await until('pods may be made', async () => {
      return (await kube.get(ServiceAccountKind, serviceAccount)) !== undefined;
    });
  }
  await kube.create(SecretKind, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'github', namespace: NAMESPACE },
    data: { github_token: Buffer.from('ghp_bench').toString('base64') },
  });
  const actions = createActionsClient({
    configUrl: github,
    credentials: { kind: 'token', token: 'ghp_bench' },
    userAgent: { version: 'bench', subsystem: 'bench' },
  });
  const { id } = await actions.createScaleSet({ name: NAMESPACE, runnerGroupId: 1 });
  await actions.close();
  return id;
}

async function requestsOf(metrics: Metrics): Promise<Requests> {
  const metric = await metrics.registry.getSingleMetric('rest_client_requests_total')?.get();
  const sum = (isWrite: boolean): number =>
    (metric?.values ?? [])
      .filter(({ labels }) => (labels['method'] !== 'GET') === isWrite)
      .reduce((total, { value }) => total + value, 0);
  return { writes: sum(true), reads: sum(false) };
}

export async function startWorld(jitMs: number, given: string | undefined): Promise<World> {
  const { path, stop: stopCluster } = await startCluster(given);
  const { url: github, child } = await startSimulator(jitMs);
  const connection = await loadConnection({ env: { KUBECONFIG: path } });
  const metrics = createMetrics({});
  const kube = createKubeClient({ connection });
  const measured = createKubeClient({ connection, metrics });
  const scaleSetId = await prepare(kube, github, given !== undefined);
  const config = parseConfig({
    args: ['--auto-scaling-runner-set-only', `--watch-single-namespace=${NAMESPACE}`],
    env: {
      CONTROLLER_MANAGER_POD_NAMESPACE: NAMESPACE,
      CONTROLLER_MANAGER_CONTAINER_IMAGE: 'bench',
    },
  });
  const parts = { config, kube: measured, clock: systemClock, log: silentLog };
  const controller = createController(parts);
  const end = new AbortController();
  const running = [controller.watch(end.signal), controller.lead(end.signal)];
  await until('the caches are filled', () => controller.synced);
  const stop = async (): Promise<void> => {
    end.abort();
    await Promise.all(running);
    await controller.close();
    await kube.delete(NamespaceKind, { name: NAMESPACE });
    await Promise.all([kube.close(), measured.close()]);
    child.stdin?.end();
    await stopCluster();
  };
  return { kube, controller, requests: () => requestsOf(metrics), github, scaleSetId, stop };
}

export async function createSet({ kube, github, scaleSetId, controller }: World): Promise<void> {
  await kube.create(EphemeralRunnerSetKind, {
    apiVersion: EphemeralRunnerSetKind.apiVersion,
    kind: EphemeralRunnerSetKind.kind,
    metadata: SET,
    spec: {
      replicas: 0,
      patchID: 0,
      ephemeralRunnerSpec: {
        githubConfigUrl: github,
        githubConfigSecret: 'github',
        runnerScaleSetId: scaleSetId,
        spec: { restartPolicy: 'Never', containers: [{ name: 'runner', image: 'runner' }] },
      },
    },
  });
  await until('the set is held', () => {
    const status = controller.caches.sets.get(SET)?.status;
    return status?.currentReplicas === 0;
  });
}
