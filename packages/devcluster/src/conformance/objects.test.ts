// Creating and changing: identity, versions, conflicts.
import { expect } from 'vitest';
import { aConfigMap } from '../testing.ts';
import type { Failure } from '../testing.ts';
import { aString, blamed, refusal, SPACES, test } from './ground.ts';

const MODIFIED =
  'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again';

test('a new object gets uid, version, time and namespace', async ({ admin, space }) => {
  const { code, body } = await admin.post(space.of('configmaps'), aConfigMap('a', { k: 'v' }));
  const { managedFields, ...metadata } = body.metadata as unknown as Record<string, unknown>;
  expect([code, managedFields === undefined || Array.isArray(managedFields)]).toEqual([201, true]);
  expect({ ...body, metadata }).toEqual({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'a',
      namespace: space.name,
      uid: aString(/^[0-9a-f-]{36}$/),
      resourceVersion: aString(/^\d+$/),
      creationTimestamp: aString(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    },
    data: { k: 'v' },
  });
});

test('what the server sets cannot be chosen by who creates', async ({ admin, space }) => {
  const chosen = {
    uid: 'mine',
    creationTimestamp: '2000-01-01T00:00:00Z',
    deletionTimestamp: '2000-01-01T00:00:00Z',
  };
  const { code, body } = await admin.post(space.of('configmaps'), aConfigMap('a', {}, chosen));
  expect([code, body.metadata.deletionTimestamp]).toEqual([201, undefined]);
  expect(body.metadata.uid).not.toBe('mine');
  expect(body.metadata.creationTimestamp).not.toMatch(/^2000/);
});

test('a new object carries no version', async ({ admin, space }) => {
  const body = aConfigMap('a', {}, { resourceVersion: '1' });
  const answer = await admin.post<Failure>(space.of('configmaps'), body);
  expect([answer.code, answer.body.message]).toEqual([
    500,
    'resourceVersion should not be set on objects to be created',
  ]);
});

test('generateName gets a suffix of five', async ({ admin, space }) => {
  const { body } = await admin.post(space.of('configmaps'), { metadata: { generateName: 'a-' } });
  expect(body.metadata.name).toMatch(/^a-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  expect(body.metadata.generateName).toBe('a-');
});

test('a long generateName is cut so that the name fits', async ({ admin, space }) => {
  const { body } = await admin.post(space.of('configmaps'), {
    metadata: { generateName: 'a'.repeat(100) },
  });
  expect(body.metadata.name).toMatch(/^a{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

test('a name wins over generateName', async ({ admin, space }) => {
  const { body } = await admin.post(space.of('configmaps'), {
    metadata: { name: 'b', generateName: 'a-' },
  });
  expect(body.metadata.name).toBe('b');
});

test('a name that is taken is 409 AlreadyExists', async ({ admin, space }) => {
  await admin.post(space.of('configmaps'), aConfigMap('a'));
  const answer = await admin.post<Failure>(space.of('configmaps'), aConfigMap('a'));
  expect(refusal(answer)).toEqual([409, 'AlreadyExists', 'configmaps "a" already exists']);
  expect(answer.body.details).toEqual({ name: 'a', kind: 'configmaps' });
});

test.for([
  { name: 'A_b', causes: ['metadata.name FieldValueInvalid'] },
  { name: 'a'.repeat(254), causes: ['metadata.name FieldValueInvalid'] },
  { name: '', causes: ['metadata.name FieldValueRequired'] },
])('a bad name is 422 with the field: "$name"', async ({ name, causes }, { admin, space }) => {
  const answer = await admin.post<Failure>(space.of('configmaps'), aConfigMap(name));
  expect(blamed(answer)).toEqual([422, ...causes]);
});

test.for([
  {
    name: 'a label value',
    metadata: { labels: { a: 'no spaces' } },
    causes: ['metadata.labels FieldValueInvalid'],
  },
  {
    name: 'a label key',
    metadata: { labels: { 'a b': 'c' } },
    causes: ['metadata.labels FieldValueInvalid'],
  },
  {
    name: 'an annotation key',
    metadata: { annotations: { 'a b': 'c' } },
    causes: ['metadata.annotations FieldValueInvalid'],
  },
  {
    name: 'a finalizer',
    metadata: { finalizers: ['no good'] },
    causes: ['metadata.finalizers FieldValueInvalid', 'metadata.finalizers[0] FieldValueInvalid'],
  },
  {
    name: 'an owner without a uid',
    metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'a', uid: '' }] },
    causes: ['metadata.ownerReferences.uid FieldValueInvalid'],
  },
  {
    name: 'two controllers',
    metadata: {
      ownerReferences: ['a', 'b'].map((name) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        name,
        uid: name,
        controller: true,
      })),
    },
    causes: ['metadata.ownerReferences FieldValueInvalid'],
  },
])('bad metadata is 422 with the field: $name', async ({ metadata, causes }, { admin, space }) => {
  const body = aConfigMap('a', {}, metadata);
  const answer = await admin.post<Failure>(space.of('configmaps'), body);
  expect(blamed(answer)).toEqual([422, ...causes]);
});

test('annotations are at most 256 KiB', async ({ admin, space }) => {
  const body = aConfigMap('a', {}, { annotations: { a: 'x'.repeat(262_144) } });
  const answer = await admin.post<Failure>(space.of('configmaps'), body);
  expect(blamed(answer)).toEqual([422, 'metadata.annotations FieldValueTooLong']);
});

test('a namespace that is not there is 404', async ({ admin }) => {
  const answer = await admin.post<Failure>(`${SPACES}/nowhere/configmaps`, aConfigMap('a'));
  expect(refusal(answer)).toEqual([404, 'NotFound', 'namespaces "nowhere" not found']);
});

test('an object that is not there is 404 with its name', async ({ admin, space }) => {
  const answer = await admin.get<Failure>(`${space.of('configmaps')}/a`);
  expect(refusal(answer)).toEqual([404, 'NotFound', 'configmaps "a" not found']);
  expect(answer.body.details).toEqual({ name: 'a', kind: 'configmaps' });
});

test('a resource that is not there is 404 without a name', async ({ admin, space }) => {
  const answer = await admin.get<Failure>(space.of('shoes'));
  expect(refusal(answer)).toEqual([
    404,
    'NotFound',
    'the server could not find the requested resource',
  ]);
  expect(answer.body.details).toEqual({});
});

test('a group that is not there is a 404 without a Status', async ({ admin }) => {
  const response = await admin.send('/apis/shoes.test/v1/shoes', {});
  expect([response.status, await response.text()]).toEqual([404, '404 page not found\n']);
});

test('a body of another kind, version or namespace is 400', async ({ admin, space }) => {
  const bodies = [
    { ...aConfigMap('a'), kind: 'Secret' },
    { ...aConfigMap('a'), apiVersion: 'v2' },
    aConfigMap('a', {}, { namespace: 'elsewhere' }),
  ];
  for (const body of bodies) {
    const { code } = await admin.post(space.of('configmaps'), body);
    expect(code).toBe(400);
  }
});

test('a body that is no JSON is 400, of another media type 415', async ({ admin, space }) => {
  const post = async (type: string): Promise<number> => {
    const init = { method: 'POST', headers: { 'content-type': type }, body: '{"metadata":' };
    return (await admin.send(space.of('configmaps'), init)).status;
  };
  expect([await post('application/json'), await post('text/plain')]).toEqual([400, 415]);
});

test('a method that a resource does not have is 405', async ({ admin, space }) => {
  expect((await admin.post(`${space.of('configmaps')}/a`, {})).code).toBe(405);
  expect((await admin.put(space.of('configmaps'), {})).code).toBe(405);
});

test('a dry run answers as if, and stores nothing', async ({ admin, space }) => {
  const path = space.of('configmaps');
  const made = await admin.post(`${path}?dryRun=All`, aConfigMap('a'));
  expect([made.code, (await admin.get(`${path}/a`)).code]).toEqual([201, 404]);
  const { body: a } = await admin.post(path, aConfigMap('a', { k: 'v' }));
  const patched = await admin.patch(`${path}/a?dryRun=All`, { data: { k: 'w' } });
  expect([patched.body['data'], patched.body.metadata.resourceVersion]).toEqual([
    { k: 'w' },
    a.metadata.resourceVersion,
  ]);
  expect((await admin.delete(`${path}/a?dryRun=All`)).code).toBe(200);
  expect((await admin.get(`${path}/a`)).body['data']).toEqual({ k: 'v' });
});

test('a dry run is refused like the real thing, also for its own value', async ({
  admin,
  space,
}) => {
  const path = space.of('configmaps');
  await admin.post(path, aConfigMap('a'));
  expect((await admin.post(`${path}?dryRun=All`, aConfigMap('a'))).code).toBe(409);
  expect((await admin.post(`${path}?dryRun=Some`, aConfigMap('b'))).code).toBe(422);
});

test('each write has a later version, whatever it writes', async ({ admin, space }) => {
  const path = space.of('configmaps');
  const versions = [];
  versions.push((await admin.post(path, aConfigMap('a'))).body.metadata.resourceVersion);
  versions.push((await admin.post(path, aConfigMap('b'))).body.metadata.resourceVersion);
  versions.push(
    (await admin.patch(`${path}/a`, { data: { k: 'v' } })).body.metadata.resourceVersion,
  );
  expect(versions).toEqual([...new Set(versions)].sort((a, b) => Number(a) - Number(b)));
});

test('a write that changes nothing makes no version', async ({ admin, space }) => {
  const path = space.of('configmaps');
  const { body: a } = await admin.post(path, aConfigMap('a', { k: 'v' }));
  const patched = await admin.patch(`${path}/a`, { data: { k: 'v' } });
  const put = await admin.put(`${path}/a`, aConfigMap('a', { k: 'v' }));
  expect([patched.body.metadata.resourceVersion, put.body.metadata.resourceVersion]).toEqual([
    a.metadata.resourceVersion,
    a.metadata.resourceVersion,
  ]);
});

test('an empty merge patch reads the object', async ({ admin, space }) => {
  const path = space.of('configmaps');
  const { body: a } = await admin.post(path, aConfigMap('a', { k: 'v' }));
  expect((await admin.patch(`${path}/a`, {})).body).toEqual(a);
});

test.for(['put', 'patch'] as const)(
  'a %s with an old version is 409 Conflict',
  async (verb, { admin, space }) => {
    const path = space.of('configmaps');
    const { body: old } = await admin.post(path, aConfigMap('a'));
    await admin.patch(`${path}/a`, { data: { k: 'v' } });
    const answer = await admin[verb]<Failure>(`${path}/a`, { ...old, data: { k: 'w' } });
    expect(refusal(answer)).toEqual([409, 'Conflict', MODIFIED]);
    expect(answer.body.details).toEqual({ name: 'a', kind: 'configmaps' });
  },
);

test('a write for another uid is 409 Conflict', async ({ admin, space }) => {
  const path = space.of('configmaps');
  const { body: a } = await admin.post(path, aConfigMap('a'));
  const answer = await admin.put<Failure>(`${path}/a`, aConfigMap('a', {}, { uid: 'other' }));
  expect(refusal(answer)).toEqual([
    409,
    'Conflict',
    expect.stringMatching(
      `^Operation cannot be fulfilled on configmaps "a": .*Precondition failed: UID in precondition: other, UID in object meta: ${a.metadata.uid}$`,
    ),
  ]);
});

test('a PUT without a version replaces a built-in object', async ({ admin, space }) => {
  const path = space.of('configmaps');
  await admin.post(path, aConfigMap('a', { k: 'v' }));
  const { code, body } = await admin.put(`${path}/a`, aConfigMap('a', { l: 'w' }));
  expect([code, body['data']]).toEqual([200, { l: 'w' }]);
});

test('a PUT makes no object, whatever it names', async ({ admin, space }) => {
  const answer = await admin.put<Failure>(`${space.of('configmaps')}/a`, aConfigMap('a'));
  expect(refusal(answer)).toEqual([404, 'NotFound', 'configmaps "a" not found']);
});

test('the name in the body and the name in the path are one', async ({ admin, space }) => {
  const path = space.of('configmaps');
  await admin.post(path, aConfigMap('a'));
  expect((await admin.put(`${path}/a`, aConfigMap('b'))).code).toBe(400);
});

test('uid and creation time stay whatever is sent', async ({ admin, space }) => {
  const path = space.of('configmaps');
  const { body: a } = await admin.post(path, aConfigMap('a'));
  const sent = aConfigMap('a', { k: 'v' }, { creationTimestamp: '2000-01-01T00:00:00Z' });
  const { body } = await admin.put(`${path}/a`, sent);
  expect([body.metadata.uid, body.metadata.creationTimestamp]).toEqual([
    a.metadata.uid,
    a.metadata.creationTimestamp,
  ]);
});

test('generation counts the wish: not metadata, not status', async ({ admin, space, boats }) => {
  const path = `${boats.of(space)}/a`;
  const made = await admin.post(boats.of(space), boats.aBoat('a'));
  const labelled = await admin.patch(path, { metadata: { labels: { x: 'y' } } });
  const reported = await admin.patch(`${path}/status`, { status: { set: 1 } });
  const changed = await admin.patch(path, { spec: { sails: 3 } });
  expect([made, labelled, reported, changed].map(({ body }) => body.metadata.generation)).toEqual([
    1, 1, 1, 2,
  ]);
});

test('the main resource leaves status alone', async ({ admin, space, boats }) => {
  const made = await admin.post(boats.of(space), { ...boats.aBoat('a'), status: { set: 7 } });
  expect(made.body['status']).toBeUndefined();
  const { body } = await admin.patch(`${boats.of(space)}/a`, { status: { set: 1 } });
  expect(body['status']).toBeUndefined();
});

test('the status of a custom kind leaves all else alone', async ({ admin, space, boats }) => {
  await admin.post(boats.of(space), boats.aBoat('a'));
  const { code, body } = await admin.patch(`${boats.of(space)}/a/status`, {
    metadata: { labels: { a: 'b' } },
    spec: { sails: 9 },
    status: { set: 1 },
  });
  expect([code, body['spec'], body['status'], body.metadata.labels]).toEqual([
    200,
    { sails: 2, rig: 'sloop' },
    { set: 1 },
    undefined,
  ]);
});

test('the status of a built-in kind is its own too', async ({ admin, space }) => {
  const path = `${space.of('pods')}/a`;
  await admin.post(space.of('pods'), {
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'main', image: 'x' }] },
    status: { phase: 'Succeeded' },
  });
  expect((await admin.get(path)).body['status']).toMatchObject({ phase: 'Pending' });
  const { body } = await admin.patch(`${path}/status`, { status: { message: 'hello' } });
  expect(body['status']).toMatchObject({ phase: 'Pending', message: 'hello' });
  expect((await admin.get(`${path}/status`)).body).toEqual(body);
});

test('a status is read where it is written', async ({ admin, space, boats }) => {
  await admin.post(boats.of(space), boats.aBoat('a'));
  const { body } = await admin.patch(`${boats.of(space)}/a/status`, { status: { set: 1 } });
  expect((await admin.get(`${boats.of(space)}/a/status`)).body).toEqual(body);
});
