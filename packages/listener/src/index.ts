export { listen } from './listen.ts';
export type { Deps } from './deps.ts';
export { createMetrics } from './metrics/index.ts';
export type { Metrics } from './metrics/index.ts';
