// On a cluster that judges rights: the operator takes away, one by one, what permits it to do so.
import { CLEANUP_ANNOTATIONS, FINALIZERS } from '@muster/api';
import type { AutoscalingRunnerSet } from '@muster/api';
import { createCluster } from '@muster/devcluster';
import {
  createKubeClient,
  RoleBindingKind,
  RoleKind,
  SecretKind,
  ServiceAccountKind,
} from '@muster/kube';
import type { Kind, KubeClient, KubeObject, Unsaved } from '@muster/kube';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unprotect } from './unprotect.ts';

const NAMESPACE = 'runners';
const OPERATOR = { namespace: 'system', name: 'operator' };
const RBAC = 'rbac.authorization.k8s.io';

const core = (kind: string, namespaced = true): Kind => ({
  ...{ apiVersion: 'v1', kind, plural: `${kind.toLowerCase()}s`, namespaced },
});
const clusterWide = (kind: string): Kind => ({
  ...{ apiVersion: `${RBAC}/v1`, kind, plural: `${kind.toLowerCase()}s`, namespaced: false },
});

/** As the charts have them (charts.md, 1.6 and 2.14). */
const OWN_RULES = [
  { apiGroups: [''], resources: ['pods', 'serviceaccounts'], verbs: ['list', 'watch'] },
  { apiGroups: [RBAC], resources: ['rolebindings'], verbs: ['list', 'watch'] },
  { apiGroups: [RBAC], resources: ['roles'], verbs: ['list', 'watch', 'patch'] },
];
const GRANTED_RULES = [
  { apiGroups: [''], resources: ['secrets', 'serviceaccounts'], verbs: ['get', 'list', 'patch'] },
  { apiGroups: [RBAC], resources: ['roles', 'rolebindings'], verbs: ['get', 'patch'] },
];

const KINDS: Record<'Role' | 'RoleBinding' | 'Secret' | 'ServiceAccount', Kind> = {
  Role: RoleKind,
  RoleBinding: RoleBindingKind,
  Secret: SecretKind,
  ServiceAccount: ServiceAccountKind,
};

const runnerSet = {
  metadata: {
    namespace: NAMESPACE,
    name: 'linux',
    annotations: Object.fromEntries(CLEANUP_ANNOTATIONS.map(({ key }) => [key, nameOf(key)])),
  },
} as unknown as AutoscalingRunnerSet;

/** The chart calls the manager's role and its binding alike; every other object of a kind has a name of its own. */
function nameOf(key: string): string {
  return key.includes('manager-role') ? 'manager' : key.replace(/^.*cleanup-|-name$/g, '');
}

let cluster: ReturnType<typeof createCluster>;
let admin: KubeClient;
let operator: KubeClient;

const clientWith = (token: string): KubeClient =>
  createKubeClient({
    fetch: (request) => {
      request.headers.set('authorization', `Bearer ${token}`);
      return cluster.fetch(request);
    },
  });

const make = (kind: Kind, metadata: object, more: object = {}): Promise<KubeObject> =>
  admin.create(kind, {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata,
    ...more,
  } as Unsaved<KubeObject>);

async function tokenOf({ namespace, name }: typeof OPERATOR): Promise<string> {
  const made = await make(
    { ...core('TokenRequest'), plural: `serviceaccounts/${name}/token` },
    { namespace, name },
    { apiVersion: 'authentication.k8s.io/v1', spec: {} },
  );
  return (made as unknown as { status: { token: string } }).status.token;
}

/** What the chart makes, and Helm has deleted: each waits for its finalizer. */
async function deletedRelease(): Promise<void> {
  const subjects = [{ kind: 'ServiceAccount', ...OPERATOR }];
  for (const { key, kind } of CLEANUP_ANNOTATIONS) {
    const name = nameOf(key);
    const metadata = { namespace: NAMESPACE, name, finalizers: [FINALIZERS.cleanupProtection] };
    const more = {
      Role: { rules: name === 'manager' ? GRANTED_RULES : [] },
      RoleBinding: { roleRef: { apiGroup: RBAC, kind: 'Role', name }, subjects },
      Secret: {},
      ServiceAccount: {},
    }[kind];
    await make(KINDS[kind], metadata, more);
  }
  for (const { key, kind } of CLEANUP_ANNOTATIONS) {
    await admin.delete(KINDS[kind], { namespace: NAMESPACE, name: nameOf(key) });
  }
}

async function left(): Promise<string[]> {
  const found = await Promise.all(
    CLEANUP_ANNOTATIONS.map(async ({ key, kind }) => {
      const object = await admin.get(KINDS[kind], { namespace: NAMESPACE, name: nameOf(key) });
      return object === undefined ? [] : [`${kind} ${nameOf(key)}`];
    }),
  );
  return found.flat();
}

beforeEach(async () => {
  cluster = createCluster();
  admin = clientWith(cluster.adminToken);
  for (const name of [NAMESPACE, OPERATOR.namespace])
    await make(core('Namespace', false), { name });
  await make(ServiceAccountKind, OPERATOR);
  await make(clusterWide('ClusterRole'), { name: 'operator' }, { rules: OWN_RULES });
  await make(
    clusterWide('ClusterRoleBinding'),
    { name: 'operator' },
    {
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'operator' },
      subjects: [{ kind: 'ServiceAccount', ...OPERATOR }],
    },
  );
  operator = clientWith(await tokenOf(OPERATOR));
  await deletedRelease();
});

afterEach(async () => {
  await Promise.all([admin.close(), operator.close()]);
  cluster.close();
});

test('21, 22: nothing of the release is left, although its rights go on the way', async () => {
  await unprotect(operator, runnerSet);
  expect(await left()).toEqual([]);
});

test('what was interrupted once the rights were gone is brought to its end', async () => {
  await admin.patch(
    RoleBindingKind,
    { namespace: NAMESPACE, name: 'manager' },
    { metadata: { finalizers: null } },
  );
  const others = CLEANUP_ANNOTATIONS.filter(({ key }) => nameOf(key) !== 'manager');
  for (const { key, kind } of others) {
    const at = { namespace: NAMESPACE, name: nameOf(key) };
    await admin.patch(KINDS[kind], at, { metadata: { finalizers: null } });
  }
  expect(await left()).toEqual(['Role manager']);
  await unprotect(operator, runnerSet);
  expect(await left()).toEqual([]);
});
