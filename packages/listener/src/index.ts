export { listen } from './listen.ts';
export type { Deps } from './deps.ts';
export { createMetrics } from './metrics.ts';
export type { Metrics } from './metrics.ts';
