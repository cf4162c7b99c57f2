// Names, labels and buckets, since dashboards and alerts of others ask for exactly these.
import { expect, test } from 'vitest';
import { createKubeClient } from './client.ts';
import { ConfigMapKind } from './kinds.ts';
import { createMetrics } from './metrics.ts';
import { createQueue } from './queue.ts';
import { aConfigMap } from './testing/cluster.ts';
import { createSteppedClock } from './testing/index.ts';
import type { Metrics } from './metrics.ts';

/** The lines of a metric, or of all whose names begin so. */
async function lines(metrics: Metrics, name: string): Promise<string[]> {
  const { body } = await metrics.expose();
  return body.split('\n').filter((line) => line.startsWith(name));
}

const bounds = (all: string[]): number[] =>
  all.flatMap((line) => /_bucket\{le="([^"+]+)"/.exec(line)?.[1] ?? []).map(Number);

test('requests are counted by code, method and host, one a try', async () => {
  const metrics = createMetrics();
  const answers = [
    () => Promise.resolve(new Response('{}', { status: 503 })),
    () => Promise.resolve(Response.json({ metadata: {}, items: [] })),
    () => Promise.resolve(new Response('{}', { status: 409 })),
    () => Promise.reject(new Error('the connection broke')),
  ];
  const fetch = (): Promise<Response> =>
    answers.shift()?.() ?? Promise.reject(new Error('no answer is left'));
  const client = createKubeClient({ fetch, metrics });
  await client.list(ConfigMapKind);
  await expect(client.create(ConfigMapKind, aConfigMap('a'))).rejects.toThrow();
  await expect(client.create(ConfigMapKind, aConfigMap('a'))).rejects.toThrow();
  expect(await lines(metrics, 'rest_client_requests_total')).toEqual([
    'rest_client_requests_total{code="503",method="GET",host="in-process"} 1',
    'rest_client_requests_total{code="200",method="GET",host="in-process"} 1',
    'rest_client_requests_total{code="409",method="POST",host="in-process"} 1',
    'rest_client_requests_total{code="<error>",method="POST",host="in-process"} 1',
  ]);
  const took = await lines(metrics, 'rest_client_request_duration_seconds');
  expect(bounds(took.filter((line) => line.includes('GET')))).toEqual([
    0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60,
  ]);
});

test('a loop shows what never happened as 0', async () => {
  const metrics = createMetrics();
  metrics.loop('pod').concurrency(4);
  expect(await lines(metrics, 'controller_runtime_')).toEqual([
    'controller_runtime_reconcile_total{controller="pod",result="success"} 0',
    'controller_runtime_reconcile_total{controller="pod",result="error"} 0',
    'controller_runtime_reconcile_total{controller="pod",result="requeue"} 0',
    'controller_runtime_reconcile_total{controller="pod",result="requeue_after"} 0',
    'controller_runtime_reconcile_errors_total{controller="pod"} 0',
    'controller_runtime_terminal_reconcile_errors_total{controller="pod"} 0',
    'controller_runtime_reconcile_panics_total{controller="pod"} 0',
    'controller_runtime_active_workers{controller="pod"} 0',
    'controller_runtime_max_concurrent_reconciles{controller="pod"} 4',
  ]);
});

test('a queue has the names, labels and buckets of client-go', async () => {
  const metrics = createMetrics();
  const clock = createSteppedClock();
  const queue = createQueue({ clock, metrics: metrics.loop('pod') });
  queue.add('n/a');
  queue.add('n/b');
  clock.advance(250);
  await queue.next();
  clock.advance(2_000);
  await queue.next();
  clock.advance(1_000);
  const labels = '{name="pod",controller="pod"}';
  expect(await lines(metrics, 'workqueue_')).toEqual(
    expect.arrayContaining([
      `workqueue_depth${labels} 0`,
      `workqueue_adds_total${labels} 2`,
      `workqueue_retries_total${labels} 0`,
      `workqueue_queue_duration_seconds_sum${labels} 2.5`,
      `workqueue_queue_duration_seconds_count${labels} 2`,
      `workqueue_unfinished_work_seconds${labels} 4`,
      `workqueue_longest_running_processor_seconds${labels} 3`,
    ]),
  );
  queue.done('n/a');
  queue.retry('n/a');
  expect(await lines(metrics, 'workqueue_')).toEqual(
    expect.arrayContaining([
      `workqueue_retries_total${labels} 1`,
      `workqueue_work_duration_seconds_sum${labels} 3`,
      `workqueue_unfinished_work_seconds${labels} 1`,
    ]),
  );
  expect(bounds(await lines(metrics, 'workqueue_work_duration_seconds'))).toEqual([
    1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100, 1000,
  ]);
  queue.stop();
});
