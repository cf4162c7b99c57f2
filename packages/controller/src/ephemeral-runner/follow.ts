// What to do with a runner that has a pod, by what the pod says. Decides only; reference/controllers.md 2.5.9.
import { EXIT_OUTDATED, hasJob, isRunning, LABELS } from '@muster/api';
import type { EphemeralRunner } from '@muster/api';
import type { Pod } from '@muster/kube';
import { isPodReady, runnerPod } from '../runner-pod.ts';
import type { RunnerPod } from '../runner-pod.ts';
import { deletingForMs } from '../time.ts';
import { failureCount, isCounted, MAX_FAILURES } from './backoff.ts';
import { jobOf } from './job.ts';
import { fateOf } from './loss.ts';
import type { Action, Observed } from './plan.ts';
import { statusPatch } from './status.ts';
import { stuckOf } from './stuck.ts';

export function follow(observed: Observed, pod: Pod): Action[] {
  if (isTerminating(pod)) return leave(observed, pod);
  const state = runnerPod(pod);
  switch (state.is) {
    case 'finished':
      return ended(observed, pod, state);
    case 'failed':
      return observed.isOver ? [end] : failed(observed, pod, state);
    case 'running':
      return [...mirror(observed, pod), ...markBusy(observed, pod)];
    case 'starting':
      return hasJob(observed.runner) ? mirror(observed, pod) : start(observed, pod);
    case 'absent':
      return [];
  }
}

function ended(
  observed: Observed,
  pod: Pod,
  { exitCode, reason, message }: RunnerPod & { is: 'finished' },
): Action[] {
  if (exitCode === 0 || observed.isOver) return [end];
  if (exitCode === EXIT_OUTDATED) return [outdated(observed)];
  return failed(observed, pod, {
    reason: reason || 'RunnerFailed',
    message: message || `the runner ended with exit code ${exitCode}`,
  });
}

const end: Action = { do: 'end', because: 'its runner ended well' };

const isTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;

/** Somebody else takes its pod away. It is followed to its end: the runner in it may hand in its job yet. */
function leave(observed: Observed, pod: Pod): Action[] {
  const { runner, limits, now } = observed;
  const state = runnerPod(pod);
  if (state.is === 'finished' || state.is === 'failed') return left(observed, pod, state);
  const ms = limits.termination - deletingForMs(pod, now);
  if (ms > 0) return waitFor(ms, 'its pod is being deleted');
  const cause = 'its pod does not go, although its time is over';
  if (hasJob(runner)) return lost(observed, cause);
  const event = { type: 'Warning', reason: 'PodStuckTerminating' } as const;
  return [{ do: 'replace', because: cause, event }];
}

type Ended = RunnerPod & { is: 'finished' | 'failed' };

/** Of a pod that we delete the failure is counted. One that ran is not made again (2.5.10 differs). */
function left(observed: Observed, pod: Pod, state: Ended): Action[] {
  const { runner, isOver } = observed;
  if (isCounted(runner, pod)) return [];
  const cause = fateOf(pod) ?? 'its pod was deleted';
  if (hasJob(runner)) return isOver ? [end] : lost(observed, cause);
  if (state.is === 'failed') return failed(observed, pod, state);
  return [{ do: 'replace', because: cause }];
}

const waitFor = (ms: number, because: string): Action[] =>
  Number.isFinite(ms) ? [{ do: 'wait', ms, because }] : [];

/** Its container has run, so its JIT configuration is spent, and with it the runner. */
export function lost({ runner, isOver }: Observed, cause: string): Action[] {
  if (!hasJob(runner) || isOver) return [{ do: 'replace', because: cause }];
  return [lossOfJob(runner, cause), { do: 'replace', because: 'its job is lost' }];
}

export const lossOfJob = (runner: EphemeralRunner, cause: string): Action => ({
  do: 'record-loss',
  cause,
  because: `${jobOf(runner)} lost its pod: ${cause}`,
  event: { type: 'Warning', reason: 'JobLost' },
});

/**
 * A pod that fails is counted first and deleted second, so that no failure is forgotten. Once its runner has run, its
 * registration is spent: it may have been given a job of which nobody has heard yet. The next pod gets another one,
 * and GitHub is asked on the way, which says so.
 */
function failed(
  observed: Observed,
  pod: Pod,
  { reason, message }: { reason: string; message: string },
): Action[] {
  const { runner, now } = observed;
  if (hasJob(runner)) return lost(observed, fateOf(pod) ?? message);
  const gone: Action[] = isTerminating(pod)
    ? []
    : [{ do: 'delete-pod', because: 'its failure is counted' }];
  if (isCounted(runner, pod)) return gone;
  if (failureCount(runner) >= MAX_FAILURES) {
    const event = { type: 'Warning', reason: 'RunnerReplaced' } as const;
    return [{ do: 'replace', because: `its pods keep failing: ${reason}`, event }];
  }
  const isSpent = isRunning(runner) || runnerPod(pod).is === 'finished';
  const failedPod = pod.metadata.uid;
  const wish = { phase: 'Pending', ready: false, reason, message, failedPod };
  const status = statusPatch(runner, { ...wish, ...(isSpent && { runnerId: null }) }, now) ?? {};
  const event = { type: 'Warning', reason: 'PodFailed' } as const;
  return [
    ...(isSpent ? [{ do: 'discard-secret', because: 'its registration is spent' } as const] : []),
    { do: 'report', status, because: `its pod failed: ${reason}`, event },
    ...gone,
  ];
}

/** No job can have come to it, and yet GitHub is asked first: its container may start at this moment. */
function start(observed: Observed, pod: Pod): Action[] {
  const { runner, limits, now } = observed;
  const { reason, message, until } = stuckOf(pod, limits);
  const ms = until - now;
  if (ms > 0) return [...mirror(observed, pod), ...waitFor(ms, 'its container has not started')];
  const event = { type: 'Warning', reason } as const;
  if (reason === 'Unschedulable') return tellUnschedulable(observed, pod, message);
  const wish = { phase: 'Failed', ready: false, reason, message };
  const status = statusPatch(runner, wish, now) ?? {};
  return [
    { do: 'deregister', because: message },
    { do: 'report', status, because: message, event },
  ];
}

/** GitHub forgets a registration that is not used. */
const REGISTRATION_LASTS_MS = 3_600_000;

/** Another pod would find no node either, so this one waits on; its set says that it is blocked. */
function tellUnschedulable({ runner, limits, now }: Observed, pod: Pod, message: string): Action[] {
  const age = now - Date.parse(pod.metadata.creationTimestamp);
  const ms = Math.max(REGISTRATION_LASTS_MS, limits.unschedulable) - age;
  const event = { type: 'Warning', reason: 'Unschedulable' } as const;
  if (ms <= 0) {
    return [
      { do: 'replace', because: 'no node took its pod for as long as GitHub knows it', event },
    ];
  }
  const wish = { phase: 'Pending', ready: false, reason: 'Unschedulable', message };
  const status = statusPatch(runner, wish, now);
  return [
    ...(status ? [{ do: 'report', status, because: message, event } as const] : []),
    { do: 'wait', ms, because: message },
  ];
}

/** One that was made for a job says so from the start (desired.ts). */
function markBusy({ runner, mayMarkPods }: Observed, pod: Pod): Action[] {
  if (!hasJob(runner) || pod.metadata.labels?.[LABELS.busy] !== undefined || !mayMarkPods)
    return [];
  return [{ do: 'mark-busy', because: 'it has a job, which a drain must not take from it' }];
}

function mirror({ runner, jit, now }: Observed, pod: Pod): Action[] {
  const phase = phaseWorthWriting(runner, pod);
  if (phase === undefined) return [];
  const { reason = '', message = '' } = pod.status ?? {};
  const identity = jit.is === 'kept' ? { runnerId: jit.runnerId, runnerName: jit.runnerName } : {};
  const wish = { phase, ready: isPodReady(pod), reason, message, ...identity };
  const status = statusPatch(runner, wish, now);
  if (status === undefined) return [];
  return [{ do: 'report', status, because: `its pod is ${phase.toLowerCase()}` }];
}

/** The end of a pod is told by its runner container, never by its phase (2.5.9). */
function phaseWorthWriting(runner: EphemeralRunner, pod: Pod): 'Pending' | 'Running' | undefined {
  const { phase, containerStatuses = [] } = pod.status ?? {};
  if (phase === 'Running') return containerStatuses.length > 0 ? phase : undefined;
  // A pod that has only just been made is not worth a write (design.md, decision 7).
  if (phase === 'Pending') return (runner.status?.phase ?? '') === '' ? undefined : phase;
  return undefined;
}

function outdated({ runner, now }: Observed): Action {
  const wish = {
    phase: 'Outdated',
    ready: false,
    reason: 'Outdated',
    message: 'GitHub no longer accepts the version of the runner in its image',
  };
  return {
    do: 'report',
    status: statusPatch(runner, wish, now) ?? {},
    because: 'its runner is too old for GitHub',
  };
}
