// Deleting: finalizers, preconditions, collections.
import { expect } from 'vitest';
import { aConfigMap, aPod } from '../testing.ts';
import type { Failure, ObjectList } from '../testing.ts';
import { aString, gone, names, refusal, test } from './ground.ts';

const HOLD = { finalizers: ['x.test/hold'] };

test('answers Success with the uid, and the object is gone', async ({ admin, space }) => {
  const path = space.of('configmaps');
  const { body: a } = await admin.post(path, aConfigMap('a'));
  const { code, body } = await admin.delete<Failure>(`${path}/a`);
  expect([code, body]).toEqual([
    200,
    {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'a', kind: 'configmaps', uid: a.metadata.uid },
    },
  ]);
  expect((await admin.get(`${path}/a`)).code).toBe(404);
  expect((await admin.delete(`${path}/a`)).code).toBe(404);
});

test.for([{ uid: 'other' }, { resourceVersion: '1' }])(
  'refuses when %j is not met',
  async (preconditions, { admin, space }) => {
    const path = space.of('configmaps');
    await admin.post(path, aConfigMap('a'));
    const { code, body } = await admin.delete<Failure>(`${path}/a`, { preconditions });
    expect([code, body.reason]).toEqual([409, 'Conflict']);
    expect((await admin.get(`${path}/a`)).code).toBe(200);
  },
);

test('goes when preconditions are met', async ({ admin, space }) => {
  const path = space.of('configmaps');
  const { uid, resourceVersion } = (await admin.post(path, aConfigMap('a'))).body.metadata;
  const { code } = await admin.delete(`${path}/a`, { preconditions: { uid, resourceVersion } });
  expect(code).toBe(200);
});

test('waits for finalizers, and the patch that takes the last one ends it', async ({
  admin,
  space,
}) => {
  const path = `${space.of('configmaps')}/a`;
  await admin.post(space.of('configmaps'), aConfigMap('a', {}, HOLD));
  const { code, body } = await admin.delete(path);
  expect([code, body.metadata]).toMatchObject([
    200,
    { deletionTimestamp: aString(/Z$/), deletionGracePeriodSeconds: 0 },
  ]);
  expect((await admin.get(path)).code).toBe(200);
  expect((await admin.patch(path, { metadata: { finalizers: null } })).code).toBe(200);
  expect((await admin.get(path)).code).toBe(404);
});

test('deleted again while it waits, an object stays as it is', async ({ admin, space }) => {
  const path = `${space.of('configmaps')}/a`;
  await admin.post(space.of('configmaps'), aConfigMap('a', {}, HOLD));
  const first = await admin.delete(path);
  const again = await admin.delete(path);
  expect(again.body.metadata).toEqual(first.body.metadata);
  await admin.patch(path, { metadata: { finalizers: null } });
});

test('an object that is being deleted gets no new finalizer', async ({ admin, space }) => {
  const path = `${space.of('configmaps')}/a`;
  await admin.post(space.of('configmaps'), aConfigMap('a', {}, HOLD));
  await admin.delete(path);
  const answer = await admin.patch<Failure>(path, {
    metadata: { finalizers: ['x.test/hold', 'x.test/more'] },
  });
  expect(refusal(answer)).toEqual([
    422,
    'Invalid',
    'ConfigMap "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x.test/more"}',
  ]);
  await admin.patch(path, { metadata: { finalizers: null } });
});

test('an object that is being deleted can still be changed', async ({ admin, space }) => {
  const path = `${space.of('configmaps')}/a`;
  await admin.post(space.of('configmaps'), aConfigMap('a', {}, HOLD));
  await admin.delete(path);
  expect((await admin.patch(path, { data: { k: 'v' } })).body['data']).toEqual({ k: 'v' });
  expect((await admin.post(space.of('configmaps'), aConfigMap('a'))).code).toBe(409);
  await admin.patch(path, { metadata: { finalizers: null } });
});

test('a deletion counts a generation of a counted object', async ({ admin, space, boats }) => {
  const path = `${boats.of(space)}/a`;
  await admin.post(boats.of(space), boats.aBoat('a', { sails: 1 }, HOLD));
  const { body } = await admin.delete(path);
  expect(body.metadata.generation).toBe(2);
  await admin.patch(path, { metadata: { finalizers: null } });
  await gone(admin, path);
});

test('a collection goes by its selector', async ({ admin, space }) => {
  const path = space.of('configmaps');
  await admin.post(path, aConfigMap('a', {}, { labels: { x: 'y' } }));
  await admin.post(path, aConfigMap('b', {}, { labels: { x: 'y' } }));
  await admin.post(path, aConfigMap('c'));
  const { code } = await admin.delete(`${path}?labelSelector=x%3Dy`);
  const left = await admin.get<ObjectList>(`${path}?fieldSelector=metadata.name!=kube-root-ca.crt`);
  expect([code, names(left.body)]).toEqual([200, ['c']]);
});

test('a pod without a node goes at once, and is the answer', async ({ admin, space }) => {
  const path = space.of('pods');
  await admin.post(path, aPod('a'));
  const { code, body } = await admin.delete(`${path}/a`);
  expect([code, body.kind, body.metadata.deletionGracePeriodSeconds]).toEqual([200, 'Pod', 0]);
  expect((await admin.get(`${path}/a`)).code).toBe(404);
});

const bind = { metadata: { name: 'a' }, target: { kind: 'Node', name: 'nowhere' } };

test('a pod on a node has its grace, until the node says that it is gone', async ({
  admin,
  space,
}) => {
  const path = `${space.of('pods')}/a`;
  await admin.post(space.of('pods'), aPod('a', { terminationGracePeriodSeconds: 90 }));
  await admin.post(`${path}/binding`, bind);
  const { body } = await admin.delete(path);
  const { deletionTimestamp = '', deletionGracePeriodSeconds } = body.metadata;
  expect(deletionGracePeriodSeconds).toBe(90);
  expect(Date.parse(deletionTimestamp) - Date.now()).toBeGreaterThan(60_000);
  expect((await admin.get(path)).code).toBe(200);
  await admin.delete(path, { gracePeriodSeconds: 0 });
  expect((await admin.get(path)).code).toBe(404);
});

test('a pod that is going can be told to hurry, not to linger', async ({ admin, space }) => {
  const path = `${space.of('pods')}/a`;
  await admin.post(space.of('pods'), aPod('a'));
  await admin.post(`${path}/binding`, bind);
  await admin.delete(path, { gracePeriodSeconds: 20 });
  const longer = await admin.delete(path, { gracePeriodSeconds: 60 });
  const shorter = await admin.delete(path, { gracePeriodSeconds: 10 });
  expect([longer, shorter].map(({ body }) => body.metadata.deletionGracePeriodSeconds)).toEqual([
    20, 10,
  ]);
  await admin.delete(path, { gracePeriodSeconds: 0 });
});

test('a pod that has ended goes without grace', async ({ admin, space }) => {
  const path = `${space.of('pods')}/a`;
  await admin.post(space.of('pods'), aPod('a'));
  await admin.post(`${path}/binding`, bind);
  await admin.patch(`${path}/status`, { status: { phase: 'Succeeded' } });
  await admin.delete(path);
  expect((await admin.get(path)).code).toBe(404);
});
