// What an error of the service asks for next: design.md, decision 11. Decides; does nothing.
import { isActionsError } from '@muster/actions';
import { backoffMs } from './backoff.ts';
import type { ActionsErrorCode } from '@muster/actions';

/** Where a listener's loop stands; `status.listener.state`, a metric label and a log field. */
export type State =
  | 'starting'
  | 'listening'
  | 'session-taken'
  | 'scale-set-gone'
  | 'unauthorized'
  | 'rate-limited'
  | 'unavailable'
  | 'stopped';

export interface WayBack {
  state: State;
  /** Whether the session is still worth polling. */
  next: 'poll' | 'reopen';
  waitMs: number;
}

const QUICK = { firstMs: 500, maxMs: 30_000 };
const PATIENT = { firstMs: 5_000, maxMs: 120_000 };
// An abandoned session is refused for 60 to 91 s (reference/protocol.md 13).
const STRANGER = { firstMs: 2_000, maxMs: 15_000 };

const PLAN: Partial<
  Record<ActionsErrorCode, Pick<WayBack, 'state' | 'next'> & { pace: typeof QUICK }>
> = {
  'session-expired': { state: 'starting', next: 'reopen', pace: QUICK },
  'session-conflict': { state: 'session-taken', next: 'reopen', pace: STRANGER },
  'scale-set-not-found': { state: 'scale-set-gone', next: 'reopen', pace: PATIENT },
  'not-found': { state: 'scale-set-gone', next: 'reopen', pace: PATIENT },
  unauthorized: { state: 'unauthorized', next: 'reopen', pace: PATIENT },
  'invalid-credentials': { state: 'unauthorized', next: 'reopen', pace: PATIENT },
  'rate-limited': { state: 'rate-limited', next: 'poll', pace: PATIENT },
};

const ELSE = { state: 'unavailable', next: 'poll', pace: QUICK } as const;

/** `failures` counts those in a row, this one among them; `random` is in [0, 1). */
export function wayBack(error: unknown, failures: number, random: number): WayBack {
  const known = isActionsError(error) ? error : undefined;
  const { state, next, pace } = (known && PLAN[known.code]) ?? ELSE;
  return { state, next, waitMs: known?.retryAfterMs ?? backoffMs(failures, pace, random) };
}
