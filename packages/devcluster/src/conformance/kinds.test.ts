// The rules of the smaller built-in kinds.
import { expect } from 'vitest';
import type { JsonObject } from '../json.ts';
import { aConfigMap } from '../testing.ts';
import type { Failure } from '../testing.ts';
import { blamed, eventually, test } from './ground.ts';

test('stringData of a secret is for writing only', async ({ admin, space }) => {
  const { body } = await admin.post(space.of('secrets'), {
    metadata: { name: 'a' },
    data: { a: 'MQ==', b: 'MQ==' },
    stringData: { b: '2' },
  });
  expect([body['data'], body['stringData'], body['type']]).toEqual([
    { a: 'MQ==', b: 'Mg==' },
    undefined,
    'Opaque',
  ]);
});

test('a secret keeps its type', async ({ admin, space }) => {
  await admin.post(space.of('secrets'), { metadata: { name: 'a' } });
  const answer = await admin.patch<Failure>(`${space.of('secrets')}/a`, { type: 'x.test/y' });
  expect(blamed(answer)).toEqual([422, 'type FieldValueInvalid']);
});

test('data of a secret is base64, its keys are names', async ({ admin, space }) => {
  const make = (data: JsonObject) =>
    admin.post<Failure>(space.of('secrets'), { metadata: { name: 'a' }, data });
  expect((await make({ a: 'no base64!' })).code).toBe(400);
  expect(blamed(await make({ 'a b': 'MQ==' }))).toEqual([422, 'data[a b] FieldValueInvalid']);
});

test.for(['secrets', 'configmaps'])(
  'immutable %s stay as they are',
  async (kind, { admin, space }) => {
    const value = kind === 'secrets' ? 'MQ==' : '1';
    const path = `${space.of(kind)}/a`;
    const made = { metadata: { name: 'a' }, data: { a: value }, immutable: true };
    await admin.post(space.of(kind), made);
    const changed = await admin.patch<Failure>(path, { data: { b: value } });
    const freed = await admin.patch<Failure>(path, { immutable: false });
    expect([blamed(changed), blamed(freed)]).toEqual([
      [422, 'data FieldValueForbidden'],
      [422, 'immutable FieldValueForbidden'],
    ]);
    expect((await admin.patch(path, { metadata: { labels: { x: 'y' } } })).code).toBe(200);
  },
);

test('a lease is kept by who holds it, and a late renewal conflicts', async ({ admin, space }) => {
  const path = space.of('coordination.k8s.io/v1/leases');
  const spec = {
    holderIdentity: 'a',
    leaseDurationSeconds: 15,
    renewTime: '2026-01-02T03:04:05.123456Z',
  };
  const { body: lease } = await admin.post(path, { metadata: { name: 'l' }, spec });
  expect(lease['spec']).toEqual(spec);
  const b = await admin.put(`${path}/l`, { ...lease, spec: { ...spec, holderIdentity: 'b' } });
  const late = await admin.put(`${path}/l`, { ...lease, spec });
  expect([b.code, late.code]).toEqual([200, 409]);
});

test('a lease of no time is refused', async ({ admin, space }) => {
  const answer = await admin.post<Failure>(space.of('coordination.k8s.io/v1/leases'), {
    metadata: { name: 'l' },
    spec: { holderIdentity: 'a', leaseDurationSeconds: 0 },
  });
  expect(blamed(answer)).toEqual([422, 'spec.leaseDurationSeconds FieldValueInvalid']);
});

test('an event is found by what it is about', async ({ admin, space }) => {
  const event = (name: string, about: string): JsonObject => ({
    metadata: { name },
    involvedObject: { kind: 'Pod', namespace: space.name, name: about },
    reason: 'Tested',
    type: 'Normal',
    count: 1,
  });
  const path = space.of('events');
  const { body } = await admin.post(path, event('e1', 'p'));
  await admin.post(path, event('e2', 'q'));
  expect(body).toMatchObject({ reason: 'Tested', source: {}, reportingComponent: '' });
  const found = await admin.get<{ items: JsonObject[] }>(
    `${path}?fieldSelector=involvedObject.name%3Dp,reason%3DTested`,
  );
  expect(found.body.items).toHaveLength(1);
  const counted = await admin.patch(`${path}/e1`, { count: 2 });
  expect(counted.body['count']).toBe(2);
});

test('an event lies in the namespace of what it is about', async ({ admin, space }) => {
  const answer = await admin.post<Failure>(space.of('events'), {
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' },
  });
  expect(blamed(answer)).toEqual([422, 'involvedObject.namespace FieldValueInvalid']);
});

test('a service gets its defaults', async ({ admin, space }) => {
  const { body } = await admin.post<{ spec: JsonObject; status: JsonObject }>(
    space.of('services'),
    { metadata: { name: 's' }, spec: { clusterIP: 'None', ports: [{ port: 80 }] } },
  );
  expect(body.spec).toMatchObject({
    type: 'ClusterIP',
    clusterIP: 'None',
    sessionAffinity: 'None',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
  });
  expect(body.status).toEqual({ loadBalancer: {} });
});

test('a service gets an address, which does not change', async ({ admin, space }) => {
  const spec = { ports: [{ port: 80 }] };
  const { body } = await admin.post<{ spec: { clusterIP: string; clusterIPs: string[] } }>(
    space.of('services'),
    { metadata: { name: 's' }, spec },
  );
  expect(body.spec.clusterIP).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  expect(body.spec.clusterIPs).toEqual([body.spec.clusterIP]);
  const answer = await admin.patch<Failure>(`${space.of('services')}/s`, {
    spec: { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] },
  });
  expect(answer.code).toBe(422);
});

const deployment = (name: string, more: JsonObject = {}): JsonObject => ({
  metadata: { name },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'x:1' }] },
    },
    ...more,
  },
});

interface Deployment {
  spec: JsonObject & { template: { spec: JsonObject } };
  status: JsonObject;
}

test('a deployment gets its defaults, its pods theirs', async ({ admin, space }) => {
  const { body } = await admin.post<Deployment>(
    space.of('apps/v1/deployments'),
    deployment('d', { paused: true }),
  );
  expect(body.spec).toMatchObject({
    replicas: 2,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    template: { spec: { restartPolicy: 'Always', terminationGracePeriodSeconds: 30 } },
  });
});

test('the selector of a deployment fits its template, and stays', async ({ admin, space }) => {
  const path = space.of('apps/v1/deployments');
  const odd = deployment('odd', { selector: { matchLabels: { app: 'other' } } });
  expect(blamed(await admin.post<Failure>(path, odd))).toEqual([
    422,
    'spec.template.metadata.labels FieldValueInvalid',
  ]);
  await admin.post(path, deployment('d', { paused: true }));
  const moved = await admin.patch<Failure>(`${path}/d`, {
    spec: {
      selector: { matchLabels: { app: 'e' } },
      template: { metadata: { labels: { app: 'e' } } },
    },
  });
  expect(blamed(moved)).toEqual([422, 'spec.selector FieldValueInvalid']);
});

interface PodList {
  items: {
    metadata: { name: string; deletionTimestamp?: string };
    spec: { containers: JsonObject[] };
  }[];
}

test('a deployment makes its pods, and follows its scale and its template', async ({
  admin,
  space,
}) => {
  const path = space.of('apps/v1/deployments');
  const living = async (): Promise<PodList['items']> => {
    const { body } = await admin.get<PodList>(`${space.of('pods')}?labelSelector=app%3Dd`);
    return body.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  };
  await admin.post(path, deployment('d', { strategy: { type: 'Recreate' } }));
  await eventually(async () => (await living()).length === 2);
  await admin.patch(`${path}/d/scale`, { spec: { replicas: 3 } });
  await eventually(async () => (await living()).length === 3);
  const containers = [{ name: 'main', image: 'x:2' }];
  await admin.patch(`${path}/d`, { spec: { template: { spec: { containers } } } });
  await eventually(async () => {
    const pods = await living();
    return pods.length === 3 && pods.every(({ spec }) => spec.containers[0]?.['image'] === 'x:2');
  });
  await eventually(async () => {
    const { body } = await admin.get<Deployment>(`${path}/d`);
    return body.status['updatedReplicas'] === 3 && body.status['observedGeneration'] === 3;
  });
  await admin.delete(`${path}/d`);
  await eventually(async () => (await living()).length === 0);
});

test('a disruption budget and a network policy are kept', async ({ admin, space }) => {
  const budget = await admin.post(space.of('policy/v1/poddisruptionbudgets'), {
    metadata: { name: 'b' },
    spec: { minAvailable: 1, selector: { matchLabels: { a: 'b' } } },
  });
  const policy = await admin.post<{ spec: JsonObject }>(
    space.of('networking.k8s.io/v1/networkpolicies'),
    { metadata: { name: 'p' }, spec: { podSelector: {} } },
  );
  expect([budget.code, policy.code, policy.body.spec]).toEqual([
    201,
    201,
    { podSelector: {}, policyTypes: ['Ingress'] },
  ]);
});

test('a config map holds a mebibyte', async ({ admin, space }) => {
  const answer = await admin.post<Failure>(
    space.of('configmaps'),
    aConfigMap('a', { a: 'x'.repeat(1024 * 1024 + 1) }),
  );
  expect(blamed(answer)).toEqual([422, '[] FieldValueTooLong']);
});
