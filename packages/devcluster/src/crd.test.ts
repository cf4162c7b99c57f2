// The rules of custom kinds.
import { beforeEach, expect, test } from 'vitest';
import { createCluster } from './cluster.ts';
import { aBoat, aDefinition, apiUser, BOATS } from './testing.ts';
import type { ApiUser, Failure } from './testing.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const NOW = Date.parse('2026-01-02T03:04:05Z');

let api: ApiUser;

beforeEach(async () => {
  api = apiUser(createCluster({ now: () => NOW }));
  await api.post(CRDS, aDefinition());
});

test('a definition is established at once and its kind is discovered', async () => {
  const { body } = await api.get(`${CRDS}/boats.harbour.test`);
  expect(body['status']).toMatchObject({
    conditions: [{ type: 'NamesAccepted' }, { type: 'Established', status: 'True' }],
  });
  const found = await api.get('/apis/harbour.test/v1');
  expect(found.body['resources']).toMatchObject([
    { name: 'boats', shortNames: ['bt'] },
    { name: 'boats/status' },
  ]);
});

test('drops fields that the schema does not name, and fills in defaults', async () => {
  const { body } = await api.post(
    BOATS,
    aBoat('a', { sails: 2, keel: true, crew: [{ name: 'x', age: 3 }] }),
  );
  expect(body['spec']).toEqual({ sails: 2, rig: 'sloop', crew: [{ name: 'x' }] });
});

test('keeps unknown fields where the schema says so', async () => {
  const { body } = await api.post(BOATS, aBoat('a', { sails: 2, cargo: { tea: { tons: 3 } } }));
  expect(body['spec']).toMatchObject({ cargo: { tea: { tons: 3 } } });
});

test.each([
  { spec: {}, says: 'spec.sails: Required value' },
  {
    spec: { sails: 'two' },
    says: 'spec.sails: Invalid value: "string": spec.sails in body must be of type integer: "string"',
  },
  {
    spec: { sails: 0 },
    says: 'spec.sails: Invalid value: 0: spec.sails in body should be greater than or equal to 1',
  },
  {
    spec: { sails: 10 },
    says: 'spec.sails: Invalid value: 10: spec.sails in body should be less than or equal to 9',
  },
  {
    spec: { sails: 1, rig: 'raft' },
    says: 'spec.rig: Unsupported value: "raft": supported values: "sloop", "ketch"',
  },
])('refuses $spec with the words of the real server', async ({ spec, says }) => {
  const { code, body } = await api.post<Failure>(BOATS, aBoat('a', spec));
  expect([code, body.message]).toEqual([422, `Boat.harbour.test "a" is invalid: ${says}`]);
});

test('fieldValidation=Strict refuses a field that would be dropped', async () => {
  const { code, body } = await api.post<Failure>(
    `${BOATS}?fieldValidation=Strict`,
    aBoat('a', { sails: 1, keel: true }),
  );
  expect([code, body.message]).toEqual([400, 'strict decoding error: unknown field "spec.keel"']);
});

test('a PUT must carry the version', async () => {
  await api.post(BOATS, aBoat('a'));
  const { code, body } = await api.put<Failure>(`${BOATS}/a`, aBoat('a', { sails: 3 }));
  expect([code, body.message]).toEqual([
    422,
    expect.stringContaining('must be specified for an update'),
  ]);
});

test('prints the columns of the definition', async () => {
  await api.post(BOATS, aBoat('a'));
  await api.patch(`${BOATS}/a/status`, {
    status: {
      conditions: [
        { type: 'New', status: 'False' },
        { type: 'Afloat', status: 'True' },
      ],
    },
  });
  const { body } = await api.get(
    BOATS,
    'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  );
  expect(body.kind).toBe('Table');
  expect(body['columnDefinitions']).toMatchObject([
    { name: 'Name' },
    { name: 'Sails' },
    { name: 'Afloat' },
    { name: 'Built', priority: 1 },
  ]);
  expect(body['rows']).toMatchObject([{ cells: ['a', 2, 'True', '0s'] }]);
});

test('a definition that is deleted takes its objects along, and waits for them', async () => {
  await api.post(BOATS, aBoat('a', { sails: 2 }, { finalizers: ['x.test/hold'] }));
  await api.delete(`${CRDS}/boats.harbour.test`);
  expect((await api.get(`${BOATS}/a`)).body.metadata.deletionTimestamp).toBeDefined();
  await api.patch(`${BOATS}/a`, { metadata: { finalizers: null } });
  expect((await api.get(`${CRDS}/boats.harbour.test`)).code).toBe(404);
  expect((await api.get(BOATS)).code).toBe(404);
});
