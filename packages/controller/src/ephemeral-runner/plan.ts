// What to do next with a runner, and why. Decides only; reference/controllers.md 2.5.
import {
  CONTAINERS,
  EXIT_OUTDATED,
  FINALIZERS,
  hasFinalizer,
  hasJob,
  isDeleting,
  isDone,
} from '@muster/api';
import type { EphemeralRunner } from '@muster/api';
import type { Pod, PlannedAction, WaitAction } from '@muster/kube';
import { isPodReady, runnerPod } from '../runner-pod.ts';
import { finalize } from './finalize.ts';
import { backoffLeft, failureCount, isCounted, MAX_FAILURES } from './backoff.ts';
import { jobOf } from './job.ts';
import { statusPatch } from './status.ts';
import type { StatusPatch } from './status.ts';

/** What the JIT Secret says. */
export type Jit =
  /** Nothing hangs on it, so it was not read. */
  | { is: 'unread' }
  | { is: 'absent' }
  /** It cannot be read, or belongs to an earlier runner of this name. */
  | { is: 'unusable' }
  | { is: 'kept'; runnerId: number; runnerName: string };

export interface Observed {
  runner: EphemeralRunner;
  /** Its own pod. */
  pod: Pod | undefined;
  /** Whether another's pod has its name. */
  nameTaken: boolean;
  jit: Jit;
  /** Whether the set needs no more of it for its account of slots (design.md, decision 6). */
  settled: boolean;
  /** When this process had GitHub's word that the runner is gone there. */
  deregisteredAt: number | undefined;
  now: number;
}

export type Action =
  | WaitAction
  | (PlannedAction &
      (
        | { do: 'hold' | 'discard-secret' | 'register' | 'create-pod' | 'delete-pod' }
        /** Deletes it, so that its set makes another or leaves the slot empty. */
        | { do: 'end' | 'replace' }
        | { do: 'report'; status: StatusPatch }
        | { do: 'deregister' | 'give-up' | 'clean-up' | 'release' }
      ));

const NAME_TAKEN_MS = 5_000;

export function plan(observed: Observed): Action[] {
  const { runner, pod, now } = observed;
  if (isDeleting(runner)) return finalize(observed);
  if (isDone(runner)) return tidy(pod);
  if (!isHeld(runner)) return [{ do: 'hold', because: 'GitHub is about to know it' }];
  if (pod !== undefined) return follow(observed, pod);
  if (wasSeenRunning(runner)) return [lost(runner)];
  if (!hasRunnerContainer(runner))
    return [invalid(observed, `no container is named ${CONTAINERS.runner}`)];
  const ms = backoffLeft(runner, now);
  if (ms > 0) return [{ do: 'wait', ms, because: 'its last pod failed' }];
  if (observed.nameTaken) {
    return [{ do: 'wait', ms: NAME_TAKEN_MS, because: 'a pod of another has its name' }];
  }
  return [...register(observed.jit), { do: 'create-pod', because: 'it has no pod' }];
}

const isHeld = (runner: EphemeralRunner): boolean =>
  hasFinalizer(runner, FINALIZERS.runner) && hasFinalizer(runner, FINALIZERS.registration);

/** Phase Running is written when its container runs, and taken back before we delete a failed pod. */
const wasSeenRunning = ({ status }: EphemeralRunner): boolean => status?.phase === 'Running';

const hasRunnerContainer = ({ spec }: EphemeralRunner): boolean =>
  spec.spec?.containers.some(({ name }) => name === CONTAINERS.runner) ?? false;

function tidy(pod: Pod | undefined): Action[] {
  if (pod === undefined || isTerminating(pod)) return [];
  return [{ do: 'delete-pod', because: 'its runner is done' }];
}

function register(jit: Jit): Action[] {
  const because = 'GitHub does not know it yet';
  if (jit.is === 'absent') return [{ do: 'register', because }];
  if (jit.is === 'unusable') {
    return [
      { do: 'discard-secret', because: 'its JIT configuration cannot be used' },
      { do: 'register', because },
    ];
  }
  return [];
}

/** Its container has run, so its JIT configuration is spent, and with it the runner. */
const lost = (runner: EphemeralRunner): Action =>
  hasJob(runner)
    ? {
        do: 'replace',
        because: `its pod vanished under ${jobOf(runner)}`,
        event: { type: 'Warning', reason: 'JobLost' },
      }
    : { do: 'replace', because: 'its pod vanished' };

function follow(observed: Observed, pod: Pod): Action[] {
  const state = runnerPod(pod);
  switch (state.is) {
    case 'finished':
      if (state.exitCode === 0) return [{ do: 'end', because: 'its runner ended well' }];
      if (state.exitCode === EXIT_OUTDATED) return [outdated(observed)];
      return failed(observed, pod, {
        reason: state.reason || 'RunnerFailed',
        message: state.message || `the runner ended with exit code ${state.exitCode}`,
      });
    case 'failed':
      return failed(observed, pod, state);
    case 'running':
    case 'starting':
      return mirror(observed, pod);
    case 'absent':
      return [];
  }
}

/** A pod that fails is counted first and deleted second, so that no failure is forgotten. */
function failed(
  observed: Observed,
  pod: Pod,
  { reason, message }: { reason: string; message: string },
): Action[] {
  const { runner, now } = observed;
  if (hasJob(runner)) {
    return [
      {
        do: 'replace',
        because: `its pod failed under ${jobOf(runner)}: ${reason}`,
        event: { type: 'Warning', reason: 'JobLost' },
      },
    ];
  }
  if (isCounted(runner, pod)) {
    return isTerminating(pod) ? [] : [{ do: 'delete-pod', because: 'its failure is counted' }];
  }
  if (failureCount(runner) >= MAX_FAILURES) {
    return [
      {
        do: 'replace',
        because: `its pods keep failing: ${reason}`,
        event: { type: 'Warning', reason: 'RunnerReplaced' },
      },
    ];
  }
  const wish = { phase: 'Pending', ready: false, reason, message, failedPod: pod.metadata.uid };
  return [
    {
      do: 'report',
      status: statusPatch(runner, wish, now) ?? {},
      because: `its pod failed: ${reason}`,
      event: { type: 'Warning', reason: 'PodFailed' },
    },
    ...(isTerminating(pod)
      ? []
      : [{ do: 'delete-pod', because: 'its failure is counted' } as const]),
  ];
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
    event: { type: 'Warning', reason: 'Outdated' },
  };
}

/** No pod can be made of it; its set decides when to try another. */
export function invalid({ runner, now }: Observed, detail: string): Action {
  const message = `Failed to create the pod: ${detail}`;
  return {
    do: 'report',
    status:
      statusPatch(runner, { phase: 'Failed', ready: false, reason: 'InvalidPod', message }, now) ??
      {},
    because: `no pod can be made of it: ${detail}`,
    event: { type: 'Warning', reason: 'InvalidPod' },
  };
}

const isTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;
