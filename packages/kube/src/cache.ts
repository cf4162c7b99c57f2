// A local copy of a kind's objects, kept up for ever. Who reads it must not change what it holds.
import { follow } from './follow.ts';
import { labelTest } from './selector.ts';
import { Store } from './store.ts';
import type { Follower } from './follow.ts';
import type { CacheMetrics } from './metrics/cache.ts';
import type { Metrics } from './metrics.ts';
import type { At, Kind, KubeObject, Metadata } from './object.ts';
import type { Cache, Change, Clock, KubeClient, Log } from './types.ts';

export interface CacheOptions<T extends KubeObject> {
  client: KubeClient;
  kind: Kind<T>;
  /** All namespaces when absent. */
  namespaces?: readonly string[];
  labelSelector?: string;
  /** From an object to the values it is found by. */
  indexes?: Record<string, (object: T) => string[]>;
  clock: Clock;
  log: Log;
  metrics?: Metrics;
}

class ObjectCache<T extends KubeObject> implements Cache<T> {
  readonly kind: Kind<T>;
  readonly #options: CacheOptions<T>;
  readonly #store: Store<T>;
  readonly #metrics: CacheMetrics | undefined;
  readonly #hasLabels: ReturnType<typeof labelTest>;
  /** Undefined stands for all namespaces. */
  readonly #scopes: readonly (string | undefined)[];
  readonly #unsynced: Set<string | undefined>;
  readonly #firstSync = Promise.withResolvers<undefined>();

  constructor(options: CacheOptions<T>) {
    const { kind, namespaces, labelSelector = '', indexes = {}, log, metrics } = options;
    this.kind = kind;
    this.#options = options;
    this.#store = new Store({ indexes, log });
    this.#metrics = metrics?.cache(kind.kind);
    this.#hasLabels = labelTest(labelSelector);
    this.#scopes = namespaces === undefined ? [undefined] : [...new Set(namespaces)];
    this.#unsynced = new Set(this.#scopes);
  }

  get(at: At): T | undefined {
    return this.#store.get(at);
  }

  list(namespace?: string): T[] {
    return this.#store.list(namespace);
  }

  find(index: string, value: string): T[] {
    return this.#store.find(index, value);
  }

  covers({ metadata: { namespace, labels = {} } }: { metadata: Metadata }): boolean {
    const [first] = this.#scopes;
    return (first === undefined || this.#scopes.includes(namespace)) && this.#hasLabels(labels);
  }

  onChange(listener: (change: Change<T>) => void): () => void {
    return this.#store.onChange(listener);
  }

  get synced(): boolean {
    return this.#unsynced.size === 0;
  }

  async whenSynced(): Promise<void> {
    await this.#firstSync.promise;
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#metrics?.synced(this.synced);
    await Promise.all(this.#scopes.map((scope) => this.#follow(scope, signal)));
  }

  async #follow(namespace: string | undefined, signal: AbortSignal): Promise<void> {
    const { client, kind, labelSelector, clock, log } = this.#options;
    const selection = {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    };
    const follower = this.#followerOf(namespace);
    await follow({ client, kind, selection, follower, clock, log }, signal);
  }

  #followerOf(namespace: string | undefined): Follower<T> {
    return {
      listed: (items) => {
        this.#store.replace(items.map(trimmed), namespace);
        this.#metrics?.holds(this.#store.size);
        this.#markSynced(namespace);
      },
      changed: ({ type, object }) => {
        if (type === 'DELETED') this.#store.remove(trimmed(object));
        else this.#store.put(trimmed(object));
        this.#metrics?.holds(this.#store.size);
      },
      heard: () => {
        this.#metrics?.heard(this.#options.clock.now());
      },
      restarted: () => {
        this.#metrics?.restarted();
      },
    };
  }

  #markSynced(namespace: string | undefined): void {
    this.#unsynced.delete(namespace);
    if (!this.synced) return;
    this.#metrics?.synced(true);
    this.#firstSync.resolve(undefined);
  }
}

/** Who wrote which field is often half of an object, and nobody here asks. */
function trimmed<T extends KubeObject>(object: T): T {
  const metadata: { managedFields?: unknown } = object.metadata as object;
  delete metadata.managedFields;
  return object;
}

/** A cache that follows the server once `run`. */
export const createCache = <T extends KubeObject>(options: CacheOptions<T>): Cache<T> =>
  new ObjectCache(options);
