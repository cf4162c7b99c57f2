// Keys to run: each at most once at a time, equal ones collapse, the earliest time wins.
import type { QueueMetrics } from './metrics/queue.ts';
import type { Clock } from './types.ts';

export interface QueueOptions {
  clock: Clock;
  metrics?: QueueMetrics | undefined;
  /** Between 0 and 1; for the jitter. */
  random?: () => number;
}

// controller-runtime's.
const BASE_MS = 5;
const MAX_MS = 1_000_000;
const JITTER = 0.2;

export class Queue {
  readonly #options: QueueOptions;
  /** In the order they became ready, with the time they did. */
  readonly #ready = new Map<string, number>();
  /** With the time they were taken. */
  readonly #running = new Map<string, number>();
  /** Asked for while running. */
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, { at: number; cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #stopped = false;

  constructor(options: QueueOptions) {
    this.#options = options;
    const { clock, metrics } = options;
    metrics?.running(() => [...this.#running.values()].map((since) => clock.elapsed() - since));
  }

  /** Makes the key ready, now or after so long. A key that is running becomes ready when done. */
  add(key: string, afterMs = 0): void {
    if (afterMs > 0) this.#delay(key, afterMs);
    else this.#makeReady(key);
  }

  /** Adds the key after its back-off, which doubles each time, and not before `atLeastMs`. */
  retry(key: string, atLeastMs = 0): void {
    const { metrics, random = Math.random } = this.#options;
    const failed = this.retries(key);
    this.#failures.set(key, failed + 1);
    metrics?.retried();
    const backOffMs = Math.min(MAX_MS, BASE_MS * 2 ** failed);
    const jitteredMs = Math.min(MAX_MS, backOffMs * (1 + JITTER * (2 * random() - 1)));
    this.#delay(key, Math.max(atLeastMs, jitteredMs));
  }

  /** How often the key was retried since it was last forgotten. */
  retries(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The key went well: its back-off starts anew. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next ready key, once there is one; it is running until `done`. Undefined: stopped. */
  next(): Promise<string | undefined> {
    if (this.#stopped) return Promise.resolve(undefined);
    const key = this.#take();
    if (key !== undefined) return Promise.resolve(key);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  done(key: string): void {
    const { clock, metrics } = this.#options;
    const since = this.#running.get(key);
    if (since !== undefined) metrics?.worked(clock.elapsed() - since);
    this.#running.delete(key);
    if (this.#again.delete(key)) this.#makeReady(key);
  }

  /** Nothing is ready and nothing is running. */
  get idle(): boolean {
    return this.#ready.size === 0 && this.#running.size === 0;
  }

  /** Ends all waits; keys added later are not given out. */
  stop(): void {
    this.#stopped = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#ready.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #take(): string | undefined {
    const [first] = this.#ready;
    if (first === undefined) return undefined;
    const [key, sinceMs] = first;
    this.#ready.delete(key);
    const { clock, metrics } = this.#options;
    const now = clock.elapsed();
    this.#running.set(key, now);
    metrics?.taken(now - sinceMs, this.#ready.size);
    return key;
  }

  #makeReady(key: string): void {
    this.#delayed.get(key)?.cancel();
    this.#delayed.delete(key);
    if (this.#stopped || this.#ready.has(key)) return;
    if (this.#running.has(key)) {
      this.#again.add(key);
      return;
    }
    const { clock, metrics } = this.#options;
    this.#ready.set(key, clock.elapsed());
    metrics?.added(this.#ready.size);
    this.#takers.shift()?.(this.#take());
  }

  #delay(key: string, ms: number): void {
    const { clock } = this.#options;
    const at = clock.elapsed() + ms;
    const earlier = this.#delayed.get(key);
    const sooner = this.#ready.has(key) || (earlier !== undefined && earlier.at <= at);
    if (this.#stopped || sooner) return;
    earlier?.cancel();
    const cancel = clock.setTimeout(() => {
      this.#makeReady(key);
    }, ms);
    this.#delayed.set(key, { at, cancel });
  }
}

export const createQueue = (options: QueueOptions): Queue => new Queue(options);
