// What an error asks for next: design.md, decision 11. Decides; does nothing.
import { isActionsError } from '@muster/actions';
import { isKubeError } from '@muster/kube';
import { backoffMs } from './backoff.ts';
import type { ActionsError, ActionsErrorCode } from '@muster/actions';
import type { Trouble, WriteTrouble } from './standing.ts';

export interface WayBack {
  state: Trouble;
  /** Whether the session is still worth polling. */
  next: 'poll' | 'reopen';
  waitMs: number;
}

export interface Failed {
  /** Those of this kind in a row, this one among them. */
  failures: number;
  /** In [0, 1). */
  random: number;
  /** What failed was a call of a session, not its making. */
  hasSession: boolean;
}

const QUICK = { firstMs: 500, maxMs: 30_000 };
// Nobody is burdened by a try that does not arrive.
const UNHEARD = { firstMs: 500, maxMs: 10_000 };
const PATIENT = { firstMs: 5_000, maxMs: 120_000 };
// An abandoned session is refused for 60 to 91 s (reference/protocol.md 13): so long it may be one whose id got lost
// with a predecessor, and is heard for again soon after its end. Then it is a stranger's, who stays.
const ABANDONED = { firstMs: 2_000, maxMs: 5_000 };
const STRANGER = { firstMs: 2_000, maxMs: 15_000 };
const ABANDONED_TRIES = 40;

type Plan = Pick<WayBack, 'state' | 'next'> & { pace: typeof QUICK };

const PLAN: Partial<Record<ActionsErrorCode, Plan>> = {
  'session-expired': { state: 'session-lost', next: 'reopen', pace: QUICK },
  'session-conflict': { state: 'session-taken', next: 'reopen', pace: ABANDONED },
  'scale-set-not-found': { state: 'scale-set-gone', next: 'reopen', pace: PATIENT },
  'not-found': { state: 'scale-set-gone', next: 'reopen', pace: PATIENT },
  unauthorized: { state: 'unauthorized', next: 'reopen', pace: PATIENT },
  'rate-limited': { state: 'rate-limited', next: 'poll', pace: PATIENT },
  unavailable: { state: 'service-failing', next: 'poll', pace: QUICK },
  unreachable: { state: 'unreachable', next: 'poll', pace: UNHEARD },
  'bad-answer': { state: 'bad-answer', next: 'poll', pace: QUICK },
};

const ELSE: Plan = { state: 'refused', next: 'poll', pace: QUICK };

// A session's own token may be what is refused, and a new session brings a new one. Once.
const NEW_TOKEN: Plan = { state: 'token-expired', next: 'reopen', pace: QUICK };

/** Errors of one kind are answered ever more patiently. */
export const kindOf = (error: unknown): string => (isActionsError(error) ? error.code : 'other');

export function wayBack(error: unknown, failed: Failed): WayBack {
  const known = isActionsError(error) ? error : undefined;
  const { state, next, pace } = planFor(known, failed);
  const waitMs = known?.retryAfterMs ?? backoffMs(failed.failures, pace, failed.random);
  return { state, next, waitMs };
}

function planFor(known: ActionsError | undefined, { failures, hasSession }: Failed): Plan {
  if (known === undefined) return ELSE;
  const plan = PLAN[known.code] ?? ELSE;
  if (known.code === 'unauthorized' && hasSession && failures === 1) return NEW_TOKEN;
  const isStranger = plan.state === 'session-taken' && failures > ABANDONED_TRIES;
  return isStranger ? { ...plan, pace: STRANGER } : plan;
}

/** What a failed write means. */
export function writeTrouble(error: unknown): WriteTrouble {
  if (error instanceof SetGoneError) return 'set-gone';
  const refuses = ['forbidden', 'unauthorized', 'invalid', 'bad-request', 'refused', 'not-found'];
  return isKubeError(error) && refuses.includes(error.code)
    ? 'kubernetes-refuses'
    : 'kubernetes-away';
}

export class SetGoneError extends Error {
  override readonly name = 'SetGoneError';

  constructor(namespace: string, name: string) {
    super(`there is no EphemeralRunnerSet ${namespace}/${name}`);
  }
}
