// The real time. Tests use the stepped clock of `@muster/kube/testing`.
import type { Clock } from './types.ts';

/** The wall clock, the machine's monotonic one, and Node's timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  setTimeout: (run, ms) => {
    const timer = setTimeout(run, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
