// What a runner's pod tells of the runner in it. Both the runner and its set read it, so it has one place.
import { CONTAINERS, hasJob } from '@muster/api';
import type { EphemeralRunner } from '@muster/api';
import type { ContainerStatus, Pod } from '@muster/kube';

export type RunnerPod =
  | { is: 'absent' }
  /** Its runner container has not been started, or waits. */
  | { is: 'starting' }
  | { is: 'running' }
  | { is: 'finished'; exitCode: number; reason: string; message: string }
  /** It ended without the runner container having ended: evicted, refused by the node, never set up. */
  | { is: 'failed'; reason: string; message: string };

/** The runner container has the first word: a sidecar or an init container may end as it likes. */
export function runnerPod(pod: Pod | undefined): RunnerPod {
  if (pod === undefined) return { is: 'absent' };
  const state = runnerState(pod);
  return (
    finished(state) ??
    failedPod(pod) ??
    failedInitContainer(pod) ?? { is: state?.running ? 'running' : 'starting' }
  );
}

const runnerState = ({ status }: Pod): ContainerStatus['state'] =>
  status?.containerStatuses?.find(({ name }) => name === CONTAINERS.runner)?.state;

function finished(state: ContainerStatus['state']): RunnerPod | undefined {
  if (state?.terminated === undefined) return undefined;
  const { exitCode, reason = '', message = '' } = state.terminated;
  return { is: 'finished', exitCode, reason, message };
}

function failedPod({ status }: Pod): RunnerPod | undefined {
  if (status?.phase !== 'Failed') return undefined;
  const { reason = 'PodFailed', message = 'the pod failed before its runner did' } = status;
  return { is: 'failed', reason, message };
}

/**
 * A restartable init container is a sidecar (the chart's dind): its end says nothing of the runner,
 * which ARC takes for a failure (reference/controllers.md, BUG-19).
 */
function failedInitContainer(pod: Pod): RunnerPod | undefined {
  const sidecars = new Set(
    (pod.spec.initContainers ?? [])
      .filter(({ restartPolicy }) => restartPolicy === 'Always')
      .map(({ name }) => name),
  );
  const failed = pod.status?.initContainerStatuses?.find(
    (status) => !sidecars.has(status.name) && exitCodeOf(status) > 0,
  );
  if (failed === undefined) return undefined;
  return {
    is: 'failed',
    reason: 'InitContainerFailed',
    message: `init container ${failed.name} ended with exit code ${exitCodeOf(failed)}`,
  };
}

const exitCodeOf = ({ state }: ContainerStatus): number => state?.terminated?.exitCode ?? 0;

/** Undefined when a node has its pod, or there is none. */
export function unscheduled(pod: Pod | undefined): { since: number; message: string } | undefined {
  const said = pod?.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (pod === undefined || said?.status !== 'False' || said.reason !== 'Unschedulable') {
    return undefined;
  }
  const { lastTransitionTime = pod.metadata.creationTimestamp, message } = said;
  return { since: Date.parse(lastTransitionTime), message: message ?? 'no node takes its pod' };
}

/** It is gone, or its runner did not end well: a job that was in it will not end. */
export function isLost(pod: Pod | undefined): boolean {
  const state = runnerPod(pod);
  return state.is === 'finished' ? state.exitCode !== 0 : ['absent', 'failed'].includes(state.is);
}

/** Its runner runs, and its pod is ready where anything says so. */
export const isReady = (pod: Pod | undefined): boolean =>
  pod !== undefined && runnerPod(pod).is === 'running' && isPodReady(pod);

/** When its runner container was started; undefined while it does not run. */
export function runningSince(pod: Pod | undefined): number | undefined {
  const at = pod && runnerState(pod)?.running?.startedAt;
  return at === undefined ? undefined : Date.parse(at);
}

/** The newest word on readiness. A condition without a time is not a word. */
export function isPodReady(pod: Pod): boolean {
  const newest = (pod.status?.conditions ?? [])
    .filter(({ type, lastTransitionTime }) => type === 'Ready' && lastTransitionTime !== undefined)
    .reduce<{ status: string; at: string } | undefined>(
      (latest, { status, lastTransitionTime = '' }) => {
        return latest === undefined || lastTransitionTime >= latest.at
          ? { status, at: lastTransitionTime }
          : latest;
      },
      undefined,
    );
  return newest?.status === 'True';
}

/**
 * Whether a runner used up its slot (design.md, decision 6): it had a job, or ended by itself with exit
 * code 0. A pod that is being deleted may end with 0 because it was told to; that is no one's slot.
 */
export function spendsSlot(runner: EphemeralRunner, pod: Pod | undefined): boolean {
  if (hasJob(runner) || runner.status?.phase === 'Succeeded') return true;
  if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return false;
  const state = runnerPod(pod);
  return state.is === 'finished' && state.exitCode === 0;
}
