// A clock that moves only when it is told to.
import type { Clock } from '../types.ts';

export interface SteppedClock extends Clock {
  /** Moves the time on; timers that fall due run in their order, each at its own time. */
  advance(ms: number): void;
  /** Milliseconds until the next timer; undefined when none is set. */
  untilNext(): number | undefined;
}

interface Timer {
  at: number;
  run: () => void;
}

/** A Clock at `startMs`. Timers set while others run are honoured within the same step. */
export function createSteppedClock(startMs = 0): SteppedClock {
  let now = startMs;
  const timers = new Set<Timer>();

  const next = (): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (first === undefined || timer.at < first.at) first = timer;
    }
    return first;
  };

  return {
    now: () => now,
    elapsed: () => now - startMs,
    setTimeout(run, ms) {
      const timer = { at: now + Math.max(0, ms), run };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    advance(ms) {
      const end = now + ms;
      for (let timer = next(); timer !== undefined && timer.at <= end; timer = next()) {
        timers.delete(timer);
        now = timer.at;
        timer.run();
      }
      now = end;
    },
    untilNext() {
      const timer = next();
      return timer === undefined ? undefined : timer.at - now;
    },
  };
}
