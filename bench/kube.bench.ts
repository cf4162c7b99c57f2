// What the Kubernetes runtime costs: a cache's memory and time to sync, events a second through cache and queue,
// creates a second by one client. `node bench/kube.bench.ts [--objects 10000] [--events 50000] [--creates 5000]`
//
// Each row has a process of its own. Cache and creates stand on the dev cluster, on a port in another process; the
// events come from a function that has them ready, so that only our own side is measured.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  createCache,
  createKubeClient,
  createQueue,
  loadConnection,
  PodKind,
  systemClock,
} from '../packages/kube/src/index.ts';
import type { KubeClient, Pod } from '../packages/kube/src/index.ts';
import { aCluster } from '../packages/kube/src/testing/cluster.ts';
import { silentLog } from '../packages/kube/src/testing/index.ts';
import { onPort, writeKubeconfig } from '../packages/kube/src/testing/port.ts';
import { memoryOf } from './memory.ts';

const IN_PARALLEL = 32;
const options = {
  objects: { type: 'string', default: '10000' },
  events: { type: 'string', default: '50000' },
  creates: { type: 'string', default: '5000' },
} as const;

interface Task {
  row: 'cache' | 'events' | 'creates';
  count: number;
  kubeconfig: string;
}

type Row = Record<string, string>;

const shared = { clock: systemClock, log: silentLog };

/** A pod of the size that a runner's pod has. */
const aPod = (name: string): Pick<Pod, 'apiVersion' | 'kind' | 'spec'> & { metadata: object } => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'default',
    labels: {
      'app.kubernetes.io/name': 'muster',
      'actions.github.com/scale-set-name': 'bench',
      'actions-ephemeral-runner': 'True',
    },
    annotations: { 'actions.github.com/patch-id': '7', hash: 'f'.repeat(64) },
  },
  spec: {
    restartPolicy: 'Never',
    containers: [
      {
        name: 'runner',
        image: 'ghcr.io/actions/actions-runner:latest',
        command: ['/home/runner/run.sh'],
        env: Array.from({ length: 6 }, (_, index) => ({
          name: `VARIABLE_${index}`,
          value: 'some',
        })),
      },
    ],
  },
});

const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
const aSecond = (count: number, ms: number): string => `${Math.round((count * 1_000) / ms)}`;

const anonymous = (): number => memoryOf()?.anonymous ?? 0;

/** What a row costs in CPU, which a busy machine does not change as it does the time. */
function stopwatch(): () => { ms: number; cpuMs: number } {
  const cpu = process.cpuUsage();
  const since = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { ms: performance.now() - since, cpuMs: (user + system) / 1_000 };
  };
}

async function many(count: number, each: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await each(next++);
  };
  await Promise.all(Array.from({ length: IN_PARALLEL }, worker));
}

const createPod = (client: KubeClient, name: string): Promise<unknown> =>
  client.create(PodKind, aPod(name) as Parameters<typeof client.create<Pod>>[1]);

async function cacheRow(client: KubeClient, count: number): Promise<Row> {
  globalThis.gc?.();
  const before = { heap: process.memoryUsage().heapUsed, anonymous: anonymous() };
  const lap = stopwatch();
  const cache = createCache({ ...shared, client, kind: PodKind });
  const stop = new AbortController();
  const ended = cache.run(stop.signal);
  await cache.whenSynced();
  const { ms, cpuMs } = lap();
  const peak = anonymous();
  globalThis.gc?.();
  const heap = process.memoryUsage().heapUsed - before.heap;
  const held = cache.list().length;
  stop.abort();
  await ended;
  if (held !== count) throw new Error(`the cache holds ${held} objects, not ${count}`);
  return {
    'objects in a cache': String(held),
    'time to sync': `${ms.toFixed(0)} ms, of it ${cpuMs.toFixed(0)} ms CPU of ours`,
    'heap for them': `${mebibytes(heap)}, ${(heap / held / 1024).toFixed(2)} KiB each`,
    'RssAnon after the list, above the start': mebibytes(peak - before.anonymous),
  };
}

const PODS = 1_000;

/** A server that has one list and one watch to tell. */
function scripted(count: number): (request: Request) => Promise<Response> {
  const encoder = new TextEncoder();
  const line = (index: number): Uint8Array => {
    const pod = aPod(`pod-${index % PODS}`);
    const identity = { uid: `uid-${index % PODS}`, resourceVersion: String(index + 2) };
    const object = { ...pod, metadata: { ...pod.metadata, ...identity } };
    return encoder.encode(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
  };
  const lines = Array.from({ length: count }, (_, index) => line(index));
  return (request) => {
    const isWatch = new URL(request.url).searchParams.has('watch');
    if (!isWatch) {
      return Promise.resolve(Response.json({ metadata: { resourceVersion: '1' }, items: [] }));
    }
    let next = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        for (let end = Math.min(next + 50, count); next < end; next += 1) {
          const bytes = lines[next];
          if (bytes !== undefined) controller.enqueue(bytes);
        }
      },
    });
    return Promise.resolve(new Response(body));
  };
}

async function eventsRow(count: number): Promise<Row> {
  const client = createKubeClient({ fetch: scripted(count) });
  const queue = createQueue({ clock: systemClock });
  const owner = ({ metadata }: Pod): string[] => [metadata.labels?.['owner'] ?? 'none'];
  const cache = createCache({ ...shared, client, kind: PodKind, indexes: { owner } });
  let told = 0;
  let runs = 0;
  const done = Promise.withResolvers<undefined>();
  cache.onChange(({ object }) => {
    told += 1;
    queue.add(`default/${object.metadata.name}`);
    if (told === count) done.resolve(undefined);
  });
  const working = (async () => {
    for (let key = await queue.next(); key !== undefined; key = await queue.next()) {
      runs += 1;
      queue.done(key);
    }
  })();
  const stop = new AbortController();
  const lap = stopwatch();
  const ended = cache.run(stop.signal);
  await done.promise;
  const { ms, cpuMs } = lap();
  queue.stop();
  stop.abort();
  await Promise.all([ended, working]);
  return {
    'events through cache and queue': String(count),
    'events a second': aSecond(count, ms),
    'CPU of ours an event': `${((cpuMs * 1_000) / count).toFixed(0)} µs`,
    'runs of keys': String(runs),
  };
}

async function createsRow(client: KubeClient, count: number): Promise<Row> {
  await many(200, (index) => createPod(client, `warm-up-${index}`));
  const lap = stopwatch();
  await many(count, (index) => createPod(client, `made-${index}`));
  const { ms, cpuMs } = lap();
  return {
    [`creates, ${IN_PARALLEL} in parallel`]: String(count),
    'creates a second': aSecond(count, ms),
    'CPU of ours a create': `${(cpuMs / count).toFixed(2)} ms`,
  };
}

/** One row, in this process. */
async function measure({ row, count, kubeconfig }: Task): Promise<Row> {
  if (row === 'events') return eventsRow(count);
  const connection = await loadConnection({ env: { KUBECONFIG: kubeconfig } });
  const client = createKubeClient({ connection });
  try {
    return await (row === 'cache' ? cacheRow(client, count) : createsRow(client, count));
  } finally {
    await client.close();
  }
}

async function inProcess(task: Task): Promise<Row> {
  const child = fork(fileURLToPath(import.meta.url), ['--task', JSON.stringify(task)], {
    execArgv: ['--expose-gc'],
  });
  const [[message]] = await Promise.all([
    once(child, 'message') as Promise<[Row]>,
    once(child, 'exit'),
  ]);
  return message;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { ...options, task: { type: 'string' } } });
  if (values.task !== undefined) {
    process.send?.(await measure(JSON.parse(values.task) as Task));
    process.disconnect();
    return;
  }
  const dir = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  const { client, cluster, fetch } = aCluster();
  const port = await onPort(fetch);
  const kubeconfig = join(dir, 'kubeconfig');
  await writeKubeconfig(kubeconfig, port.url);
  await many(Number(values.objects), (index) => createPod(client, `pod-${index}`));
  const tasks: Task[] = [
    { row: 'cache', count: Number(values.objects), kubeconfig },
    { row: 'events', count: Number(values.events), kubeconfig },
    { row: 'creates', count: Number(values.creates), kubeconfig },
  ];
  for (const task of tasks) {
    for (const [name, value] of Object.entries(await inProcess(task))) {
      process.stdout.write(`${name.padEnd(42)} ${value}\n`);
    }
    process.stdout.write('\n');
  }
  await port.close();
  cluster.close();
  await rm(dir, { recursive: true });
}

await main();
