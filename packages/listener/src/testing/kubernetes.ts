// The dev cluster with the kinds, a namespace and one set; and what an older cluster makes of patches.
import { API_VERSION, customResourceDefinitions, EphemeralRunnerSetKind } from '@muster/api';
import { createCluster } from '@muster/devcluster';
import { createKubeClient } from '@muster/kube';
import type { EphemeralRunnerSet } from '@muster/api';
import type { Kind, KubeClient, KubeObject, Unsaved } from '@muster/kube';
import type { Fetch } from './process.ts';

export const AT = { namespace: 'runners', name: 'linux' };
export const CONFIG_URL = 'http://github.example.com/my-org';

/**
 * `role`: the one that ARC's controller makes, which knows no status of sets. `crd`: ARC's, which drops
 * what it does not know.
 */
export type Arc = 'role' | 'crd';

const clusterWide = (apiVersion: string, kind: string, plural: string): Kind => ({
  apiVersion,
  kind,
  plural,
  namespaced: false,
});

export interface TestKubernetes {
  /** With all rights, and seeing all fields. */
  admin: KubeClient;
  /** As a listener reaches it. */
  fetch: Fetch;
  close: () => void;
}

export async function aKubernetes(now: () => number, arc: readonly Arc[]): Promise<TestKubernetes> {
  const cluster = createCluster({ now });
  const asAdmin: Fetch = (request) => {
    request.headers.set('authorization', `Bearer ${cluster.adminToken}`);
    return cluster.fetch(request);
  };
  const admin = createKubeClient({ fetch: asAdmin });
  await prepare(admin);
  return {
    admin,
    fetch: async (request) => refusal(request, arc) ?? asAdmin(await pruned(request, arc)),
    close: () => {
      cluster.close();
    },
  };
}

const isSetStatus = ({ url }: Request): boolean =>
  url.includes('/ephemeralrunnersets/linux/status');

const refusal = (request: Request, arc: readonly Arc[]): Response | undefined =>
  isSetStatus(request) && arc.includes('role') ? status(403, 'Forbidden') : undefined;

const status = (code: number, reason: string): Response =>
  Response.json(
    { kind: 'Status', status: 'Failure', code, reason, message: reason },
    { status: code },
  );

async function pruned(request: Request, arc: readonly Arc[]): Promise<Request> {
  if (!arc.includes('crd') || request.method !== 'PATCH') return request;
  const { spec, status: told, ...rest } = (await request.clone().json()) as Record<string, object>;
  const without = (part: object | undefined, key: string): object | undefined =>
    part && Object.fromEntries(Object.entries(part).filter(([name]) => name !== key));
  const body = {
    ...rest,
    ...(spec && { spec: without(spec, 'finishedRunners') }),
    ...(told && { status: without(told, 'listener') }),
  };
  return new Request(request.url, {
    method: 'PATCH',
    headers: request.headers,
    body: JSON.stringify(body),
    signal: request.signal,
  });
}

async function prepare(kube: KubeClient): Promise<void> {
  const crds = clusterWide(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    'customresourcedefinitions',
  );
  for (const definition of customResourceDefinitions()) {
    await kube.create(crds, definition as unknown as Unsaved<KubeObject>);
  }
  const namespaces = clusterWide('v1', 'Namespace', 'namespaces');
  await kube.create(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: AT.namespace },
  });
  await makeSet(kube, AT.name);
}

export async function makeSet(kube: KubeClient, name: string): Promise<void> {
  await kube.create(EphemeralRunnerSetKind, {
    apiVersion: API_VERSION,
    kind: 'EphemeralRunnerSet',
    metadata: { ...AT, name },
    spec: { replicas: 0, patchID: 0, ephemeralRunnerSpec: aRunner('any').spec },
  });
}

export const aRunner = (
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
