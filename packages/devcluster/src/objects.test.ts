// The rules that hold for every object.
import { beforeEach, describe, expect, test } from 'vitest';
import { createCluster } from './cluster.ts';
import type { KubeObject } from './object.ts';
import { aBoat, aConfigMap, aDefinition, apiUser, aPod, BOATS } from './testing.ts';
import type { ApiUser, Failure, ObjectList } from './testing.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';
const NOW = Date.parse('2026-01-02T03:04:05Z');

let api: ApiUser;

beforeEach(() => {
  api = apiUser(createCluster({ now: () => NOW }));
});

describe('creating', () => {
  test('gives an object its uid, version, time and namespace', async () => {
    const { code, body } = await api.post(MAPS, aConfigMap('a', { k: 'v' }));
    expect(code).toBe(201);
    expect(body).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'a',
        namespace: 'default',
        uid: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        resourceVersion: expect.stringMatching(/^\d+$/) as string,
        creationTimestamp: '2026-01-02T03:04:05Z',
      },
      data: { k: 'v' },
    });
  });

  test('takes uids from where it is told, so that a test can repeat itself', async () => {
    let last = 0;
    const told = apiUser(createCluster({ newUid: () => `uid-${(last += 1)}` }));
    const { body } = await told.post(MAPS, aConfigMap('a'));
    expect(body.metadata.uid).toBe(`uid-${last}`);
  });

  test('makes a name from generateName', async () => {
    const { body } = await api.post(MAPS, { metadata: { generateName: 'a-' } });
    expect(body.metadata.name).toMatch(/^a-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  test('refuses a name that is taken with 409 AlreadyExists', async () => {
    await api.post(MAPS, aConfigMap('a'));
    const { code, body } = await api.post<Failure>(MAPS, aConfigMap('a'));
    expect([code, body.reason, body.message]).toEqual([
      409,
      'AlreadyExists',
      'configmaps "a" already exists',
    ]);
  });

  test('refuses a bad name with 422 and the field', async () => {
    const { code, body } = await api.post<Failure>(MAPS, aConfigMap('A_b'));
    expect([code, body.reason]).toEqual([422, 'Invalid']);
    expect(body.message).toMatch(
      /^ConfigMap "A_b" is invalid: metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain/,
    );
  });

  test('refuses a namespace that is not there with 404', async () => {
    const { code, body } = await api.post<Failure>(
      '/api/v1/namespaces/nowhere/configmaps',
      aConfigMap('a'),
    );
    expect([code, body.message]).toEqual([404, 'namespaces "nowhere" not found']);
  });

  test('stores nothing in a dry run', async () => {
    expect((await api.post(`${MAPS}?dryRun=All`, aConfigMap('a'))).code).toBe(201);
    expect((await api.get(`${MAPS}/a`)).code).toBe(404);
  });
});

describe('changing', () => {
  test('counts a version for each write of the whole cluster', async () => {
    const a = await api.post(MAPS, aConfigMap('a'));
    const b = await api.post(MAPS, aConfigMap('b'));
    expect(Number(b.body.metadata.resourceVersion)).toBeGreaterThan(
      Number(a.body.metadata.resourceVersion),
    );
  });

  test('makes no new version when nothing changed', async () => {
    const a = await api.post(MAPS, aConfigMap('a', { k: 'v' }));
    const again = await api.patch(`${MAPS}/a`, { data: { k: 'v' } });
    expect(again.body).toEqual(a.body);
  });

  test.each(['put', 'patch'] as const)(
    'refuses a %s with an old version with 409 Conflict',
    async (verb) => {
      const { body: old } = await api.post(MAPS, aConfigMap('a'));
      await api.patch(`${MAPS}/a`, { data: { k: 'v' } });
      const { code, body } = await api[verb]<Failure>(`${MAPS}/a`, { ...old, data: { k: 'w' } });
      expect([code, body.reason, body.message]).toEqual([
        409,
        'Conflict',
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
      ]);
    },
  );

  test('keeps uid and creation time whatever is sent', async () => {
    const { body: a } = await api.post(MAPS, aConfigMap('a'));
    const { body } = await api.put(
      MAPS + '/a',
      aConfigMap('a', { k: 'v' }, { creationTimestamp: '2000-01-01T00:00:00Z' }),
    );
    expect([body.metadata.uid, body.metadata.creationTimestamp]).toEqual([
      a.metadata.uid,
      a.metadata.creationTimestamp,
    ]);
  });

  test('an empty merge patch reads the object', async () => {
    const { body: a } = await api.post(MAPS, aConfigMap('a'));
    expect((await api.patch(`${MAPS}/a`, {})).body).toEqual(a);
  });

  test('a patch never changes what was read before', async () => {
    const pod = await api.post(PODS, aPod('a'));
    const before = structuredClone((await api.get(`${PODS}/a`)).body);
    await api.patch(`${PODS}/a/status`, { status: { phase: 'Running' } });
    expect(pod.body).toEqual(before);
  });
});

describe('status', () => {
  beforeEach(async () => {
    await api.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', aDefinition());
    await api.post(BOATS, aBoat('a'));
  });

  test('is left alone by the main resource, and generation counts the wish', async () => {
    const { body } = await api.patch(`${BOATS}/a`, { spec: { sails: 3 }, status: { depth: 1 } });
    expect([body['spec'], body['status'], body.metadata.generation]).toEqual([
      { sails: 3, rig: 'sloop' },
      undefined,
      2,
    ]);
  });

  test('is all that the status subresource changes, and generation stays', async () => {
    const wish = { metadata: { labels: { a: 'b' } }, spec: { sails: 9 }, status: { depth: 1 } };
    const { body } = await api.patch(`${BOATS}/a/status`, wish);
    expect([body['spec'], body['status'], body.metadata.labels, body.metadata.generation]).toEqual([
      { sails: 2, rig: 'sloop' },
      { depth: 1 },
      undefined,
      1,
    ]);
  });
});

describe('deleting', () => {
  test('answers Success with the uid, and the object is gone', async () => {
    const { body: a } = await api.post(MAPS, aConfigMap('a'));
    const { body } = await api.delete<Failure & { status: string }>(`${MAPS}/a`);
    expect([body.status, body.details]).toEqual([
      'Success',
      { name: 'a', kind: 'configmaps', uid: a.metadata.uid },
    ]);
    expect((await api.get(`${MAPS}/a`)).code).toBe(404);
  });

  test.each([{ uid: 'other' }, { resourceVersion: '1' }])(
    'refuses when %j is not met',
    async (preconditions) => {
      await api.post(MAPS, aConfigMap('a'));
      const { code } = await api.delete(`${MAPS}/a`, { preconditions });
      expect(code).toBe(409);
    },
  );

  test('waits for finalizers, and the patch that takes the last one ends it', async () => {
    await api.post(MAPS, aConfigMap('a', {}, { finalizers: ['x.test/hold'] }));
    const { body } = await api.delete(`${MAPS}/a`);
    expect(body.metadata.deletionTimestamp).toBe('2026-01-02T03:04:05Z');
    expect((await api.get(`${MAPS}/a`)).code).toBe(200);
    expect((await api.patch(`${MAPS}/a`, { metadata: { finalizers: null } })).code).toBe(200);
    expect((await api.get(`${MAPS}/a`)).code).toBe(404);
  });

  test('adds no finalizer to an object that is being deleted', async () => {
    await api.post(MAPS, aConfigMap('a', {}, { finalizers: ['x.test/hold'] }));
    await api.delete(`${MAPS}/a`);
    const { code, body } = await api.patch<Failure>(`${MAPS}/a`, {
      metadata: { finalizers: ['x.test/hold', 'x.test/more'] },
    });
    expect([code, body.message]).toEqual([
      422,
      'ConfigMap "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x.test/more"}',
    ]);
  });

  test('takes a pod without a node at once', async () => {
    await api.post(PODS, aPod('a'));
    await api.delete(`${PODS}/a`);
    expect((await api.get(`${PODS}/a`)).code).toBe(404);
  });

  test('gives a pod on a node its grace, until the node says that it is gone', async () => {
    await api.post(PODS, aPod('a'));
    await api.post(`${PODS}/a/binding`, { target: { kind: 'Node', name: 'node-1' } });
    const { body } = await api.delete(`${PODS}/a`);
    expect(body.metadata.deletionTimestamp).toBe('2026-01-02T03:04:35Z');
    expect(body.metadata.deletionGracePeriodSeconds).toBe(30);
    await api.delete(`${PODS}/a`, { gracePeriodSeconds: 0 });
    expect((await api.get(`${PODS}/a`)).code).toBe(404);
  });
});

describe('listing', () => {
  const names = ({ body }: { body: ObjectList }): string[] =>
    body.items.map((item: KubeObject) => item.metadata.name);

  test.each([
    { query: 'labelSelector=tier%3Dweb', finds: ['a', 'b'] },
    { query: 'labelSelector=tier!%3Dweb', finds: ['c'] },
    { query: 'labelSelector=tier+in+(db,web),!old', finds: ['a'] },
    { query: 'labelSelector=old', finds: ['b'] },
    { query: 'labelSelector=tier+notin+(web)', finds: ['c'] },
    { query: 'fieldSelector=metadata.name%3Db', finds: ['b'] },
    { query: 'fieldSelector=status.phase!%3DPending', finds: [] },
    { query: 'fieldSelector=spec.nodeName%3D', finds: ['a', 'b', 'c'] },
  ])('selects by $query', async ({ query, finds }) => {
    await api.post(PODS, aPod('c'));
    await api.post(PODS, aPod('a', {}, { labels: { tier: 'web' } }));
    await api.post(PODS, aPod('b', {}, { labels: { tier: 'web', old: 'yes' } }));
    expect(names(await api.get<ObjectList>(`${PODS}?${query}`))).toEqual(finds);
  });

  test('refuses a field that no selector knows', async () => {
    const { code, body } = await api.get<Failure>(`${PODS}?fieldSelector=spec.shoe%3D1`);
    expect([code, body.message]).toEqual([
      400,
      expect.stringContaining('field label not supported: spec.shoe'),
    ]);
  });

  test('pages through one moment, whatever is written meanwhile', async () => {
    for (const name of ['a', 'b', 'c']) await api.post(PODS, aPod(name));
    const first = await api.get<ObjectList>(`${PODS}?limit=2`);
    await api.post(PODS, aPod('bb'));
    await api.delete(`${PODS}/c`);
    const { continue: token = '', remainingItemCount } = first.body.metadata;
    const second = await api.get<ObjectList>(`${PODS}?limit=2&continue=${token}`);
    expect([names(first), remainingItemCount, names(second)]).toEqual([['a', 'b'], 1, ['c']]);
    expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
  });

  test('answers 410 for a token that it no longer knows', async () => {
    const { code, body } = await api.get<Failure>(`${PODS}?limit=2&continue=gone.2`);
    expect([code, body.reason]).toEqual([410, 'Expired']);
  });
});
