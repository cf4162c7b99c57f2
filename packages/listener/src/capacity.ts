// How many jobs GitHub is told that the set can take. Decides; does nothing. While the cluster
// refuses pods no more jobs are asked for than have a place, so that GitHub gives the rest to
// another set with the same labels.

/** What the set says of its cluster, as last seen. */
export interface Place {
  /** Pods are refused; `capacity` is what the set can take at most meanwhile, where it is known. */
  blocked?: { capacity?: number };
  /** Runners that have a running pod. */
  running: number;
  /** The user wants maxRunners advertised whatever the cluster says. */
  isFeedbackOff: boolean;
}

export type CapacityState =
  | { is: 'full' }
  | {
      is: 'lowered';
      /** When pods were last seen to be refused. */
      refusedAt: number;
      /** What has a place: assigned jobs, or running runners where they are more. */
      load: number;
      /** From when on one more job may come and try. */
      probeAt: number;
      most?: number;
    };

export const FULL: CapacityState = { is: 'full' };

const PROBE_MS = 60_000;
const CALM_MS = 120_000;

export interface CapacityFacts {
  /** On a clock that never jumps. */
  now: number;
  assigned: number;
  maxRunners: number;
  place: Place;
}

export function decideCapacity(
  before: CapacityState,
  facts: CapacityFacts,
): { state: CapacityState; capacity: number } {
  const { now, assigned, maxRunners, place } = facts;
  const { blocked, running, isFeedbackOff } = place;
  const wasRefusedAt = before.is === 'lowered' ? before.refusedAt : undefined;
  const refusedAt = blocked ? now : wasRefusedAt;
  if (isFeedbackOff || refusedAt === undefined || now - refusedAt >= CALM_MS) {
    return { state: FULL, capacity: maxRunners };
  }
  const load = Math.max(assigned, running);
  const most = blocked ? blocked.capacity : mostOf(before);
  const state: CapacityState = {
    is: 'lowered',
    refusedAt,
    load,
    probeAt: probeAt(before, load, now),
    ...(most !== undefined && { most }),
  };
  const probe = now >= state.probeAt ? 1 : 0;
  return { state, capacity: Math.min(load + probe, most ?? maxRunners, maxRunners) };
}

const mostOf = (state: CapacityState): number | undefined =>
  state.is === 'lowered' ? state.most : undefined;

/** One at a time: a job that came to try uses its minute up. */
const probeAt = (before: CapacityState, load: number, now: number): number =>
  before.is === 'lowered' && load <= before.load ? before.probeAt : now + PROBE_MS;
