// The rules of tokens and of rights.
import { beforeEach, describe, expect, test } from 'vitest';
import { createCluster } from '../cluster.ts';
import type { Cluster } from '../cluster.ts';
import { aConfigMap, apiUser, aPod } from '../testing.ts';
import type { ApiUser, Failure } from '../testing.ts';

const SPACE = '/api/v1/namespaces/default';
const RBAC = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';

let now: number;
let cluster: Cluster;
let admin: ApiUser;

beforeEach(async () => {
  now = Date.parse('2026-01-02T03:04:05Z');
  cluster = createCluster({ now: () => now });
  admin = apiUser(cluster);
  await admin.post(`${SPACE}/serviceaccounts`, { metadata: { name: 'robot' } });
});

async function robotToken(boundObjectRef?: object): Promise<string> {
  const { body } = await admin.post(`${SPACE}/serviceaccounts/robot/token`, {
    spec: { boundObjectRef },
  });
  return (body['status'] as { token: string }).token;
}

const robot = async (): Promise<ApiUser> => apiUser(cluster, await robotToken());

async function allow(rules: object[]): Promise<void> {
  await admin.post(`${RBAC}/roles`, { metadata: { name: 'robot' }, rules });
  await admin.post(`${RBAC}/rolebindings`, {
    metadata: { name: 'robot' },
    roleRef: { kind: 'Role', name: 'robot' },
    subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }],
  });
}

describe('tokens', () => {
  test('a stranger gets 401', async () => {
    const { code, body } = await apiUser(cluster, 'wrong').get<Failure>(`${SPACE}/pods`);
    expect([code, body.message]).toEqual([401, 'Unauthorized']);
  });

  test('a token ends with its time', async () => {
    const user = await robot();
    expect((await user.get('/version')).code).toBe(200);
    now += 3_601_000;
    expect((await user.get('/version')).code).toBe(401);
  });

  test('a token ends with its account, even if another of that name comes', async () => {
    const user = await robot();
    await admin.delete(`${SPACE}/serviceaccounts/robot`);
    await admin.post(`${SPACE}/serviceaccounts`, { metadata: { name: 'robot' } });
    expect((await user.get('/version')).code).toBe(401);
  });

  test('a token that is bound to a pod ends with the pod', async () => {
    await admin.post(`${SPACE}/pods`, aPod('p'));
    const user = apiUser(cluster, await robotToken({ kind: 'Pod', apiVersion: 'v1', name: 'p' }));
    expect((await user.get('/version')).code).toBe(200);
    await admin.delete(`${SPACE}/pods/p`);
    expect((await user.get('/version')).code).toBe(401);
  });
});

describe('rights', () => {
  test('without a role nothing is allowed, and the refusal says what', async () => {
    const { code, body } = await (await robot()).patch<Failure>(`${SPACE}/configmaps/a`, {});
    expect([code, body.message]).toEqual([
      403,
      'configmaps "a" is forbidden: User "system:serviceaccount:default:robot" cannot patch resource "configmaps" in API group "" in the namespace "default"',
    ]);
  });

  test('a role holds in its namespace only, and for its verbs', async () => {
    await allow([{ apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'get'] }]);
    const user = await robot();
    const codes = await Promise.all([
      user.post(`${SPACE}/configmaps`, aConfigMap('a')),
      user.get(`${SPACE}/configmaps`),
      user.get('/api/v1/namespaces/kube-system/configmaps/kube-root-ca.crt'),
    ]);
    expect(codes.map(({ code }) => code)).toEqual([201, 403, 403]);
  });

  test('resourceNames allow those names, and a list of just one of them', async () => {
    await allow([
      { apiGroups: [''], resources: ['configmaps'], resourceNames: ['a'], verbs: ['get', 'list'] },
    ]);
    await admin.post(`${SPACE}/configmaps`, aConfigMap('a'));
    const user = await robot();
    const paths = ['/a', '/b', '', '?fieldSelector=metadata.name%3Da'];
    const codes = await Promise.all(paths.map((path) => user.get(`${SPACE}/configmaps${path}`)));
    expect(codes.map(({ code }) => code)).toEqual([200, 403, 403, 200]);
  });

  test('a subresource is a right of its own', async () => {
    await allow([{ apiGroups: [''], resources: ['pods/status'], verbs: ['patch'] }]);
    await admin.post(`${SPACE}/pods`, aPod('p'));
    const user = await robot();
    expect((await user.patch(`${SPACE}/pods/p`, {})).code).toBe(403);
    expect((await user.patch(`${SPACE}/pods/p/status`, {})).code).toBe(200);
  });

  test('a review answers for the asker', async () => {
    await allow([{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]);
    const user = await robot();
    const may = async (verb: string): Promise<unknown> => {
      const spec = { resourceAttributes: { verb, resource: 'pods', namespace: 'default' } };
      const { body } = await user.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
        spec,
      });
      return (body['status'] as { allowed: boolean }).allowed;
    };
    expect([await may('get'), await may('delete')]).toEqual([true, false]);
  });
});

describe('granting', () => {
  const GRANTING = {
    apiGroups: ['rbac.authorization.k8s.io'],
    resources: ['roles', 'rolebindings'],
    verbs: ['create', 'patch'],
  };
  const reading = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] };
  const aRole = (rule: object): object => ({ metadata: { name: 'given' }, rules: [rule] });

  test('what one holds may be granted', async () => {
    await allow([GRANTING, reading]);
    expect((await (await robot()).post(`${RBAC}/roles`, aRole(reading))).code).toBe(201);
  });

  test.each([
    { name: 'another verb', rule: { ...reading, verbs: ['get', 'delete'] } },
    { name: 'every resource', rule: { ...reading, resources: ['*'] } },
    {
      name: 'another resource by name',
      rule: { ...reading, resources: ['secrets'], resourceNames: ['x'] },
    },
  ])('what one does not hold may not: $name', async ({ rule }) => {
    await allow([GRANTING, reading]);
    const { code, body } = await (await robot()).post<Failure>(`${RBAC}/roles`, aRole(rule));
    expect([code, body.message]).toEqual([
      403,
      expect.stringContaining('is attempting to grant RBAC permissions not currently held'),
    ]);
  });

  test('`escalate` lifts that', async () => {
    await allow([{ ...GRANTING, verbs: ['create', 'escalate'] }]);
    expect((await (await robot()).post(`${RBAC}/roles`, aRole(reading))).code).toBe(201);
  });

  test('a binding grants what its role holds', async () => {
    await allow([GRANTING]);
    await admin.post(`${RBAC}/roles`, aRole(reading));
    const binding = {
      metadata: { name: 'b' },
      roleRef: { kind: 'Role', name: 'given' },
      subjects: [],
    };
    expect((await (await robot()).post(`${RBAC}/rolebindings`, binding)).code).toBe(403);
  });
});
