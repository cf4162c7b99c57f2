// Watches: what they tell, where they begin, how they end.
import { expect } from 'vitest';
import { aConfigMap } from '../testing.ts';
import type { ApiUser, Failure, ObjectList, WatchLine } from '../testing.ts';
import { aString, CRDS, eventually, refusal, test } from './ground.ts';

const told = (lines: WatchLine[]): string[] =>
  lines.map(({ type, object }) => `${type} ${object.metadata.name}`);

const versionOf = async (admin: ApiUser, path: string): Promise<string> =>
  (await admin.get<ObjectList>(path)).body.metadata.resourceVersion;

test('tells what happened since a version, in order', async ({ admin, space }) => {
  const path = space.of('configmaps');
  const from = await versionOf(admin, path);
  await admin.post(path, aConfigMap('a'));
  await admin.patch(`${path}/a`, { metadata: { labels: { x: 'y' } } });
  await admin.delete(`${path}/a`);
  const watch = await admin.watch(`${path}?watch=1&resourceVersion=${from}`);
  expect(told(await watch.take(3))).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
  watch.end();
});

test('goes on with what happens after it began', async ({ admin, space }) => {
  const path = space.of('configmaps');
  const watch = await admin.watch(
    `${path}?watch=1&resourceVersion=${await versionOf(admin, path)}`,
  );
  await admin.post(path, aConfigMap('a'));
  await admin.post(path, aConfigMap('b'));
  expect(told(await watch.take(2))).toEqual(['ADDED a', 'ADDED b']);
  watch.end();
});

test.for(['', '&resourceVersion=0'])(
  'without a version begins with what is there: "%s"',
  async (version, { admin, space }) => {
    const path = space.of('configmaps');
    const { body: a } = await admin.post(path, aConfigMap('a'));
    const query = `watch=true&fieldSelector=metadata.name%3Da${version}`;
    // A list of version 0 may come from a cache that is a moment behind.
    const watch = await admin.watch(`${path}?${query}`);
    const [line] = await watch.take(1);
    expect(line).toEqual({ type: 'ADDED', object: a });
    watch.end();
  },
);

test('each event carries the whole object, with the version of the event', async ({
  admin,
  space,
}) => {
  const path = space.of('configmaps');
  const from = await versionOf(admin, path);
  const { body: made } = await admin.post(path, aConfigMap('a'));
  const { body: changed } = await admin.patch(`${path}/a`, { data: { k: 'v' } });
  const watch = await admin.watch(`${path}?watch=1&resourceVersion=${from}`);
  expect(await watch.take(2)).toEqual([
    { type: 'ADDED', object: made },
    { type: 'MODIFIED', object: changed },
  ]);
  watch.end();
});

test('a deletion carries a version of its own, so that a watch resumes behind it', async ({
  admin,
  space,
}) => {
  const path = space.of('configmaps');
  await admin.post(path, aConfigMap('a', { k: 'v' }));
  const from = await versionOf(admin, path);
  await admin.delete(`${path}/a`);
  const watch = await admin.watch(`${path}?watch=1&resourceVersion=${from}`);
  const [line] = await watch.take(1);
  watch.end();
  expect([line?.type, line?.object['data']]).toEqual(['DELETED', { k: 'v' }]);
  const version = line?.object.metadata.resourceVersion ?? '';
  expect(Number(version)).toBeGreaterThan(Number(from));
  const next = await admin.watch(`${path}?watch=1&resourceVersion=${version}`);
  await admin.post(path, aConfigMap('b'));
  expect(told(await next.take(1))).toEqual(['ADDED b']);
  next.end();
});

test('resumes behind the last event that was heard, and loses none', async ({ admin, space }) => {
  const path = space.of('configmaps');
  let from = await versionOf(admin, path);
  const heard: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    await admin.post(path, aConfigMap(name));
    await admin.post(path, aConfigMap(`${name}2`));
    const watch = await admin.watch(`${path}?watch=1&resourceVersion=${from}`);
    for (const { type, object } of await watch.take(2)) {
      heard.push(`${type} ${object.metadata.name}`);
      from = object.metadata.resourceVersion;
    }
    watch.end();
  }
  expect(heard).toEqual(['a', 'a2', 'b', 'b2', 'c', 'c2'].map((name) => `ADDED ${name}`));
});

test('hears of its own namespace only', async ({ admin, space }) => {
  const path = space.of('configmaps');
  const from = await versionOf(admin, path);
  const watch = await admin.watch(`${path}?watch=1&resourceVersion=${from}`);
  const other = '/api/v1/namespaces/default/configmaps';
  await admin.post(other, aConfigMap(space.name));
  await admin.delete(`${other}/${space.name}`);
  await admin.post(path, aConfigMap('a'));
  expect(told(await watch.take(1))).toEqual(['ADDED a']);
  watch.end();
});

test('an object that comes into a selection is added, one that leaves it is deleted', async ({
  admin,
  space,
}) => {
  const path = space.of('configmaps');
  await admin.post(path, aConfigMap('a', { k: 'v' }));
  const from = await versionOf(admin, path);
  await admin.patch(`${path}/a`, { metadata: { labels: { x: 'y' } } });
  const { body: left } = await admin.patch(`${path}/a`, {
    metadata: { labels: { x: null } },
    data: { k: 'w' },
  });
  const watch = await admin.watch(`${path}?watch=1&labelSelector=x&resourceVersion=${from}`);
  const [added, deleted] = await watch.take(2);
  watch.end();
  expect([added?.type, deleted?.type]).toEqual(['ADDED', 'DELETED']);
  // The object as the watcher last knew it, at the version at which it left.
  expect([deleted?.object['data'], deleted?.object.metadata.resourceVersion]).toEqual([
    { k: 'v' },
    left.metadata.resourceVersion,
  ]);
});

test('a single object is watched by its name', async ({ admin, space }) => {
  const path = space.of('configmaps');
  const from = await versionOf(admin, path);
  await admin.post(path, aConfigMap('a'));
  await admin.post(path, aConfigMap('b'));
  const query = `watch=1&fieldSelector=metadata.name%3Db&resourceVersion=${from}`;
  const watch = await admin.watch(`${path}?${query}`);
  expect(told(await watch.take(1))).toEqual(['ADDED b']);
  watch.end();
});

test('ends after timeoutSeconds', async ({ admin, space }) => {
  const path = space.of('configmaps');
  const query = `watch=1&timeoutSeconds=1&resourceVersion=${await versionOf(admin, path)}`;
  const watch = await admin.watch(`${path}?${query}`);
  expect((await watch.take(5)).filter(({ type }) => type !== 'BOOKMARK')).toEqual([]);
});

test('a bookmark carries a version, a kind and nothing else', async ({ admin, space }) => {
  const path = space.of('configmaps');
  const from = await versionOf(admin, path);
  const query = `watch=1&allowWatchBookmarks=true&timeoutSeconds=7&resourceVersion=${from}`;
  const lines = await (await admin.watch(`${path}?${query}`)).take(5);
  const bookmarks = lines.filter(({ type }) => type === 'BOOKMARK');
  expect(bookmarks.length).toBeGreaterThan(0);
  const [{ object } = { object: undefined }] = bookmarks;
  expect([object?.kind, object?.apiVersion, object?.['data']]).toEqual([
    'ConfigMap',
    'v1',
    undefined,
  ]);
  expect(Number(object?.metadata.resourceVersion)).toBeGreaterThanOrEqual(Number(from));
});

test('sendInitialEvents ends what is there with a bookmark that says so', async ({
  admin,
  space,
}) => {
  const path = space.of('configmaps');
  await admin.post(path, aConfigMap('a'));
  const query =
    'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const watch = await admin.watch(`${path}?${query}`);
  const lines = await watch.take(3);
  watch.end();
  expect(lines.map(({ type }) => type)).toEqual(['ADDED', 'ADDED', 'BOOKMARK']);
  expect(lines[2]?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
});

test('sendInitialEvents needs its resourceVersionMatch', async ({ admin, space }) => {
  const path = `${space.of('configmaps')}?watch=1&sendInitialEvents=true&allowWatchBookmarks=true`;
  const answer = await admin.get<Failure>(path);
  expect(refusal(answer).slice(0, 2)).toEqual([422, 'Invalid']);
  expect(answer.body.message).toContain(
    'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
  );
});

test('a version that is long gone is 410 Expired', async ({ admin, space, boats }) => {
  // Version 1 is before the kind was; of one as old as its server a young server may still know all.
  const watch = await admin.watch(`${boats.of(space)}?watch=1&resourceVersion=1`);
  const [line] = await watch.take(1);
  expect(line).toMatchObject({
    type: 'ERROR',
    object: { kind: 'Status', status: 'Failure', code: 410, reason: 'Expired' },
  });
  expect(line?.object['message']).toMatch(/^too old resource version: 1 \(\d+\)$/);
  expect(await watch.take(1)).toEqual([]);
});

test('a custom kind is watched like any other', async ({ admin, space, boats }) => {
  const path = boats.of(space);
  const watch = await admin.watch(
    `${path}?watch=1&resourceVersion=${await versionOf(admin, path)}`,
  );
  await admin.post(path, boats.aBoat('a'));
  await admin.patch(`${path}/a/status`, { status: { set: 1 } });
  expect(told(await watch.take(2))).toEqual(['ADDED a', 'MODIFIED a']);
  watch.end();
});

test('definitions are watched until they are established', async ({ admin, boats }) => {
  const watch = await admin.watch(
    `${CRDS}?watch=1&fieldSelector=metadata.name%3D${boats.definition}`,
  );
  await eventually(async () => {
    const [line] = await watch.take(1);
    const { conditions = [] } = line?.object['status'] as {
      conditions?: { type: string; status: string }[];
    };
    return conditions.some(({ type, status }) => type === 'Established' && status === 'True');
  });
  watch.end();
});

test('tables and metadata are watched too', async ({ admin, space }) => {
  const path = space.of('configmaps');
  await admin.post(path, aConfigMap('a', { k: 'v' }));
  const query = 'watch=1&fieldSelector=metadata.name%3Da';
  const accept = (as: string): string => `application/json;as=${as};v=v1;g=meta.k8s.io`;
  const table = await admin.watch(`${path}?${query}`, accept('Table'));
  const [row] = await table.take(1);
  table.end();
  expect(row?.object).toMatchObject({ kind: 'Table', rows: [{ cells: ['a', 1, aString(/s$/)] }] });
  const metadata = await admin.watch(`${path}?${query}`, accept('PartialObjectMetadata'));
  const [partial] = await metadata.take(1);
  metadata.end();
  expect(partial?.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'a' } });
  expect(partial?.object['data']).toBeUndefined();
});
