// Whether the set can have the runners that it is asked for. The listener advertises less capacity while it
// cannot, so that jobs go elsewhere. Decides only.
import type { Blocked, EphemeralRunnerSet, Failing } from '@muster/api';
import { unscheduled } from '../runner-pod.ts';
import { timestamp } from '../time.ts';
import { isStopped } from './failing.ts';
import type { Member, Tally } from './tally.ts';

export interface Trouble {
  reason: string;
  /** For people. */
  message: string;
  /** What GitHub may give to the set meanwhile; the listener's own rule when absent. */
  capacity?: number;
}

interface Given {
  tally: Tally;
  failing: Failing | undefined;
  policy: { unschedulableMs: number };
  now: number;
}

/** The API server's refusals, as runners tell of them (ephemeral-runner/failure.ts). */
const REFUSALS = ['QuotaExceeded', 'LimitRange', 'Forbidden', 'InvalidPod', 'PodRefused'];

export function troubleOf({ tally, failing, policy, now }: Given): Trouble | undefined {
  if (isStopped(failing)) {
    return {
      reason: 'OutdatedRunner',
      message: `GitHub no longer accepts the version of the runner in its image: ${failing.outdated} ended so in a row`,
      capacity: 0,
    };
  }
  const refused = [...tally.pending, ...tally.failed].find(isRefused)?.runner.status;
  if (refused) {
    return { reason: refused.reason ?? '', message: refused.message ?? 'its pods are refused' };
  }
  const stuck = tally.pending.find((member) => unschedulableLeftMs(member, { policy, now }) <= 0);
  const message = stuck && unscheduled(stuck.pod)?.message;
  return message === undefined ? undefined : { reason: 'Unschedulable', message };
}

const isRefused = ({ runner: { status } }: Member): boolean =>
  REFUSALS.includes(status?.reason ?? '');

function unschedulableLeftMs(
  { pod }: Member,
  { policy, now }: Pick<Given, 'policy' | 'now'>,
): number {
  const state = unscheduled(pod);
  return state === undefined ? Infinity : state.since + policy.unschedulableMs - now;
}

/** Until a pod that no node takes counts as trouble; undefined when there is none. */
export function nextTroubleMs({ tally, policy, now }: Given): number | undefined {
  const next = tally.pending
    .map((member) => unschedulableLeftMs(member, { policy, now }))
    .filter((ms) => ms > 0 && Number.isFinite(ms))
    .reduce((least, ms) => Math.min(least, ms), Infinity);
  return Number.isFinite(next) ? next : undefined;
}

/** As the status says it; it lasts for as long as its reason does. */
export function blockedOf(
  { status }: EphemeralRunnerSet,
  trouble: Trouble | undefined,
  now: number,
): Blocked | undefined {
  if (trouble === undefined) return undefined;
  const { reason, capacity } = trouble;
  const before = status?.blocked;
  const since = before?.reason === reason ? before.since : timestamp(now);
  return { reason, since, ...(capacity !== undefined && { capacity }) };
}
