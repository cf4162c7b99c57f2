// Custom kinds: definitions, structural schemas, the scale of an object.
import { expect } from 'vitest';
import type { JsonObject } from '../json.ts';
import type { Failure } from '../testing.ts';
import { boatDefinition } from './boats.ts';
import { blamed, CRDS, eventually, gone, refusal, test, unique } from './ground.ts';

interface Definition {
  status: { conditions: { type: string; status: string; reason: string }[] } & JsonObject;
}

test('a definition is accepted and established', async ({ admin, boats }) => {
  const { body } = await admin.get<Definition>(`${CRDS}/${boats.definition}`);
  const told = body.status.conditions.map(
    ({ type, status, reason }) => `${type} ${status} ${reason}`,
  );
  expect(told.sort()).toEqual([
    'Established True InitialNamesAccepted',
    'NamesAccepted True NoConflicts',
  ]);
  expect(body.status).toMatchObject({
    acceptedNames: { kind: 'Boat', listKind: 'BoatList', plural: 'boats', singular: 'boat' },
    storedVersions: ['v1'],
  });
});

test('its kind is discovered with its names and subresources', async ({ admin, boats }) => {
  const { body } = await admin.get(`/apis/${boats.group}/v1`);
  expect(body['resources']).toMatchObject([
    {
      name: 'boats',
      singularName: 'boat',
      namespaced: true,
      kind: 'Boat',
      shortNames: ['bt'],
      categories: ['fleet'],
    },
    { name: 'boats/status', kind: 'Boat', verbs: ['get', 'patch', 'update'] },
    { name: 'boats/scale', kind: 'Scale', group: 'autoscaling', version: 'v1' },
  ]);
});

test.for<{ name: string; change: (crd: Record<string, JsonObject>) => void; causes: string[] }>([
  {
    name: 'a name that is not plural.group',
    change: (crd) => (crd['metadata'] = { name: 'ships.harbour.test' }),
    causes: ['metadata.name FieldValueInvalid'],
  },
  {
    name: 'no scope',
    change: (crd) => Reflect.deleteProperty(crd['spec'] ?? {}, 'scope'),
    causes: ['spec.scope FieldValueRequired'],
  },
  {
    name: 'no stored version',
    change: (crd) => {
      const [version = {}] = (crd['spec']?.['versions'] ?? []) as JsonObject[];
      version['storage'] = false;
    },
    causes: ['spec.versions FieldValueInvalid', 'status.storedVersions FieldValueInvalid'],
  },
])('a definition with $name is refused', async ({ change, causes }, { admin }) => {
  const crd = structuredClone(boatDefinition('harbour.test'));
  change(crd as Record<string, JsonObject>);
  const answer = await admin.post<Failure>(CRDS, crd);
  expect(blamed(answer)).toEqual([422, ...causes]);
});

test('fields that the schema does not name are dropped', async ({ admin, space, boats }) => {
  const crew = [{ name: 'x', age: 3 }];
  const { body } = await admin.post(boats.of(space), {
    ...boats.aBoat('a', { sails: 2, keel: true, crew }),
    anchor: 'yes',
  });
  expect([body['spec'], body['anchor']]).toEqual([
    { sails: 2, rig: 'sloop', crew: [{ name: 'x', rank: 'sailor' }] },
    undefined,
  ]);
});

test('unknown fields stay where the schema preserves them', async ({ admin, space, boats }) => {
  const spec = { sails: 2, cargo: { tea: { tons: 3 } }, marks: { a: 'b' } };
  const { body } = await admin.post(boats.of(space), boats.aBoat('a', spec));
  expect(body['spec']).toEqual({ ...spec, rig: 'sloop' });
});

test('defaults come by update as well, and not below what is absent', async ({
  admin,
  space,
  boats,
}) => {
  await admin.post(boats.of(space), boats.aBoat('a', { sails: 2, rig: 'ketch' }));
  const { body } = await admin.patch(`${boats.of(space)}/a`, { spec: { rig: null } });
  expect(body['spec']).toEqual({ sails: 2, rig: 'sloop' });
});

test('null stays where it is allowed, and counts as absent where a default is', async ({
  admin,
  space,
  boats,
}) => {
  const spec = { sails: 2, rig: null, flag: null };
  const { body } = await admin.post(boats.of(space), boats.aBoat('a', spec));
  expect(body['spec']).toEqual({ sails: 2, rig: 'sloop', flag: null });
});

const must = (field: string, rule: string): string => `${field} in body should ${rule}`;

test.for<{ spec: JsonObject; says: string; reason?: string }>([
  { spec: {}, says: 'spec.sails: Required value', reason: 'FieldValueRequired' },
  {
    spec: { sails: 1, draught: 'deep' },
    says: 'spec.draught: Invalid value: "string": spec.draught in body must be of type number: "string"',
    reason: 'FieldValueTypeInvalid',
  },
  {
    spec: { sails: 0 },
    says: `spec.sails: Invalid value: 0: ${must('spec.sails', 'be greater than or equal to 1')}`,
  },
  {
    spec: { sails: 10 },
    says: `spec.sails: Invalid value: 10: ${must('spec.sails', 'be less than or equal to 9')}`,
  },
  {
    spec: { sails: 1, rig: 'raft' },
    says: 'spec.rig: Unsupported value: "raft": supported values: "sloop", "ketch"',
    reason: 'FieldValueNotSupported',
  },
  {
    spec: { sails: 1, call: 'ab' },
    says: `spec.call: Invalid value: "ab": ${must('spec.call', "match '^[A-Z]+$'")}`,
  },
  {
    spec: { sails: 1, call: 'A' },
    says: `spec.call: Invalid value: "A": ${must('spec.call', 'be at least 2 chars long')}`,
  },
  {
    spec: { sails: 1, call: 'ABCDE' },
    says: 'spec.call: Too long: may not be more than 4 bytes',
    reason: 'FieldValueTooLong',
  },
  {
    spec: { sails: 1, draught: -0.5 },
    says: `spec.draught: Invalid value: -0.5: ${must('spec.draught', 'be greater than 0')}`,
  },
  {
    spec: { sails: 1, draught: 0.3 },
    says: `spec.draught: Invalid value: 0.3: ${must('spec.draught', 'be a multiple of 0.5')}`,
  },
  {
    spec: { sails: 1, built: 'yesterday' },
    says: 'spec.built: Invalid value: "yesterday": spec.built in body must be of type date-time: "yesterday"',
    reason: 'FieldValueTypeInvalid',
  },
  {
    spec: { sails: 1, marks: { a: '1', b: '2', c: '3' } },
    says: 'spec.marks: Too many: 3: must have at most 2 items',
    reason: 'FieldValueTooMany',
  },
  {
    spec: { sails: 1, decks: ['a', 'b', 'c'] },
    says: 'spec.decks: Too many: 3: must have at most 2 items',
    reason: 'FieldValueTooMany',
  },
  {
    spec: { sails: 1, decks: ['a', 'a'] },
    says: 'spec.decks[1]: Duplicate value: "a"',
    reason: 'FieldValueDuplicate',
  },
  {
    spec: { sails: 1, crew: [{ name: 'x' }, { name: 'x' }] },
    says: 'spec.crew[1]: Duplicate value: {"name":"x"}',
    reason: 'FieldValueDuplicate',
  },
  {
    spec: { sails: 1, crew: [{ rank: 'mate' }] },
    says: 'spec.crew[0].name: Required value',
    reason: 'FieldValueRequired',
  },
])('is refused with $says', async ({ spec, says, reason }, { admin, space, boats }) => {
  const answer = await admin.post<Failure>(boats.of(space), boats.aBoat('a', spec));
  expect(refusal(answer)).toEqual([422, 'Invalid', `Boat.${boats.group} "a" is invalid: ${says}`]);
  const [field = ''] = says.split(': ');
  expect(blamed(answer)).toEqual([422, `${field} ${reason ?? 'FieldValueInvalid'}`]);
});

test('several faults are told in one answer', async ({ admin, space, boats }) => {
  const spec = { sails: 0, rig: 'raft' };
  const answer = await admin.post<Failure>(boats.of(space), boats.aBoat('a', spec));
  expect(blamed(answer).sort()).toEqual([
    422,
    'spec.rig FieldValueNotSupported',
    'spec.sails FieldValueInvalid',
  ]);
});

test.for([
  { spec: { sails: 1, port: 80 }, code: 201 },
  { spec: { sails: 1, port: 'http' }, code: 201 },
  { spec: { sails: 1, port: true }, code: 422 },
])(
  'an int-or-string is one of both: $spec.port',
  async ({ spec, code }, { admin, space, boats }) => {
    expect((await admin.post(boats.of(space), boats.aBoat('a', spec))).code).toBe(code);
  },
);

test('status is checked when it is written', async ({ admin, space, boats }) => {
  await admin.post(boats.of(space), boats.aBoat('a'));
  const answer = await admin.patch<Failure>(`${boats.of(space)}/a/status`, {
    status: { depth: 'deep' },
  });
  expect(blamed(answer)).toEqual([422, 'status.depth FieldValueTypeInvalid']);
});

test('a PUT must carry the version', async ({ admin, space, boats }) => {
  await admin.post(boats.of(space), boats.aBoat('a'));
  const answer = await admin.put<Failure>(`${boats.of(space)}/a`, boats.aBoat('a', { sails: 3 }));
  expect(refusal(answer)).toEqual([
    422,
    'Invalid',
    `boats.${boats.group} "a" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update`,
  ]);
});

test('a body needs apiVersion and kind', async ({ admin, space, boats }) => {
  const { code } = await admin.post(boats.of(space), { metadata: { name: 'a' } });
  expect(code).toBe(400);
});

test('the scale of an object reads and writes its replicas', async ({ admin, space, boats }) => {
  const path = `${boats.of(space)}/a`;
  const { body: made } = await admin.post(boats.of(space), boats.aBoat('a'));
  await admin.patch(`${path}/status`, { status: { set: 1, selector: 'x=y' } });
  const { body: scale } = await admin.get(`${path}/scale`);
  expect(scale).toMatchObject({
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name: 'a', namespace: space.name, uid: made.metadata.uid },
    spec: { replicas: 2 },
    status: { replicas: 1, selector: 'x=y' },
  });
  const patched = await admin.patch(`${path}/scale`, { spec: { replicas: 5 } });
  expect([patched.code, patched.body.kind, patched.body['spec']]).toEqual([
    200,
    'Scale',
    { replicas: 5 },
  ]);
  const put = await admin.put(`${path}/scale`, { ...patched.body, spec: { replicas: 4 } });
  expect(put.body['spec']).toEqual({ replicas: 4 });
  const { body: after } = await admin.get(path);
  expect([after['spec'], after.metadata.generation]).toEqual([{ sails: 4, rig: 'sloop' }, 3]);
});

test('a scale that the schema forbids is refused, an old one conflicts', async ({
  admin,
  space,
  boats,
}) => {
  const path = `${boats.of(space)}/a`;
  await admin.post(boats.of(space), boats.aBoat('a'));
  const { body: old } = await admin.get(`${path}/scale`);
  expect((await admin.patch(`${path}/scale`, { spec: { replicas: 10 } })).code).toBe(422);
  await admin.patch(path, { spec: { sails: 3 } });
  expect((await admin.put(`${path}/scale`, old)).code).toBe(409);
});

test('a subresource that a definition does not name is 404', async ({ admin, space, boats }) => {
  await admin.post(boats.of(space), boats.aBoat('a'));
  expect((await admin.send(`${boats.of(space)}/a/oars`, {})).status).toBe(404);
});

test('a definition that is deleted takes its objects along, and waits for them', async ({
  admin,
  space,
}) => {
  const group = `${unique('harbour')}.test`;
  const path = space.of(`${group}/v1/boats`);
  const crd = `${CRDS}/boats.${group}`;
  const boat = {
    apiVersion: `${group}/v1`,
    kind: 'Boat',
    metadata: { name: 'a', finalizers: ['x.test/hold'] },
    spec: { sails: 1 },
  };
  await admin.post(CRDS, boatDefinition(group));
  await eventually(async () => (await admin.send(path, {})).ok);
  await admin.post(path, boat);
  await admin.delete(crd);
  await eventually(async () => {
    const { body } = await admin.get(`${path}/a`);
    return body.metadata.deletionTimestamp !== undefined;
  });
  expect((await admin.get(crd)).code).toBe(200);
  await admin.patch(`${path}/a`, { metadata: { finalizers: null } });
  await gone(admin, crd);
  await eventually(async () => (await admin.send(path, {})).status === 404);
});

test('a definition can gain a field', async ({ admin, space }) => {
  const group = `${unique('harbour')}.test`;
  const path = space.of(`${group}/v1/boats`);
  const crd = `${CRDS}/boats.${group}`;
  await admin.post(CRDS, boatDefinition(group));
  await eventually(async () => (await admin.send(path, {})).ok);
  const keel = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/keel';
  const patch = [{ op: 'add', path: keel, value: { type: 'boolean' } }];
  await admin.patch(crd, patch, 'application/json-patch+json');
  const boat = {
    apiVersion: `${group}/v1`,
    kind: 'Boat',
    metadata: { name: 'a' },
    spec: { sails: 1, keel: true },
  };
  await eventually(async () => {
    const { body } = await admin.post(`${path}?dryRun=All`, boat);
    return (body['spec'] as JsonObject | undefined)?.['keel'] === true;
  });
  await admin.delete(crd);
});
