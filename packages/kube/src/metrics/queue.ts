// A queue's metrics, under the names, labels and buckets of controller-runtime.
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

export interface QueueMetrics {
  added(depth: number): void;
  taken(waitedMs: number, depth: number): void;
  worked(tookMs: number): void;
  retried(): void;
  /** How long each running key has been running, asked for when the metrics are read. */
  running(agesMs: () => number[]): void;
}

/** 10 ns to 1000 s. */
const SECONDS = Array.from({ length: 12 }, (_, power) => Number(`1e${power - 8}`));

const labelNames = ['name', 'controller'] as const;

export function queueMetrics(registers: Registry[]): (name: string) => QueueMetrics {
  const ages = new Map<string, () => number[]>();
  const counters = queueCounters(registers);
  const histograms = queueHistograms(registers);
  ageGauges(registers, ages);
  return (name) => {
    const labels = { name, controller: name };
    counters.depth.set(labels, 0);
    counters.adds.inc(labels, 0);
    counters.retries.inc(labels, 0);
    return {
      added(count) {
        counters.adds.inc(labels);
        counters.depth.set(labels, count);
      },
      taken(waitedMs, count) {
        histograms.waited.observe(labels, waitedMs / 1_000);
        counters.depth.set(labels, count);
      },
      worked(tookMs) {
        histograms.worked.observe(labels, tookMs / 1_000);
      },
      retried() {
        counters.retries.inc(labels);
      },
      running(agesMs) {
        ages.set(name, agesMs);
      },
    };
  };
}

function queueCounters(registers: Registry[]) {
  const shared = { labelNames, registers };
  return {
    depth: new Gauge({ ...shared, name: 'workqueue_depth', help: 'Keys ready to run.' }),
    adds: new Counter({ ...shared, name: 'workqueue_adds_total', help: 'Keys added.' }),
    retries: new Counter({
      ...shared,
      name: 'workqueue_retries_total',
      help: 'Keys added again after a failure.',
    }),
  };
}

function queueHistograms(registers: Registry[]) {
  const shared = { labelNames, buckets: SECONDS, registers };
  return {
    waited: new Histogram({
      ...shared,
      name: 'workqueue_queue_duration_seconds',
      help: 'How long keys were ready before they ran.',
    }),
    worked: new Histogram({
      ...shared,
      name: 'workqueue_work_duration_seconds',
      help: 'How long keys ran.',
    }),
  };
}

/** Two gauges that grow while a run hangs. */
function ageGauges(registers: Registry[], ages: ReadonlyMap<string, () => number[]>): void {
  const gauge = (name: string, help: string, of: (agesMs: number[]) => number): void => {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        for (const [controller, agesMs] of ages) {
          this.set({ name: controller, controller }, of(agesMs()) / 1_000);
        }
      },
    });
  };
  gauge(
    'workqueue_unfinished_work_seconds',
    'How long all keys that run now have been running, together.',
    (all) => all.reduce((sum, age) => sum + age, 0),
  );
  gauge(
    'workqueue_longest_running_processor_seconds',
    'How long the key that runs longest has been running.',
    (all) => Math.max(0, ...all),
  );
}
