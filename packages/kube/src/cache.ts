import type { Kind, KubeObject } from './object.ts';
import type { Metrics } from './metrics.ts';
import type { Cache, Clock, KubeClient, Log } from './types.ts';

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

export function createCache<T extends KubeObject>(options: CacheOptions<T>): Cache<T> {
  throw new Error(`not yet ${options.kind.kind}`);
}
