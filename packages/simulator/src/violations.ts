// What clients did wrong. The last thousand are kept; tests ask that there are none.
import type { Incoming } from './http/exchange.ts';
import type { EventLog, Violation } from './world/events.ts';

const KEEP = 1000;

export interface Violations {
  record: (request: Incoming, rule: string, refused: boolean) => void;
  list: () => Violation[];
}

export function createViolations(now: () => number, events: EventLog): Violations {
  const kept: Violation[] = [];
  return {
    record({ method, url }, rule, refused) {
      // No headers and no query: they may hold secrets.
      const violation = { at: now(), method, path: url.pathname, rule, refused };
      kept.push(violation);
      if (kept.length > KEEP) kept.shift();
      events.emit({ type: 'violation', violation });
    },
    list: () => [...kept],
  };
}
