// Whether a cache follows the server. There is no name for these that others would know.
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

export interface CacheMetrics {
  synced(synced: boolean): void;
  heard(atMs: number): void;
  restarted(): void;
  holds(count: number): void;
}

export function cacheMetrics(registers: Registry[]): (kind: string) => CacheMetrics {
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
  return (kind) => {
    restarts.inc({ kind }, 0);
    return {
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
    };
  };
}
