// Time that passes when a test says so. Tests alone import it.
import type { Clock } from './clock.ts';

export interface SteppedClock extends Clock {
  /** Lets so much time pass; whatever is due runs in its order, and what it sets off with it. */
  pass(ms: number): Promise<void>;
}

export function steppedClock(start = Date.parse('2026-11-21T10:00:00Z')): SteppedClock {
  let now = start;
  const timers = new Set<{ at: number; run: () => void }>();
  // Promises that follow from one another settle before the next macrotask.
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    now: () => now,
    setTimeout(run, ms) {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async pass(ms) {
      const until = now + ms;
      await settle();
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        now = next.at;
        next.run();
        await settle();
      }
      now = until;
    },
  };
}
