// Where a listener's pod stands.
import { CONTAINERS } from '@muster/api';
import type { ContainerStatus, Pod } from '@muster/kube';
import { deletingForMs, sinceMs } from '../time.ts';

export type PodState =
  | { is: 'absent' }
  | { is: 'starting'; why: string }
  | { is: 'running' }
  /** It will not run again; `restFor` is what is left of a pause after a short life. */
  | { is: 'over'; why: string; restForMs: number }
  | { is: 'leaving' }
  /** Its grace is long over, and it is still there: its node has gone silent. */
  | { is: 'stuck' };

// design.md, decision 13.
const STUCK_AFTER_MS = 30_000;
// A listener that ends at once would otherwise be made again as fast as the cluster can.
const SHORT_LIFE_MS = 10_000;
const REST_MS = 5_000;

export function podState(pod: Pod | undefined, now: number): PodState {
  if (pod === undefined) return { is: 'absent' };
  if (pod.metadata.deletionTimestamp !== undefined) {
    return { is: deletingForMs(pod, now) > STUCK_AFTER_MS ? 'stuck' : 'leaving' };
  }
  const state = stateOf(pod);
  const why = whyOver(pod, state);
  if (why !== undefined) return { is: 'over', why, restForMs: restForMs(pod, now) };
  if (state?.running) return { is: 'running' };
  return { is: 'starting', why: state?.waiting?.reason ?? 'its pod is being started' };
}

type State = ContainerStatus['state'];

const stateOf = ({ status }: Pod): State =>
  status?.containerStatuses?.find(({ name }) => name === CONTAINERS.listener)?.state;

function whyOver({ status }: Pod, state: State): string | undefined {
  if (status?.reason === 'Evicted') return 'its pod was evicted';
  if (state?.terminated) return `it ended with exit code ${state.terminated.exitCode}`;
  return status?.phase === 'Failed' ? (status.reason ?? 'its pod failed') : undefined;
}

function restForMs(pod: Pod, now: number): number {
  const ageMs = sinceMs(pod.metadata.creationTimestamp, now) ?? 0;
  const overForMs = sinceMs(stateOf(pod)?.terminated?.finishedAt, now) ?? 0;
  return ageMs - overForMs < SHORT_LIFE_MS ? Math.max(0, REST_MS - overForMs) : 0;
}

/** When its process started. */
export const startedAt = (pod: Pod): string | undefined => stateOf(pod)?.running?.startedAt;
