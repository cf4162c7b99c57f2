import type { Registry } from 'prom-client';

export interface Metrics {
  /** Register more metrics here. */
  readonly registry: Registry;
  /** The text to serve at /metrics. */
  expose(): Promise<{ type: string; body: string }>;
}

export function createMetrics(): Metrics {
  throw new Error('not yet');
}
