// How things are shown: tables, metadata alone, discovery, documents.
import { expect } from 'vitest';
import type { JsonObject } from '../json.ts';
import { aConfigMap, aPod } from '../testing.ts';
import { aString, test } from './ground.ts';

const as = (form: string, fallback = ',application/json'): string =>
  `application/json;as=${form};v=v1;g=meta.k8s.io${fallback}`;

interface Table {
  kind: string;
  columnDefinitions: { name: string; type: string; priority: number }[];
  rows: { cells: unknown[]; object: JsonObject | null }[];
  metadata: JsonObject;
}

const heads = ({ columnDefinitions }: Table): string[] =>
  columnDefinitions.map(({ name, priority }) => `${name}${priority > 0 ? '*' : ''}`);

test('a list is a table for who asks, with the metadata of each object', async ({
  admin,
  space,
}) => {
  await admin.post(space.of('pods'), aPod('a'));
  const { body } = await admin.get<Table>(space.of('pods'), as('Table'));
  expect([body.kind, heads(body)]).toEqual([
    'Table',
    [
      'Name',
      'Ready',
      'Status',
      'Restarts',
      'Age',
      'IP*',
      'Node*',
      'Nominated Node*',
      'Readiness Gates*',
    ],
  ]);
  expect(body.rows[0]?.cells).toEqual([
    'a',
    '0/1',
    'Pending',
    '0',
    aString(/^\d+s$/),
    '<none>',
    '<none>',
    '<none>',
    '<none>',
  ]);
  expect(body.rows[0]?.object).toMatchObject({
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { name: 'a' },
  });
  expect(body.metadata).toMatchObject({ resourceVersion: aString(/^\d+$/) });
});

test.for([
  { include: 'None', kind: undefined },
  { include: 'Metadata', kind: 'PartialObjectMetadata' },
  { include: 'Object', kind: 'ConfigMap' },
])('includeObject=$include', async ({ include, kind }, { admin, space }) => {
  await admin.post(space.of('configmaps'), aConfigMap('a'));
  const path = `${space.of('configmaps')}/a?includeObject=${include}`;
  const { body } = await admin.get<Table>(path, as('Table'));
  expect(body.rows[0]?.object?.['kind']).toBe(kind);
});

test.for([
  { kind: 'configmaps', columns: ['Name', 'Data', 'Age'] },
  { kind: 'secrets', columns: ['Name', 'Type', 'Data', 'Age'] },
  { kind: 'serviceaccounts', columns: ['Name', 'Secrets', 'Age'] },
  { kind: 'resourcequotas', columns: ['Name', 'Request', 'Limit', 'Age'] },
  { kind: 'limitranges', columns: ['Name', 'Created At'] },
  {
    kind: 'events',
    columns: [
      'Last Seen',
      'Type',
      'Reason',
      'Object',
      'Subobject*',
      'Source*',
      'Message',
      'First Seen*',
      'Count*',
      'Name*',
    ],
  },
  {
    kind: 'services',
    columns: ['Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age', 'Selector*'],
  },
  {
    kind: 'apps/v1/deployments',
    columns: [
      'Name',
      'Ready',
      'Up-to-date',
      'Available',
      'Age',
      'Containers*',
      'Images*',
      'Selector*',
    ],
  },
  { kind: 'coordination.k8s.io/v1/leases', columns: ['Name', 'Holder', 'Age'] },
  {
    kind: 'policy/v1/poddisruptionbudgets',
    columns: ['Name', 'Min Available', 'Max Unavailable', 'Allowed Disruptions', 'Age'],
  },
  { kind: 'networking.k8s.io/v1/networkpolicies', columns: ['Name', 'Pod-Selector', 'Age'] },
  { kind: 'rbac.authorization.k8s.io/v1/roles', columns: ['Name', 'Created At'] },
  {
    kind: 'rbac.authorization.k8s.io/v1/rolebindings',
    columns: ['Name', 'Role', 'Age', 'Users*', 'Groups*', 'ServiceAccounts*'],
  },
])('the columns of $kind', async ({ kind, columns }, { admin, space }) => {
  const { body } = await admin.get<Table>(space.of(kind), as('Table'));
  expect(heads(body)).toEqual(columns);
});

test('the columns of a custom kind are those of its definition', async ({
  admin,
  space,
  boats,
}) => {
  await admin.post(boats.of(space), boats.aBoat('a'));
  const conditions = [
    { type: 'New', status: 'False' },
    { type: 'Afloat', status: 'True' },
  ];
  await admin.patch(`${boats.of(space)}/a/status`, { status: { conditions } });
  await admin.post(boats.of(space), boats.aBoat('b'));
  const { body } = await admin.get<Table>(boats.of(space), as('Table'));
  expect(heads(body)).toEqual(['Name', 'Sails', 'Afloat', 'Built*']);
  expect(body.rows.map(({ cells }) => cells)).toEqual([
    ['a', 2, 'True', aString(/^\d+s$/)],
    ['b', 2, null, aString(/^\d+s$/)],
  ]);
});

test('metadata alone is the object without spec, status and data', async ({ admin, space }) => {
  const { body: a } = await admin.post(space.of('configmaps'), aConfigMap('a', { k: 'v' }));
  const one = await admin.get(`${space.of('configmaps')}/a`, as('PartialObjectMetadata'));
  expect(one.body).toEqual({
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: a.metadata,
  });
  const list = await admin.get(
    `${space.of('configmaps')}?fieldSelector=metadata.name%3Da`,
    as('PartialObjectMetadataList'),
  );
  expect([list.body.kind, list.body['items']]).toMatchObject([
    'PartialObjectMetadataList',
    [{ metadata: { name: 'a' } }],
  ]);
});

test('a form that does not exist is 406 without another to fall back to', async ({
  admin,
  space,
}) => {
  const path = space.of('configmaps');
  expect((await admin.get(path, 'text/html')).code).toBe(406);
  expect((await admin.get(path, 'text/html,*/*')).code).toBe(200);
  expect((await admin.get(path, as('Shoe', ''))).code).toBe(406);
});

interface Resources {
  resources: { name: string; verbs: string[]; kind: string; shortNames?: string[] }[];
}

test('the core group is discovered with verbs and short names', async ({ admin }) => {
  const { body } = await admin.get<Resources>('/api/v1');
  const find = (wanted: string) => body.resources.find(({ name }) => name === wanted);
  expect(find('pods')).toMatchObject({
    kind: 'Pod',
    namespaced: true,
    shortNames: ['po'],
    verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  });
  expect(find('pods/status')?.verbs).toEqual(['get', 'patch', 'update']);
  expect(find('pods/eviction')).toMatchObject({ kind: 'Eviction', group: 'policy' });
  expect(find('serviceaccounts/token')?.kind).toBe('TokenRequest');
});

test('groups are discovered, each with its preferred version', async ({ admin, boats }) => {
  const { body } = await admin.get<{ groups: { name: string; preferredVersion: JsonObject }[] }>(
    '/apis',
  );
  const groups = new Map(body.groups.map((group) => [group.name, group.preferredVersion]));
  for (const name of ['apps', 'rbac.authorization.k8s.io', 'policy', boats.group]) {
    expect(groups.get(name)).toEqual({ groupVersion: `${name}/v1`, version: 'v1' });
  }
});

test('all of it is discovered in one answer for who asks', async ({ admin, boats }) => {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const { body } = await admin.get<{
    kind: string;
    items: { metadata: { name: string }; versions: { resources: JsonObject[] }[] }[];
  }>('/apis', accept);
  expect(body.kind).toBe('APIGroupDiscoveryList');
  const group = body.items.find(({ metadata }) => metadata.name === boats.group);
  expect(group?.versions[0]?.resources).toMatchObject([
    {
      resource: 'boats',
      scope: 'Namespaced',
      responseKind: { kind: 'Boat', group: boats.group },
      subresources: [{ subresource: 'status' }, { subresource: 'scale' }],
    },
  ]);
});

test.for(['/healthz', '/livez', '/readyz'])('%s says ok', async (path, { admin }) => {
  const response = await admin.send(path, {});
  expect([response.status, await response.text()]).toEqual([200, 'ok']);
});

test('the version is one that kubectl 1.34 knows', async ({ admin }) => {
  const { body } = await admin.get<{ major: string; minor: string; gitVersion: string }>(
    '/version',
  );
  expect(body).toMatchObject({ major: '1', minor: '34', gitVersion: aString(/^v1\.34\./) });
});

interface Document {
  components: { schemas: Record<string, { properties?: JsonObject } & JsonObject> };
}

test('the documents of OpenAPI v3 hold the schemas of kinds', async ({ admin, boats }) => {
  const { body: index } = await admin.get<{
    paths: Record<string, { serverRelativeURL: string }>;
  }>('/openapi/v3');
  const document = async (path: string): Promise<Document> =>
    (await admin.get<Document>(index.paths[path]?.serverRelativeURL ?? '')).body;
  const core = await document('api/v1');
  expect(core.components.schemas['io.k8s.api.core.v1.Pod']).toMatchObject({
    properties: { spec: {}, status: {} },
    'x-kubernetes-group-version-kind': [{ group: '', kind: 'Pod', version: 'v1' }],
  });
  const custom = await document(`apis/${boats.group}/v1`);
  const schema = Object.values(custom.components.schemas).find((found) =>
    JSON.stringify(found['x-kubernetes-group-version-kind'] ?? '').includes('"Boat"'),
  );
  expect(schema?.properties?.['spec']).toMatchObject({
    properties: { sails: { type: 'integer' } },
  });
});
