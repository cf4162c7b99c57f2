import type { Events } from './events.ts';
import type { Metrics } from './metrics.ts';
import type { KubeObject } from './object.ts';
import type { Cache, Clock, KubeClient, Log, PlannedAction, Reconciler } from './types.ts';

export interface LoopOptions<Observed, Action extends PlannedAction> {
  reconciler: Reconciler<Observed, Action>;
  client: KubeClient;
  /** Of every kind that the reconciler writes and reads back. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a Cache<T> is no Cache<KubeObject>: its listeners take T
  caches: readonly Cache<any>[];
  /** How many keys are run at the same time. */
  concurrency: number;
  clock: Clock;
  log: Log;
  events?: Events;
  metrics?: Metrics;
}

export interface Loop {
  /** Runs the key, now or after so long; the earliest of several wins. */
  wake(key: string, afterMs?: number): void;
  /** Runs keys until the signal; resolves once those in flight have finished. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Nothing is ready, running or waiting to be seen in a cache. Keys due later do not count. */
  readonly idle: boolean;
}

export function createLoop<Observed, Action extends PlannedAction>(
  options: LoopOptions<Observed, Action>,
): Loop {
  throw new Error(`not yet ${options.reconciler.name} ${({} as KubeObject).kind}`);
}
