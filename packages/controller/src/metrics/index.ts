export { registerArcMetrics } from './arc.ts';
export { countedClient } from './counted.ts';
export { createControllerMetrics } from './ours.ts';
export type { ControllerMetrics } from './ours.ts';
export { watchForMetrics } from './watched.ts';
