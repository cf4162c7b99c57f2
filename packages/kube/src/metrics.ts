// Metrics under the names that controller-runtime gave them, since people have dashboards for them.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface QueueMetrics {
  added(depth: number): void;
  taken(waitedMs: number, depth: number): void;
  retried(): void;
}

export type Outcome = 'success' | 'error' | 'requeue' | 'requeue_after';

export interface LoopMetrics extends QueueMetrics {
  concurrency(count: number): void;
  started(): void;
  finished(outcome: Outcome, tookMs: number): void;
}

export interface CacheMetrics {
  synced(synced: boolean): void;
  heard(atMs: number): void;
  restarted(): void;
  holds(count: number): void;
}

export interface Metrics {
  /** Register more metrics here. */
  readonly registry: Registry;
  /** The text to serve at /metrics. */
  expose(): Promise<{ type: string; body: string }>;
  loop(name: string): LoopMetrics;
  cache(kind: string): CacheMetrics;
  leading(lease: string, leads: boolean): void;
}

export interface MetricsOptions {
  /** Also those of the process (`process_*`, `nodejs_*`). */
  process?: boolean;
}

// Those of client-go's work queue: 10 ns to 1000 s; below 1 ms nothing can be told apart here.
const QUEUE_SECONDS = [0.001, 0.01, 0.1, 1, 10, 100, 1_000];
// controller-runtime's.
const RECONCILE_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1,
  1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];

const queueLabels = ['name', 'controller'] as const;

function queueMetrics(registers: Registry[]): (name: string) => QueueMetrics {
  const labelNames = queueLabels;
  const shared = { labelNames, registers };
  const depth = new Gauge({ ...shared, name: 'workqueue_depth', help: 'Keys ready to run.' });
  const adds = new Counter({ ...shared, name: 'workqueue_adds_total', help: 'Keys added.' });
  const retries = new Counter({
    ...shared,
    name: 'workqueue_retries_total',
    help: 'Keys added again after a failure.',
  });
  const waits = new Histogram({
    ...shared,
    name: 'workqueue_queue_duration_seconds',
    help: 'How long keys were ready before they ran.',
    buckets: QUEUE_SECONDS,
  });
  return (name) => {
    const labels = { name, controller: name };
    return {
      added(count) {
        adds.inc(labels);
        depth.set(labels, count);
      },
      taken(waitedMs, count) {
        waits.observe(labels, waitedMs / 1_000);
        depth.set(labels, count);
      },
      retried() {
        retries.inc(labels);
      },
    };
  };
}

interface RunMetrics {
  runs: Counter<'controller' | 'result'>;
  errors: Counter<'controller'>;
  took: Histogram<'controller'>;
  worked: Histogram<'name' | 'controller'>;
  active: Gauge<'controller'>;
  most: Gauge<'controller'>;
}

function runMetrics(registers: Registry[]): RunMetrics {
  const shared = { labelNames: ['controller'] as const, registers };
  const name = (end: string): string => `controller_runtime_${end}`;
  return {
    runs: new Counter({
      name: name('reconcile_total'),
      help: 'Runs of keys, by result.',
      labelNames: ['controller', 'result'],
      registers,
    }),
    errors: new Counter({
      ...shared,
      name: name('reconcile_errors_total'),
      help: 'Runs that failed.',
    }),
    took: new Histogram({
      ...shared,
      name: name('reconcile_time_seconds'),
      help: 'How long runs took.',
      buckets: RECONCILE_SECONDS,
    }),
    worked: new Histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'How long keys ran.',
      labelNames: queueLabels,
      buckets: QUEUE_SECONDS,
      registers,
    }),
    active: new Gauge({ ...shared, name: name('active_workers'), help: 'Keys running now.' }),
    most: new Gauge({
      ...shared,
      name: name('max_concurrent_reconciles'),
      help: 'Keys that may run at the same time.',
    }),
  };
}

function loopMetrics(registers: Registry[]): (name: string) => LoopMetrics {
  const queueOf = queueMetrics(registers);
  const all = runMetrics(registers);
  return (controller) => ({
    ...queueOf(controller),
    concurrency(count) {
      all.most.set({ controller }, count);
    },
    started() {
      all.active.inc({ controller });
    },
    finished(result, tookMs) {
      all.active.dec({ controller });
      all.runs.inc({ controller, result });
      if (result === 'error') all.errors.inc({ controller });
      all.took.observe({ controller }, tookMs / 1_000);
      all.worked.observe({ name: controller, controller }, tookMs / 1_000);
    },
  });
}

function cacheMetrics(registers: Registry[]): (kind: string) => CacheMetrics {
  const shared = { labelNames: ['kind'] as const, registers };
  const synced = new Gauge({
    ...shared,
    name: 'muster_cache_synced',
    help: 'Whether the first list is in.',
  });
  const heard = new Gauge({
    ...shared,
    name: 'muster_cache_last_event_timestamp_seconds',
    help: 'When the server last said anything.',
  });
  const restarts = new Counter({
    ...shared,
    name: 'muster_cache_restarts_total',
    help: 'Lists and watches begun anew after a failure.',
  });
  const objects = new Gauge({ ...shared, name: 'muster_cache_objects', help: 'Objects held.' });
  return (kind) => ({
    synced(yes) {
      synced.set({ kind }, yes ? 1 : 0);
    },
    heard(atMs) {
      heard.set({ kind }, atMs / 1_000);
    },
    restarted() {
      restarts.inc({ kind });
    },
    holds(count) {
      objects.set({ kind }, count);
    },
  });
}

/** A registry of its own; prom-client's global one is not used. */
export function createMetrics({ process = false }: MetricsOptions = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (process) collectDefaultMetrics({ register: registry });
  const leader = new Gauge({
    name: 'leader_election_master_status',
    help: 'Whether this process holds the lease.',
    labelNames: ['name'],
    registers,
  });
  return {
    registry,
    async expose() {
      return { type: registry.contentType, body: await registry.metrics() };
    },
    loop: loopMetrics(registers),
    cache: cacheMetrics(registers),
    leading(name, leads) {
      leader.set({ name }, leads ? 1 : 0);
    },
  };
}
