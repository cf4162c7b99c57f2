export { settle, until } from './until.ts';
export { mortalClock } from './mortal-clock.ts';
export { seededRandom } from './random.ts';
export { createSteppedClock } from './stepped-clock.ts';
export type { SteppedClock } from './stepped-clock.ts';
export { recordedLog, silentLog } from './logs.ts';
export type { LogLine, RecordedLog } from './logs.ts';
