// The loop that every reconciler shares: one run at a time a key, and none on a stale cache.
import { runPass } from './pass.ts';
import { createQueue } from './queue.ts';
import { Writes } from './writes.ts';
import type { Events } from './events.ts';
import type { Metrics } from './metrics.ts';
import type { LoopMetrics, Outcome } from './metrics/loop.ts';
import type { KubeObject } from './object.ts';
import type { PassResult } from './pass.ts';
import type { Queue } from './queue.ts';
import type { Cache, Clock, KubeClient, Log, PlannedAction, Reconciler } from './types.ts';
import type { PassWrites } from './writes.ts';

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
  /** Asked before each action; a key that may not act is run again later. For a lease. */
  mayAct?: () => boolean;
}

export interface Loop {
  /** Runs the key, now or after so long; the earliest of several wins. */
  wake(key: string, afterMs?: number): void;
  /** Runs keys until the signal; resolves once those in flight have finished. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Nothing is ready, running or waiting to be seen in a cache. Keys due later do not count. */
  readonly idle: boolean;
}

// A cache that is behind catches up in a few runs. After that it is something else, and is told.
const QUIET_RETRIES = 5;

const OUTCOMES: Record<PassResult['is'], Outcome> = {
  done: 'success',
  gone: 'success',
  stopped: 'success',
  wait: 'requeue_after',
  stale: 'requeue',
  failed: 'error',
};

class ReconcilerLoop<Observed, Action extends PlannedAction> implements Loop {
  readonly #options: LoopOptions<Observed, Action>;
  readonly #metrics: LoopMetrics | undefined;
  readonly #queue: Queue;
  /** The last wait that was logged, by key. */
  readonly #waits = new Map<string, string>();

  constructor(options: LoopOptions<Observed, Action>) {
    const { clock, metrics, reconciler, concurrency } = options;
    this.#options = options;
    this.#metrics = metrics?.loop(reconciler.name);
    this.#metrics?.concurrency(concurrency);
    this.#queue = createQueue({ clock, metrics: this.#metrics });
  }

  get idle(): boolean {
    return this.#queue.idle;
  }

  wake(key: string, afterMs = 0): void {
    this.#queue.add(key, afterMs);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { client, clock, concurrency } = this.#options;
    const caches = this.#options.caches as readonly Cache<KubeObject>[];
    const writes = new Writes({ client, caches, clock });
    const stop = (): void => {
      this.#queue.stop();
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    await Promise.all(Array.from({ length: concurrency }, () => this.#work(writes, signal)));
    signal.removeEventListener('abort', stop);
    writes.stop();
  }

  async #work(writes: Writes, signal: AbortSignal): Promise<void> {
    for (;;) {
      const key = await this.#queue.next();
      if (key === undefined) return;
      const written = writes.begin(signal);
      const result = await this.#runOnce(key, written.client, signal);
      this.#requeue(key, result);
      // The worker is free for other keys meanwhile; this key stays "running".
      void this.#doneOnceVisible(key, written);
    }
  }

  async #runOnce(key: string, kube: KubeClient, signal: AbortSignal): Promise<PassResult> {
    const { reconciler, clock, log, events, mayAct } = this.#options;
    const startedAt = clock.elapsed();
    this.#metrics?.started();
    const isNews = ({ because }: PlannedAction): boolean => {
      const known = this.#waits.get(key) === because;
      this.#waits.set(key, because);
      return !known;
    };
    const result = await runPass({ key, reconciler, kube, log, events, signal, mayAct, isNews });
    if (result.is === 'done' || result.is === 'gone') this.#waits.delete(key);
    if (result.is === 'failed' && result.do === 'plan') this.#metrics?.panicked();
    this.#metrics?.finished(OUTCOMES[result.is], clock.elapsed() - startedAt);
    return result;
  }

  #requeue(key: string, result: PassResult): void {
    switch (result.is) {
      case 'done':
      case 'gone':
      case 'stopped':
        this.#queue.forget(key);
        return;
      case 'wait':
        this.#queue.forget(key);
        this.#queue.add(key, Math.max(1, result.ms));
        return;
      case 'stale':
      case 'failed':
        this.#report(key, result);
        this.#queue.retry(key, retryAfterOf(result.error));
        return;
    }
  }

  #report(key: string, { is, do: step, error }: PassResult & { do: string; error: unknown }): void {
    const { log, reconciler } = this.#options;
    const fields = { controller: reconciler.name, key, do: step, error };
    if (is === 'failed') log.error('the run failed and is tried again', fields);
    else if (this.#queue.retries(key) < QUIET_RETRIES) log.debug('the cache was behind', fields);
    else log.warn('the server has what the cache does not show', fields);
  }

  async #doneOnceVisible(key: string, written: PassWrites): Promise<void> {
    await written.settled((unseen) => {
      const { log, reconciler } = this.#options;
      log.warn('a write does not show in the cache', { controller: reconciler.name, key, unseen });
    });
    this.#queue.done(key);
  }
}

/** What the far side asked for; errors of any package may carry it. */
function retryAfterOf(error: unknown): number {
  const { retryAfterMs } = (error ?? {}) as { retryAfterMs?: unknown };
  return typeof retryAfterMs === 'number' ? retryAfterMs : 0;
}

/** A loop that runs a reconciler's keys once `run`; keys may be woken before. */
export const createLoop = <Observed, Action extends PlannedAction>(
  options: LoopOptions<Observed, Action>,
): Loop => new ReconcilerLoop(options);
