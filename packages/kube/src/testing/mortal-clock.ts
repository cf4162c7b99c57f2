import type { Clock } from '../types.ts';

/** The clock as a process has it: once that is dead its timers never fire. */
export function mortalClock(clock: Clock, dead: AbortSignal): Clock {
  const timers = new Set<() => void>();
  dead.addEventListener('abort', () => {
    for (const stop of timers) stop();
    timers.clear();
  });
  return {
    now: () => clock.now(),
    elapsed: () => clock.elapsed(),
    setTimeout(run, ms) {
      if (dead.aborted) return () => undefined;
      const stop = clock.setTimeout(() => {
        timers.delete(stop);
        run();
      }, ms);
      timers.add(stop);
      return () => {
        timers.delete(stop);
        stop();
      };
    },
  };
}
