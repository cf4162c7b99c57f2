export interface QueueOptions {
  clock: import('./types.ts').Clock;
}
