// A loop's metrics, under the names, labels and buckets of controller-runtime.
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { queueMetrics } from './queue.ts';
import type { QueueMetrics } from './queue.ts';

const OUTCOMES = ['success', 'error', 'requeue', 'requeue_after'] as const;

export type Outcome = (typeof OUTCOMES)[number];

export interface LoopMetrics extends QueueMetrics {
  concurrency(count: number): void;
  started(): void;
  finished(outcome: Outcome, tookMs: number): void;
  /** A plan threw, which it never does: what a panic is in Go. */
  panicked(): void;
}

const SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1,
  1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];

export function loopMetrics(registers: Registry[]): (name: string) => LoopMetrics {
  const queueOf = queueMetrics(registers);
  const all = runMetrics(registers);
  return (controller) => {
    // A rate of what never happened must be 0 and not absent.
    for (const result of OUTCOMES) all.runs.inc({ controller, result }, 0);
    for (const counter of [all.errors, all.terminal, all.panics]) counter.inc({ controller }, 0);
    all.active.set({ controller }, 0);
    return {
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
      },
      panicked() {
        all.panics.inc({ controller });
      },
    };
  };
}

function runMetrics(registers: Registry[]) {
  const shared = { labelNames: ['controller'] as const, registers };
  const name = (end: string): string => `controller_runtime_${end}`;
  const counter = (end: string, help: string): Counter<'controller'> =>
    new Counter({ ...shared, name: name(end), help });
  const gauge = (end: string, help: string): Gauge<'controller'> =>
    new Gauge({ ...shared, name: name(end), help });
  return {
    runs: new Counter({
      name: name('reconcile_total'),
      help: 'Runs of keys, by result.',
      labelNames: ['controller', 'result'],
      registers,
    }),
    took: new Histogram({
      ...shared,
      name: name('reconcile_time_seconds'),
      help: 'How long runs took.',
      buckets: SECONDS,
    }),
    errors: counter('reconcile_errors_total', 'Runs that failed.'),
    // What is hopeless is a condition here and no error, so this one stays at 0.
    terminal: counter('terminal_reconcile_errors_total', 'Runs that failed for good.'),
    panics: counter('reconcile_panics_total', 'Plans that threw.'),
    active: gauge('active_workers', 'Keys running now.'),
    most: gauge('max_concurrent_reconciles', 'Keys that may run at the same time.'),
  };
}
