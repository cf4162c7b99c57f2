// The controller's program at work between its far sides, and what is seen of its work.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createActionsClient } from '../../packages/actions/src/index.ts';
import {
  AutoscalingRunnerSetKind,
  customResourceDefinitions,
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
} from '../../packages/api/src/index.ts';
import type { EphemeralRunner } from '../../packages/api/src/index.ts';
import {
  createCache,
  createKubeClient,
  isKubeError,
  loadConnection,
  PodKind,
  SecretKind,
  ServiceAccountKind,
  systemClock,
} from '../../packages/kube/src/index.ts';
import type {
  Cache,
  Connection,
  Kind,
  KubeClient,
  KubeObject,
  Pod,
  Unsaved,
} from '../../packages/kube/src/index.ts';
import { silentLog } from '../../packages/kube/src/testing/index.ts';
import { startCluster, startSimulator } from './far-sides.ts';
import { install, start } from './program.ts';
import type { Program } from './program.ts';

/** The name of the one EphemeralRunnerSet. */
export const SET = 'linux';
const PATIENCE_MS = 180_000;

export interface World {
  kube: KubeClient;
  /** Its own: on a real cluster the last world's stays until somebody takes its finalizers. */
  namespace: string;
  runners: Cache<EphemeralRunner>;
  pods: Cache<Pod>;
  controller: Program;
  github: string;
  scaleSetId: number;
  /** Ends the controller well, and starts another. */
  restart: () => Promise<Program>;
  stop: () => Promise<void>;
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
const RBAC = 'rbac.authorization.k8s.io/v1';
const BindingKind = cluster('ClusterRoleBinding', 'clusterrolebindings', RBAC);
const TokenKind: Kind<TokenRequest> = {
  apiVersion: 'v1',
  kind: 'TokenRequest',
  plural: 'serviceaccounts/default/token',
  namespaced: true,
};

interface TokenRequest extends KubeObject {
  spec: object;
  status?: { token: string };
}

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

async function prepare(
  { kube, namespace, github }: Pick<World, 'kube' | 'namespace' | 'github'>,
  isReal: boolean,
): Promise<number> {
  for (const crd of customResourceDefinitions()) {
    await ensure(kube, CrdKind, crd as unknown as Unsaved<KubeObject>);
  }
  const named = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  await ensure(kube, NamespaceKind, named);
  const account = { namespace, name: 'default' };
  if (isReal) {
    await until('pods may be made', async () => {
      return (await kube.get(ServiceAccountKind, account)) !== undefined;
    });
  } else {
    const metadata = account;
    await ensure(kube, ServiceAccountKind, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
  }
  await kube.create(SecretKind, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'github', namespace },
    data: { github_token: Buffer.from('ghp_bench').toString('base64') },
  });
  const actions = createActionsClient({
    configUrl: github,
    credentials: { kind: 'token', token: 'ghp_bench' },
    userAgent: { version: 'bench', subsystem: 'bench' },
  });
  const { id } = await actions.createScaleSet({ name: namespace, runnerGroupId: 1 });
  await actions.close();
  return id;
}

/** Of an account that may do all; the binding goes with the world. */
async function tokenOf({ kube, namespace }: Pick<World, 'kube' | 'namespace'>): Promise<string> {
  await kube.create(BindingKind, {
    apiVersion: RBAC,
    kind: 'ClusterRoleBinding',
    metadata: { name: namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace }],
  } as Unsaved<KubeObject>);
  const { status } = await kube.create(TokenKind, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { namespace, name: 'default' },
    spec: {},
  });
  if (status === undefined) throw new Error('the cluster makes no tokens');
  return status.token;
}

let worlds = 0;

export async function startWorld(jitMs: number, given: string | undefined): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  const { path, stop: stopCluster } = await startCluster(given);
  const { url: github, child } = await startSimulator(jitMs);
  const connection: Connection = await loadConnection({ env: { KUBECONFIG: path } });
  const kube = createKubeClient({ connection });
  const namespace = `bench-${process.pid}-${(worlds += 1)}`;
  const scaleSetId = await prepare({ kube, namespace, github }, given !== undefined);
  const pod = { connection, token: await tokenOf({ kube, namespace }), namespace };
  await install(folder, pod);
  const end = new AbortController();
  const shared = { client: kube, clock: systemClock, log: silentLog, namespaces: [namespace] };
  const runners = createCache({ ...shared, kind: EphemeralRunnerKind });
  const pods = createCache({ ...shared, kind: PodKind });
  const running = [runners.run(end.signal), pods.run(end.signal)];
  await Promise.all([runners.whenSynced(), pods.whenSynced()]);
  const world: World = {
    kube,
    namespace,
    runners,
    pods,
    controller: await start(folder, pod),
    github,
    scaleSetId,
    restart: async () => {
      await world.controller.stop();
      world.controller = await start(folder, pod);
      return world.controller;
    },
    stop: async () => {
      await world.controller.stop();
      end.abort();
      await Promise.all(running);
      await kube.delete(BindingKind, { name: namespace });
      await kube.delete(NamespaceKind, { name: namespace });
      await kube.close();
      child.stdin?.end();
      await stopCluster();
      await rm(folder, { recursive: true });
    },
  };
  return world;
}

export async function createSet({ kube, namespace, github, scaleSetId }: World): Promise<void> {
  await kube.create(EphemeralRunnerSetKind, {
    apiVersion: EphemeralRunnerSetKind.apiVersion,
    kind: EphemeralRunnerSetKind.kind,
    metadata: { namespace, name: SET },
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
  await until('the set is held', async () => {
    const set = await kube.get(EphemeralRunnerSetKind, { namespace, name: SET });
    return set?.status?.currentReplicas === 0;
  });
}

/** As so many installations of the scale set's chart would. */
export async function createRunnerSets(
  { kube, namespace, github }: World,
  count: number,
): Promise<void> {
  const { apiVersion, kind } = AutoscalingRunnerSetKind;
  await Promise.all(
    Array.from({ length: count }, (_, number) =>
      kube.create(AutoscalingRunnerSetKind, {
        apiVersion,
        kind,
        metadata: { namespace, name: `set-${number}` },
        spec: {
          githubConfigUrl: github,
          githubConfigSecret: 'github',
          minRunners: 0,
          maxRunners: 10,
          template: { spec: { containers: [{ name: 'runner', image: 'runner' }] } },
        },
      }),
    ),
  );
}
