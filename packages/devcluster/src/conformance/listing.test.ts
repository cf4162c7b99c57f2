// Lists: order, selectors, pages, versions.
import { expect } from 'vitest';
import { aConfigMap, aPod } from '../testing.ts';
import type { ApiUser, Failure, ObjectList } from '../testing.ts';
import { names, refusal, test } from './ground.ts';
import type { Space } from './ground.ts';

const fleet = async (admin: ApiUser, space: Space): Promise<string> => {
  const path = space.of('pods');
  await admin.post(path, aPod('c'));
  await admin.post(path, aPod('a', {}, { labels: { tier: 'web' } }));
  await admin.post(path, aPod('b', {}, { labels: { tier: 'web', old: 'yes' } }));
  return path;
};

test('a list has a kind, a version and its objects by name', async ({ admin, space }) => {
  const path = await fleet(admin, space);
  const { body } = await admin.get<ObjectList & { kind: string; apiVersion: string }>(path);
  expect([body.kind, body.apiVersion, names(body)]).toEqual(['PodList', 'v1', ['a', 'b', 'c']]);
  expect(Number(body.metadata.resourceVersion)).toBeGreaterThan(0);
});

test('a list of all namespaces holds this one', async ({ admin, space }) => {
  await fleet(admin, space);
  const { body } = await admin.get<ObjectList>('/api/v1/pods');
  const ours = body.items.filter(({ metadata }) => metadata.namespace === space.name);
  expect(ours).toHaveLength(3);
});

test.for([
  { query: 'labelSelector=tier%3Dweb', finds: ['a', 'b'] },
  { query: 'labelSelector=tier%3D%3Dweb', finds: ['a', 'b'] },
  { query: 'labelSelector=tier!%3Dweb', finds: ['c'] },
  { query: 'labelSelector=tier+in+(db,web),!old', finds: ['a'] },
  { query: 'labelSelector=old', finds: ['b'] },
  { query: 'labelSelector=!tier', finds: ['c'] },
  { query: 'labelSelector=tier+notin+(web)', finds: ['c'] },
  { query: 'labelSelector=tier%3D', finds: [] },
  { query: 'fieldSelector=metadata.name%3Db', finds: ['b'] },
  { query: 'fieldSelector=metadata.name!%3Db', finds: ['a', 'c'] },
  { query: 'fieldSelector=status.phase!%3DPending', finds: [] },
  { query: 'fieldSelector=spec.nodeName%3D,metadata.name%3Da', finds: ['a'] },
  { query: 'fieldSelector=spec.restartPolicy%3DAlways&labelSelector=old', finds: ['b'] },
])('selects by $query', async ({ query, finds }, { admin, space }) => {
  const path = await fleet(admin, space);
  expect(names((await admin.get<ObjectList>(`${path}?${query}`)).body)).toEqual(finds);
});

test('a custom kind is selected by the fields that its definition names', async ({
  admin,
  space,
  boats,
}) => {
  const path = boats.of(space);
  await admin.post(path, boats.aBoat('a', { sails: 1, rig: 'ketch' }));
  await admin.post(path, boats.aBoat('b'));
  const found = await admin.get<ObjectList>(`${path}?fieldSelector=spec.rig%3Dketch`);
  expect(names(found.body)).toEqual(['a']);
  expect((await admin.get(`${path}?fieldSelector=spec.sails%3D1`)).code).toBe(400);
});

test.for(['labelSelector=a+in', 'labelSelector=a%3Db+c', 'fieldSelector=spec.shoe%3D1'])(
  'a selector that makes no sense is 400: %s',
  async (query, { admin, space }) => {
    const { code, body } = await admin.get<Failure>(`${space.of('pods')}?${query}`);
    expect([code, body.reason]).toEqual([400, 'BadRequest']);
  },
);

test('pages are of one moment, whatever is written meanwhile', async ({ admin, space }) => {
  const path = await fleet(admin, space);
  const first = await admin.get<ObjectList>(`${path}?limit=2`);
  await admin.post(path, aPod('bb'));
  await admin.delete(`${path}/c`);
  const { continue: token = '', remainingItemCount, resourceVersion } = first.body.metadata;
  const second = await admin.get<ObjectList>(
    `${path}?limit=2&continue=${encodeURIComponent(token)}`,
  );
  expect([names(first.body), remainingItemCount, names(second.body)]).toEqual([
    ['a', 'b'],
    1,
    ['c'],
  ]);
  expect(second.body.metadata).toEqual({ resourceVersion });
});

test('a page can be asked for again', async ({ admin, space }) => {
  const path = await fleet(admin, space);
  const { continue: token = '' } = (await admin.get<ObjectList>(`${path}?limit=1`)).body.metadata;
  const next = `${path}?limit=1&continue=${encodeURIComponent(token)}`;
  const pages = [await admin.get<ObjectList>(next), await admin.get<ObjectList>(next)];
  expect(pages.map(({ body }) => names(body))).toEqual([['b'], ['b']]);
});

test('pages of a selection do not say how many are left', async ({ admin, space }) => {
  const path = await fleet(admin, space);
  const { body } = await admin.get<ObjectList>(`${path}?limit=1&labelSelector=tier%3Dweb`);
  const { continue: token = '', remainingItemCount } = body.metadata;
  expect([names(body), remainingItemCount]).toEqual([['a'], undefined]);
  const next = `${path}?limit=9&labelSelector=tier%3Dweb&continue=${encodeURIComponent(token)}`;
  expect(names((await admin.get<ObjectList>(next)).body)).toEqual(['b']);
});

test('a token that means nothing is 400', async ({ admin, space }) => {
  const { code } = await admin.get<Failure>(`${space.of('pods')}?limit=2&continue=nothing`);
  expect(code).toBe(400);
});

test('resourceVersion=0 and older versions are answered with what is there', async ({
  admin,
  space,
}) => {
  const path = space.of('configmaps');
  const { body: a } = await admin.post(path, aConfigMap('a'));
  await admin.post(path, aConfigMap('b'));
  const { resourceVersion } = a.metadata;
  for (const version of [resourceVersion, `${resourceVersion}&resourceVersionMatch=NotOlderThan`]) {
    const { body } = await admin.get<ObjectList>(`${path}?resourceVersion=${version}`);
    expect(names(body)).toContain('a');
  }
  expect((await admin.get(`${path}?resourceVersion=0`)).code).toBe(200);
});

test('a list of exactly one version is of that moment', async ({ admin, space }) => {
  const path = space.of('configmaps');
  const { body: a } = await admin.post(path, aConfigMap('a'));
  await admin.post(path, aConfigMap('b'));
  const query = `resourceVersion=${a.metadata.resourceVersion}&resourceVersionMatch=Exact`;
  const { body } = await admin.get<ObjectList>(`${path}?${query}`);
  expect([names(body), body.metadata.resourceVersion]).toEqual([
    ['a', 'kube-root-ca.crt'],
    a.metadata.resourceVersion,
  ]);
});

test('a version that is no number is 400', async ({ admin, space }) => {
  const answer = await admin.get<Failure>(`${space.of('pods')}?resourceVersion=old`);
  expect(answer.code).toBe(400);
});

test('a version that has not been is 504, and says to come back', async ({ admin, space }) => {
  const answer = await admin.get<Failure>(`${space.of('pods')}?resourceVersion=999999999`);
  expect(refusal(answer)).toEqual([
    504,
    'Timeout',
    expect.stringMatching(/^Timeout: Too large resource version: 999999999, current: \d+$/),
  ]);
  expect(answer.body.details).toMatchObject({
    causes: [{ reason: 'ResourceVersionTooLarge' }],
    retryAfterSeconds: 1,
  });
});

test('resourceVersionMatch alone is refused', async ({ admin, space }) => {
  const { code } = await admin.get(`${space.of('pods')}?resourceVersionMatch=Exact`);
  expect(code).toBe(422);
});
