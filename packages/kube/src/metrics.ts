// Metrics under the names that controller-runtime gave them, since people have dashboards for them.
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { cacheMetrics } from './metrics/cache.ts';
import { clientMetrics } from './metrics/client.ts';
import { loopMetrics } from './metrics/loop.ts';
import type { CacheMetrics } from './metrics/cache.ts';
import type { ClientMetrics } from './metrics/client.ts';
import type { LoopMetrics } from './metrics/loop.ts';

export interface Metrics {
  /** Register more metrics here. */
  readonly registry: Registry;
  /** The text to serve at /metrics. */
  expose(): Promise<{ type: string; body: string }>;
  client(host: string): ClientMetrics;
  loop(name: string): LoopMetrics;
  cache(kind: string): CacheMetrics;
  leading(lease: string, leads: boolean): void;
}

export interface MetricsOptions {
  /** Also those of the process (`process_*`, `nodejs_*`). */
  process?: boolean;
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
    client: clientMetrics(registers),
    loop: loopMetrics(registers),
    cache: cacheMetrics(registers),
    leading(name, leads) {
      leader.set({ name }, leads ? 1 : 0);
    },
  };
}
