// The rules of a watch.
import { beforeEach, expect, test } from 'vitest';
import { createCluster } from './cluster.ts';
import type { Cluster } from './cluster.ts';
import { aPod, apiUser } from './testing.ts';
import type { ApiUser, ObjectList, WatchLine } from './testing.ts';

const PODS = '/api/v1/namespaces/default/pods';

let cluster: Cluster;
let api: ApiUser;

beforeEach(() => {
  cluster = createCluster({ historyLimit: 2 });
  api = apiUser(cluster);
});

const told = (lines: WatchLine[]): string[] =>
  lines.map(({ type, object }) => `${type} ${object.metadata.name}`);

const versionNow = async (): Promise<string> =>
  (await api.get<ObjectList>(PODS)).body.metadata.resourceVersion;

test('tells what happened since a version, in order', async () => {
  const from = await versionNow();
  await api.post(PODS, aPod('a'));
  await api.patch(`${PODS}/a`, { metadata: { labels: { x: 'y' } } });
  await api.delete(`${PODS}/a`);
  const lines = await api.watch(`${PODS}?watch=1&resourceVersion=${from}`, 3);
  expect(told(lines)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
});

test('goes on with what happens after it began', async () => {
  const from = await versionNow();
  const lines = api.watch(`${PODS}?watch=1&resourceVersion=${from}`, 2);
  await api.post(PODS, aPod('a'));
  await api.post(PODS, aPod('b'));
  expect(told(await lines)).toEqual(['ADDED a', 'ADDED b']);
});

test('without a version begins with what is there', async () => {
  await api.post(PODS, aPod('a'));
  expect(told(await api.watch(`${PODS}?watch=1`, 1))).toEqual(['ADDED a']);
});

test('a deletion carries a version of its own, so that a watch resumes behind it', async () => {
  await api.post(PODS, aPod('a'));
  const from = await versionNow();
  await api.delete(`${PODS}/a`);
  const [line] = await api.watch(`${PODS}?watch=1&resourceVersion=${from}`, 1);
  expect(Number(line?.object.metadata.resourceVersion)).toBeGreaterThan(Number(from));
});

test('an object that comes into a selection is added, one that leaves it is deleted', async () => {
  await api.post(PODS, aPod('a'));
  const from = await versionNow();
  await api.patch(`${PODS}/a`, { metadata: { labels: { x: 'y' } } });
  await api.patch(`${PODS}/a`, { metadata: { labels: { x: null } } });
  const lines = await api.watch(`${PODS}?watch=1&labelSelector=x&resourceVersion=${from}`, 2);
  expect(told(lines)).toEqual(['ADDED a', 'DELETED a']);
});

test.each([
  {
    name: 'after compaction',
    forget: () => {
      cluster.compact();
      return Promise.resolve();
    },
  },
  {
    name: 'when history has run over',
    forget: async () => {
      for (let i = 0; i < 8; i += 1) await api.post(PODS, aPod(`p${i}`));
    },
  },
])('answers an old version with 410 Expired $name', async ({ forget }) => {
  await api.post(PODS, aPod('a'));
  const from = await versionNow();
  await api.post(PODS, aPod('b'));
  await forget();
  const [line] = await api.watch(`${PODS}?watch=1&resourceVersion=${from}`, 1);
  expect(line).toMatchObject({
    type: 'ERROR',
    object: { kind: 'Status', code: 410, reason: 'Expired' },
  });
});

test('ends after timeoutSeconds, with a bookmark if one was wanted', async () => {
  const from = await versionNow();
  const path = `${PODS}?watch=1&allowWatchBookmarks=true&timeoutSeconds=0&resourceVersion=${from}`;
  const lines = await api.watch(path, 5);
  expect(lines.map(({ type, object }) => [type, object.metadata.resourceVersion])).toEqual([
    ['BOOKMARK', from],
  ]);
});

test('sendInitialEvents ends them with a bookmark that says so', async () => {
  await api.post(PODS, aPod('a'));
  const query =
    'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const [added, bookmark] = await api.watch(`${PODS}?${query}`, 2);
  expect(added?.type).toBe('ADDED');
  expect(bookmark?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
});

test('ends when watches are dropped, and another can be opened', async () => {
  const lines = api.watch(`${PODS}?watch=1`, 1);
  await api.get(PODS);
  cluster.dropWatches();
  expect(await lines).toEqual([]);
  await api.post(PODS, aPod('a'));
  expect(await api.watch(`${PODS}?watch=1`, 1)).toHaveLength(1);
});
