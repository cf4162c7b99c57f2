// How far a runner came, and how long each stage took. Decides only.
import type { EphemeralRunner } from '@muster/api';
import type { Pod } from '@muster/kube';
import { runningSince } from '../runner-pod.ts';

export type Stage =
  /** From the wish for a runner to its pod: GitHub's registration. */
  | 'register'
  /** From its pod to a node. */
  | 'schedule'
  /** From the node to its container: images, init containers. */
  | 'start'
  /** From its container to its job. */
  | 'job';

/** Of one whose container runs, in seconds. The API server's times are whole ones. */
export function stagesOf(runner: EphemeralRunner, pod: Pod): [Stage, number][] {
  const scheduled = pod.status?.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'True',
  )?.lastTransitionTime;
  const made = Date.parse(pod.metadata.creationTimestamp);
  const onNode = Date.parse(scheduled ?? pod.status?.startTime ?? '');
  const started = runningSince(pod) ?? NaN;
  return spans([
    ['register', Date.parse(runner.metadata.creationTimestamp), made],
    ['schedule', made, onNode],
    ['start', onNode, started],
  ]);
}

/** Of one that has just been given a job. */
export const jobStage = (pod: Pod | undefined, now: number): [Stage, number][] =>
  spans([['job', runningSince(pod) ?? NaN, now]]);

const spans = (all: [Stage, from: number, to: number][]): [Stage, number][] =>
  all.flatMap(([stage, from, to]) =>
    Number.isNaN(to - from) ? [] : [[stage, Math.max(0, to - from) / 1_000]],
  );
