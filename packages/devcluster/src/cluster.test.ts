// What a cluster in this process can be told to do, and what no real one can be asked. The rules of the API itself
// are in conformance/.
import { expect, test } from 'vitest';
import { createCluster } from './cluster.ts';
import type { LogOptions } from './logs.ts';
import { aConfigMap, apiUser, aPod } from './testing.ts';
import type { Failure, ObjectList, WatchLine } from './testing.ts';

const SPACE = '/api/v1/namespaces/default';
const MAPS = `${SPACE}/configmaps`;
const PODS = `${SPACE}/pods`;

const told = (lines: WatchLine[]): string[] =>
  lines.map(({ type, object }) => `${type} ${object.metadata.name}`);

test('takes uids and the time from where it is told, so that a test can repeat itself', async () => {
  let last = 0;
  const now = Date.parse('2026-01-02T03:04:05Z');
  const api = apiUser(createCluster({ newUid: () => `uid-${(last += 1)}`, now: () => now }));
  const { body } = await api.post(MAPS, aConfigMap('a'));
  expect([body.metadata.uid, body.metadata.creationTimestamp]).toEqual([
    `uid-${last}`,
    '2026-01-02T03:04:05Z',
  ]);
});

test('a token ends with its time', async () => {
  let now = Date.parse('2026-01-02T03:04:05Z');
  const cluster = createCluster({ now: () => now });
  const { body } = await apiUser(cluster).post(`${SPACE}/serviceaccounts/default/token`, {});
  const { token } = body['status'] as { token: string };
  const codeOf = async (): Promise<number> => (await apiUser(cluster, token).get('/version')).code;
  expect(await codeOf()).toBe(200);
  now += 3_601_000;
  expect(await codeOf()).toBe(401);
});

test('whole numbers that no double holds come back as they went', async () => {
  const api = apiUser(createCluster());
  const text = '{"metadata":{"name":"a"},"value":1,"description":"12345678901234567890"}';
  const path = '/apis/scheduling.k8s.io/v1/priorityclasses';
  const headers = { 'content-type': 'application/json' };
  const body = text.replace('"value":1', '"value":9007199254740993');
  const response = await api.send(path, { method: 'POST', headers, body });
  const answer = await response.text();
  expect([response.status, answer]).toEqual([
    201,
    expect.stringContaining('"value":9007199254740993,"description":"12345678901234567890"'),
  ]);
});

test('a patch never changes what was read before', async () => {
  const api = apiUser(createCluster());
  const watch = await api.watch(`${PODS}?watch=1`);
  const pod = await api.post(PODS, aPod('a'));
  await api.patch(`${PODS}/a/status`, { status: { phase: 'Running' } });
  const [added] = await watch.take(1);
  expect([added?.object, pod.body['status']]).toEqual([
    pod.body,
    { phase: 'Pending', qosClass: 'BestEffort' },
  ]);
});

test.each([
  {
    name: 'after compaction',
    forget: (cluster: ReturnType<typeof createCluster>) => {
      cluster.compact();
      return Promise.resolve();
    },
  },
  {
    name: 'when history has run over',
    forget: async (cluster: ReturnType<typeof createCluster>) => {
      for (let i = 0; i < 8; i += 1) await apiUser(cluster).post(MAPS, aConfigMap(`m${i}`));
    },
  },
])('an old version is 410 Expired $name, for a watch and for a list', async ({ forget }) => {
  const cluster = createCluster({ historyLimit: 2 });
  const api = apiUser(cluster);
  await api.post(MAPS, aConfigMap('a'));
  const { metadata } = (await api.get<ObjectList>(`${MAPS}?limit=1`)).body;
  await api.post(MAPS, aConfigMap('b'));
  await forget(cluster);
  const watch = await api.watch(`${MAPS}?watch=1&resourceVersion=${metadata.resourceVersion}`);
  const [line] = await watch.take(1);
  const page = await api.get<Failure>(`${MAPS}?limit=1&continue=${metadata.continue ?? ''}`);
  expect([line?.type, line?.object['code'], page.code, page.body.reason]).toEqual([
    'ERROR',
    410,
    410,
    'Expired',
  ]);
});

test('watches that are dropped end, and others can be opened', async () => {
  const cluster = createCluster();
  const api = apiUser(cluster);
  const watch = await api.watch(`${PODS}?watch=1`);
  cluster.dropWatches();
  expect(await watch.take(1)).toEqual([]);
  await api.post(PODS, aPod('a'));
  expect(told(await (await api.watch(`${PODS}?watch=1`)).take(1))).toEqual(['ADDED a']);
});

test('watches that are silenced stay open and hear nothing more', async () => {
  const cluster = createCluster();
  const api = apiUser(cluster);
  const silent = await api.watch(`${PODS}?watch=1`);
  await api.post(PODS, aPod('a'));
  cluster.silenceWatches();
  await api.post(PODS, aPod('b'));
  const next = await api.watch(`${PODS}?watch=1`);
  cluster.dropWatches();
  expect([told(await silent.take(9)), told(await next.take(9))]).toEqual([
    ['ADDED a'],
    ['ADDED a', 'ADDED b'],
  ]);
});

test('watches that expire are told 410, and end', async () => {
  const cluster = createCluster();
  const watch = await apiUser(cluster).watch(`${PODS}?watch=1`);
  cluster.expireWatches();
  const lines = await watch.take(9);
  expect(lines.map(({ type, object }) => [type, object['code']])).toEqual([['ERROR', 410]]);
});

test('a restart ends watches and forgets history, and nothing else', async () => {
  const cluster = createCluster();
  const api = apiUser(cluster);
  const from = (await api.get<ObjectList>(MAPS)).body.metadata.resourceVersion;
  await api.post(MAPS, aConfigMap('a'));
  const watch = await api.watch(`${PODS}?watch=1`);
  cluster.restart();
  const again = await api.watch(`${MAPS}?watch=1&resourceVersion=${from}`);
  expect([await watch.take(1), (await again.take(1))[0]?.type]).toEqual([[], 'ERROR']);
  expect((await api.get(`${MAPS}/a`)).code).toBe(200);
});

test('a cluster that is closed is 503', async () => {
  const cluster = createCluster();
  cluster.close();
  expect((await apiUser(cluster).get(PODS)).code).toBe(503);
});

test.each([
  { meets: { code: 500 }, gives: [500, 'InternalError', null] },
  { meets: { code: 429, retryAfterSeconds: 3 }, gives: [429, 'TooManyRequests', '3'] },
  { meets: { code: 409 }, gives: [409, 'Conflict', null] },
  { meets: { code: 410 }, gives: [410, 'Expired', null] },
  { meets: { code: 503 }, gives: [503, 'ServiceUnavailable', null] },
])('a fault answers $meets.code, once, and nothing was done', async ({ meets, gives }) => {
  const cluster = createCluster();
  const api = apiUser(cluster);
  cluster.addFault({ verbs: ['create'], resource: 'configmaps', meets });
  const { code, body, headers } = await api.post<Failure>(MAPS, aConfigMap('a'));
  expect([code, body.reason, headers.get('retry-after')]).toEqual(gives);
  expect((await api.get(`${MAPS}/a`)).code).toBe(404);
  expect((await api.post(MAPS, aConfigMap('a'))).code).toBe(201);
});

test('a fault concerns the requests that it names, as often as it says, until it is taken away', async () => {
  const cluster = createCluster();
  const api = apiUser(cluster);
  await api.post(MAPS, aConfigMap('a'));
  await api.post(MAPS, aConfigMap('b'));
  const end = cluster.addFault({
    verbs: ['get'],
    resource: 'configmaps',
    namespace: 'default',
    name: 'a',
    times: 3,
    meets: { code: 500 },
  });
  const codeOf = async (path: string): Promise<number> => (await api.get(path)).code;
  expect([await codeOf(`${MAPS}/a`), await codeOf(`${MAPS}/b`), await codeOf(MAPS)]).toEqual([
    500, 200, 200,
  ]);
  expect(await codeOf(`${MAPS}/a`)).toBe(500);
  end();
  expect(await codeOf(`${MAPS}/a`)).toBe(200);
});

test('an answer that is delayed comes when its time has passed', async () => {
  const slept: number[] = [];
  const cluster = createCluster({
    sleep: (ms) => {
      slept.push(ms);
      return Promise.resolve();
    },
  });
  cluster.addFault({ meets: { delayMs: 250 } });
  expect((await apiUser(cluster).get(PODS)).code).toBe(200);
  expect(slept).toEqual([250]);
});

test.each([
  { lose: 'request', there: 404 },
  { lose: 'answer', there: 200 },
] as const)('a lost $lose breaks the connection', async ({ lose, there }) => {
  const cluster = createCluster();
  const api = apiUser(cluster);
  cluster.addFault({ verbs: ['create'], meets: { lose } });
  await expect(api.post(MAPS, aConfigMap('a'))).rejects.toThrow('fetch failed');
  expect((await api.get(`${MAPS}/a`)).code).toBe(there);
});

test('a log is asked of the node, and its problem is told', async () => {
  const asked: LogOptions[] = [];
  const problem = 'container "main" in pod "a" is waiting to start: ContainerCreating';
  const podLogs = (_: object, options: LogOptions) => {
    asked.push(options);
    return Promise.resolve({ problem });
  };
  const api = apiUser(createCluster({ podLogs }));
  await api.post(PODS, aPod('a'));
  await api.post(`${PODS}/a/binding`, { target: { kind: 'Node', name: 'one' } });
  const { code, body } = await api.get<Failure>(`${PODS}/a/log?tailLines=5&follow=true`);
  expect([code, body.message]).toEqual([400, problem]);
  expect(asked).toEqual([
    { container: 'main', follow: true, previous: false, timestamps: false, tailLines: 5 },
  ]);
});
