// The real time. Tests use the stepped clock of `@muster/kube/testing`.
import type { Clock } from './types.ts';

/** The wall clock and Node's timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (run, ms) => {
    const timer = setTimeout(run, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
