// What to do next with a runner, and why. Decides only; reference/controllers.md 2.5.
import { CONTAINERS, FINALIZERS, hasFinalizer, hasJob, isDeleting, isDone } from '@muster/api';
import type { EphemeralRunner } from '@muster/api';
import type { Pod, PlannedAction, WaitAction } from '@muster/kube';
import type { Limits } from '../limits.ts';
import { ageMs } from './age.ts';
import { backoffLeft } from './backoff.ts';
import type { Farewell } from './farewell.ts';
import { finalize } from './finalize.ts';
import { follow, lost } from './follow.ts';
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
  /** What took away a pod that is gone now, as far as it said. */
  fate: string | undefined;
  /** Whether another's pod has its name. */
  nameTaken: boolean;
  jit: Jit;
  /** Whether the set needs no more of it for its account of slots (design.md, decision 6). */
  settled: boolean;
  /** Whether GitHub has said that its job is over (docs/decisions/0005). */
  isOver: boolean;
  /** Whether its runner set tells of the loss of its job. */
  isLossKnown: boolean;
  limits: Limits;
  farewell: Farewell;
  /** Whether its pod may be changed once it is there. */
  mayMarkPods: boolean;
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
        | { do: 'record-loss'; cause: string }
        | { do: 'mark-busy' | 'deregister' | 'give-up' | 'clean-up' | 'release' }
      ));

const NAME_TAKEN_MS = 5_000;

export function plan(observed: Observed): Action[] {
  const { runner, pod } = observed;
  if (isDeleting(runner)) return finalize(observed);
  if (isDone(runner)) return tidy(pod);
  if (!isHeld(runner)) return [{ do: 'hold', because: 'GitHub is about to know it' }];
  const left = lifeLeftMs(observed);
  if (left <= 0) {
    const event = { type: 'Normal', reason: 'LifetimeOver' } as const;
    return [{ do: 'replace', because: 'it is as old as it may become', event }];
  }
  const acts = pod === undefined ? prepare(observed) : follow(observed, pod);
  if (!Number.isFinite(left)) return acts;
  return [...acts, { do: 'wait', ms: left, because: 'it grows old' }];
}

const isHeld = (runner: EphemeralRunner): boolean =>
  hasFinalizer(runner, FINALIZERS.runner) && hasFinalizer(runner, FINALIZERS.registration);

/** One that has a job may finish it, however old it is. */
const lifeLeftMs = ({ runner, limits, now }: Observed): number =>
  hasJob(runner) ? Infinity : limits.lifetime - ageMs(runner, now);

function tidy(pod: Pod | undefined): Action[] {
  if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return [];
  return [{ do: 'delete-pod', because: 'its runner is done' }];
}

function prepare(observed: Observed): Action[] {
  const { runner, fate, jit, nameTaken, now } = observed;
  if (hasRun(runner)) return lost(observed, fate ?? 'its pod vanished');
  if (!hasRunnerContainer(runner)) {
    return [invalid(observed, `no container is named ${CONTAINERS.runner}`)];
  }
  const ms = backoffLeft(runner, now);
  if (ms > 0) return [{ do: 'wait', ms, because: 'its last pod failed' }];
  if (nameTaken) {
    return [{ do: 'wait', ms: NAME_TAKEN_MS, because: 'a pod of another has its name' }];
  }
  return [...register(jit), { do: 'create-pod', because: 'it has no pod' }];
}

/**
 * Phase Running is written when its container runs, and taken back before we delete a failed pod. A job may be heard of
 * later than the end of its pod: then that was no failure, and no other pod is to use its registration.
 */
const hasRun = (runner: EphemeralRunner): boolean =>
  runner.status?.phase === 'Running' || hasJob(runner);

const hasRunnerContainer = ({ spec }: EphemeralRunner): boolean =>
  spec.spec?.containers.some(({ name }) => name === CONTAINERS.runner) ?? false;

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

/** No pod can be made of it; its set decides when to try another. */
export function invalid({ runner, now }: Observed, detail: string): Action {
  const message = `Failed to create the pod: ${detail}`;
  const wish = { phase: 'Failed', ready: false, reason: 'InvalidPod', message };
  return {
    do: 'report',
    status: statusPatch(runner, wish, now) ?? {},
    because: `no pod can be made of it: ${detail}`,
    event: { type: 'Warning', reason: 'InvalidPod' },
  };
}
