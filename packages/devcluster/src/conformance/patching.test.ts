// The three patches.
import { expect } from 'vitest';
import type { JsonObject } from '../json.ts';
import { aConfigMap, aPod, JSON_PATCH, STRATEGIC } from '../testing.ts';
import type { Failure } from '../testing.ts';
import { refusal, test } from './ground.ts';

test('a merge patch sets, keeps, and deletes by null', async ({ admin, space }) => {
  const path = `${space.of('configmaps')}/a`;
  await admin.post(space.of('configmaps'), aConfigMap('a', { a: '1', b: '2', c: '3' }));
  const { body } = await admin.patch(path, { data: { a: null, b: '4' } });
  expect(body['data']).toEqual({ b: '4', c: '3' });
});

test('a merge patch replaces a list whole', async ({ admin, space, boats }) => {
  const path = `${boats.of(space)}/a`;
  const crew = ['x', 'y'].map((name) => ({ name }));
  await admin.post(boats.of(space), boats.aBoat('a', { sails: 1, crew }));
  const { body } = await admin.patch(path, { spec: { crew: [{ name: 'z' }] } });
  expect(body['spec']).toMatchObject({ crew: [{ name: 'z', rank: 'sailor' }] });
});

test.for<{ name: string; patch: JsonObject[]; gives: JsonObject }>([
  {
    name: 'adds',
    patch: [{ op: 'add', path: '/data/c', value: '3' }],
    gives: { a: '1', b: '2', c: '3' },
  },
  {
    name: 'replaces what is there',
    patch: [{ op: 'replace', path: '/data/a', value: '3' }],
    gives: { a: '3', b: '2' },
  },
  {
    name: 'replaces what is not there, too',
    patch: [{ op: 'replace', path: '/data/c', value: '3' }],
    gives: { a: '1', b: '2', c: '3' },
  },
  { name: 'removes', patch: [{ op: 'remove', path: '/data/a' }], gives: { b: '2' } },
  {
    name: 'moves',
    patch: [{ op: 'move', from: '/data/a', path: '/data/c' }],
    gives: { b: '2', c: '1' },
  },
  {
    name: 'copies',
    patch: [{ op: 'copy', from: '/data/a', path: '/data/c' }],
    gives: { a: '1', b: '2', c: '1' },
  },
  {
    name: 'tests, then acts',
    patch: [
      { op: 'test', path: '/data/a', value: '1' },
      { op: 'add', path: '/data', value: {} },
    ],
    gives: {},
  },
])('a JSON patch $name', async ({ patch, gives }, { admin, space }) => {
  const path = `${space.of('configmaps')}/a`;
  await admin.post(space.of('configmaps'), aConfigMap('a', { a: '1', b: '2' }));
  const { code, body } = await admin.patch(path, patch, JSON_PATCH);
  expect([code, body['data'] ?? {}]).toEqual([200, gives]);
});

test('a JSON patch unescapes its pointers', async ({ admin, space }) => {
  const path = `${space.of('configmaps')}/a`;
  await admin.post(
    space.of('configmaps'),
    aConfigMap('a', {}, { annotations: { 'x.test/y': '1' } }),
  );
  const patch = [{ op: 'remove', path: '/metadata/annotations/x.test~1y' }];
  const { body } = await admin.patch(path, patch, JSON_PATCH);
  expect(body.metadata.annotations).toBeUndefined();
});

test.for([
  { op: 'test', path: '/data/a', value: '2' },
  { op: 'remove', path: '/data/none' },
])(
  'a JSON patch that does not fit is 422, and changes nothing: %j',
  async (operation, { admin, space }) => {
    const path = `${space.of('configmaps')}/a`;
    await admin.post(space.of('configmaps'), aConfigMap('a', { a: '1' }));
    const patch = [{ op: 'add', path: '/data/b', value: '1' }, operation];
    const { code, body } = await admin.patch<Failure>(path, patch, JSON_PATCH);
    expect([code, body.reason]).toEqual([422, 'Invalid']);
    expect((await admin.get(path)).body['data']).toEqual({ a: '1' });
  },
);

test('a JSON patch that is no list is 400', async ({ admin, space }) => {
  const path = `${space.of('configmaps')}/a`;
  await admin.post(space.of('configmaps'), aConfigMap('a'));
  expect((await admin.patch(path, { data: {} }, JSON_PATCH)).code).toBe(400);
});

const template = (containers: JsonObject[], more: JsonObject = {}): JsonObject => ({
  metadata: { name: 'a' },
  spec: {
    selector: { matchLabels: { x: 'y' } },
    paused: true,
    replicas: 0,
    template: { metadata: { labels: { x: 'y' } }, spec: { containers, ...more } },
  },
});

const CONTAINERS = [
  { name: 'one', image: 'a:1', env: [{ name: 'X', value: '1' }] },
  { name: 'two', image: 'b:1', args: ['p', 'q'] },
];

interface Template {
  spec: { template: { spec: JsonObject & { containers: JsonObject[] } } };
}

test.for<{ name: string; patch: JsonObject; gives: JsonObject[] }>([
  {
    name: 'merges containers by name, and their variables by name',
    patch: { containers: [{ name: 'one', env: [{ name: 'Y', value: '2' }] }] },
    gives: [
      {
        name: 'one',
        image: 'a:1',
        env: [
          { name: 'Y', value: '2' },
          { name: 'X', value: '1' },
        ],
      },
      { name: 'two' },
    ],
  },
  {
    name: 'puts new items first, unless told an order',
    patch: { containers: [{ name: 'zero', image: 'c' }] },
    gives: [{ name: 'zero' }, { name: 'one' }, { name: 'two' }],
  },
  {
    name: 'orders items as asked',
    patch: {
      '$setElementOrder/containers': [{ name: 'two' }, { name: 'zero' }, { name: 'one' }],
      containers: [{ name: 'zero', image: 'c' }],
    },
    gives: [{ name: 'two' }, { name: 'zero' }, { name: 'one' }],
  },
  {
    name: 'deletes an item',
    patch: { containers: [{ name: 'one', $patch: 'delete' }] },
    gives: [{ name: 'two' }],
  },
  {
    name: 'replaces a list when told so',
    patch: { containers: [{ $patch: 'replace' }, { name: 'three', image: 'c:1' }] },
    gives: [{ name: 'three', image: 'c:1' }],
  },
  {
    name: 'replaces lists without a key',
    patch: { containers: [{ name: 'two', args: ['r'] }] },
    gives: [{ name: 'one' }, { name: 'two', args: ['r'] }],
  },
])('a strategic merge patch $name', async ({ patch, gives }, { admin, space }) => {
  const path = space.of('apps/v1/deployments');
  await admin.post(path, template(CONTAINERS));
  const body = { spec: { template: { spec: patch } } };
  const answer = await admin.patch<Template>(`${path}/a`, body, STRATEGIC);
  expect([answer.code, answer.body.spec.template.spec.containers]).toMatchObject([200, gives]);
});

test('a strategic merge patch keeps only the keys it is told to retain', async ({
  admin,
  space,
}) => {
  const path = space.of('apps/v1/deployments');
  await admin.post(path, template(CONTAINERS, { volumes: [{ name: 'v', emptyDir: {} }] }));
  const volume = { name: 'v', $retainKeys: ['name', 'secret'], secret: { secretName: 's' } };
  const body = { spec: { template: { spec: { volumes: [volume] } } } };
  const answer = await admin.patch<Template>(`${path}/a`, body, STRATEGIC);
  expect(answer.body.spec.template.spec['volumes']).toEqual([
    { name: 'v', secret: { secretName: 's', defaultMode: 420 } },
  ]);
});

test('a strategic merge patch adds finalizers and takes them away one by one', async ({
  admin,
  space,
}) => {
  const path = `${space.of('configmaps')}/a`;
  await admin.post(
    space.of('configmaps'),
    aConfigMap('a', {}, { finalizers: ['x.test/a', 'x.test/b'] }),
  );
  const patch = {
    metadata: {
      '$deleteFromPrimitiveList/finalizers': ['x.test/a'],
      '$setElementOrder/finalizers': ['x.test/b', 'x.test/c'],
      finalizers: ['x.test/c'],
    },
  };
  const { body } = await admin.patch(path, patch, STRATEGIC);
  expect(body.metadata.finalizers).toEqual(['x.test/b', 'x.test/c']);
  await admin.patch(path, { metadata: { finalizers: null } });
});

test('a strategic merge patch merges conditions by type', async ({ admin, space }) => {
  const path = `${space.of('pods')}/a/status`;
  await admin.post(space.of('pods'), aPod('a'));
  const condition = (type: string, status: string): JsonObject => ({ type, status });
  const conditions = [condition('A', 'True'), condition('B', 'True')];
  await admin.patch(path, { status: { conditions } }, STRATEGIC);
  const { body } = await admin.patch(
    path,
    { status: { conditions: [condition('B', 'False')] } },
    STRATEGIC,
  );
  const { conditions: all } = body['status'] as { conditions: JsonObject[] };
  const told = all.map(({ type, status }) => `${String(type)} ${String(status)}`);
  expect(told).toEqual(expect.arrayContaining(['A True', 'B False']));
});

test('ports of a container and of a service have keys of their own', async ({ admin, space }) => {
  const path = space.of('services');
  await admin.post(path, {
    metadata: { name: 'a' },
    spec: { clusterIP: 'None', ports: [{ port: 80, targetPort: 1 }] },
  });
  const patch = { spec: { ports: [{ port: 80, targetPort: 2 }] } };
  const { body } = await admin.patch(`${path}/a`, patch, STRATEGIC);
  expect((body['spec'] as { ports: JsonObject[] }).ports).toMatchObject([
    { port: 80, targetPort: 2, protocol: 'TCP' },
  ]);
});

test('a custom kind takes no strategic merge patch: 415', async ({ admin, space, boats }) => {
  await admin.post(boats.of(space), boats.aBoat('a'));
  const answer = await admin.patch<Failure>(`${boats.of(space)}/a`, { spec: {} }, STRATEGIC);
  expect(refusal(answer).slice(0, 2)).toEqual([415, 'UnsupportedMediaType']);
});

test('a patch of a type that does not exist is 415', async ({ admin, space }) => {
  await admin.post(space.of('configmaps'), aConfigMap('a'));
  expect((await admin.patch(`${space.of('configmaps')}/a`, {}, 'application/json')).code).toBe(415);
});

test('a patch of an object that is not there is 404', async ({ admin, space }) => {
  const answer = await admin.patch<Failure>(`${space.of('configmaps')}/a`, { data: {} });
  expect(refusal(answer)).toEqual([404, 'NotFound', 'configmaps "a" not found']);
});

test('a patch that would make an object invalid is 422', async ({ admin, space, boats }) => {
  await admin.post(boats.of(space), boats.aBoat('a'));
  const answer = await admin.patch<Failure>(`${boats.of(space)}/a`, { spec: { sails: 0 } });
  expect(refusal(answer).slice(0, 2)).toEqual([422, 'Invalid']);
});
