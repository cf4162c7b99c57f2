// What a runner's status should say, as a merge patch of what differs. The listener writes the job's
// fields into the same status: they are never in here.
import { withCondition } from '@muster/api';
import type { Condition, EphemeralRunner } from '@muster/api';

export interface StatusWish {
  phase: string;
  ready: boolean;
  /** Empty when there is nothing to tell. */
  reason: string;
  message: string;
  /** Null when it has none any more. */
  runnerId?: number | null;
  runnerName?: string;
  /** The uid of a pod that failed now. */
  failedPod?: string;
}

export interface StatusPatch {
  phase?: string;
  ready?: boolean;
  reason?: string | null;
  message?: string | null;
  runnerId?: number | null;
  runnerName?: string;
  failures?: Record<string, string>;
  conditions?: Condition[];
}

/** Undefined when the status says so already. */
export function statusPatch(
  runner: EphemeralRunner,
  wish: StatusWish,
  now: number,
): StatusPatch | undefined {
  const time = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const changes = differing(runner, wish);
  if (wish.failedPod !== undefined) changes.failures = { [wish.failedPod]: time };
  if (Object.keys(changes).length === 0) return undefined;
  return {
    ...changes,
    conditions: withCondition(runner.status?.conditions, readiness(runner, wish, time)),
  };
}

/** What is absent reads as empty; an empty text takes the field away. */
function differing({ status = {} }: EphemeralRunner, wish: StatusWish): StatusPatch {
  const { reason = '', message = '', ready = false } = status;
  const changes: StatusPatch = {};
  if (status.phase !== wish.phase) changes.phase = wish.phase;
  if (ready !== wish.ready) changes.ready = wish.ready;
  if (reason !== wish.reason) changes.reason = orNull(wish.reason);
  if (message !== wish.message) changes.message = orNull(wish.message);
  return { ...changes, ...differingIdentity(status, wish) };
}

const orNull = (text: string): string | null => (text === '' ? null : text);

type Status = NonNullable<EphemeralRunner['status']>;

function differingIdentity(status: Status, { runnerId, runnerName }: StatusWish): StatusPatch {
  return {
    ...(runnerId !== undefined && runnerId !== (status.runnerId ?? null) && { runnerId }),
    ...(runnerName !== undefined && runnerName !== status.runnerName && { runnerName }),
  };
}

const readiness = (
  { metadata: { generation } }: EphemeralRunner,
  { phase, ready, reason, message }: StatusWish,
  time: string,
): Condition => ({
  type: 'Ready',
  status: ready ? 'True' : 'False',
  reason: reason || phase,
  message: message || (ready ? 'its pod is ready' : 'its pod is not ready'),
  lastTransitionTime: time,
  ...(generation !== undefined && { observedGeneration: generation }),
});
