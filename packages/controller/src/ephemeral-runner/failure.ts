// What a failed action asks for next. Decides only; reference/controllers.md 2.5.4, 2.5.8.
import { ActionsError, isActionsError } from '@muster/actions';
import { hasJob, isDeleting } from '@muster/api';
import { isKubeError } from '@muster/kube';
import type { KubeError } from '@muster/kube';
import { isCredentialsError } from '../credentials.ts';
import { isLost, runnerPod } from '../runner-pod.ts';
import { ageMs, deletingForMs } from './age.ts';
import { givesUpBecause } from './farewell.ts';
import { remove } from './finalize.ts';
import { lossOfJob } from './follow.ts';
import { invalid } from './plan.ts';
import type { Action, Observed } from './plan.ts';
import { isRefusal } from './refusal.ts';
import { statusPatch } from './status.ts';

const BUSY_MS = 30_000;
/** Its container has just ended: GitHub is about to notice. */
const ENDED_BUSY_MS = 2_000;
/** Else it ended without a word, and GitHub takes minutes. */
const ABOUT_TO_NOTICE_MS = 30_000;
const STALE_CACHE_MS = 5_000;
const QUOTA_MS = 30_000;
/** A JIT configuration does not live for ever; a fresh runner gets a fresh one. */
const QUOTA_GIVE_UP_MS = 600_000;
const REFUSED_MS = 30_000;
/** An error now and then is no news. */
const QUIET_MS = 30_000;

export function afterFailure(
  action: Action,
  error: unknown,
  observed: Observed,
): Action[] | 'retry' {
  if (action.do === 'register') return afterRegister(error, observed);
  if (action.do === 'create-pod' && isKubeError(error)) return afterCreatePod(error, observed);
  if (action.do === 'deregister') return afterDeregister(error, observed);
  return 'retry';
}

function afterRegister(error: unknown, observed: Observed): Action[] | 'retry' {
  if (isRefusal(error, 'name-taken')) return [{ do: 'replace', because: error.message }];
  // Its pod is gone, so the job is lost, whichever it is: its name stays with it until GitHub lets go.
  if (isRefusal(error, 'busy')) return [{ do: 'replace', because: error.message }];
  if (isActionsError(error, 'rate-limited')) {
    return [
      { do: 'wait', ms: error.retryAfterMs ?? REFUSED_MS, because: 'GitHub asks for patience' },
    ];
  }
  if (isHopeless(error)) {
    return tell(observed, { reason: 'NotRegistered', message: error.message, ms: REFUSED_MS });
  }
  return 'retry';
}

/** It will be so until somebody changes something; asking more often does not help. */
const isHopeless = (error: unknown): error is Error =>
  isCredentialsError(error) ||
  isActionsError(error, 'unauthorized') ||
  isActionsError(error, 'scale-set-not-found') ||
  isActionsError(error, 'not-found');

function afterCreatePod(error: KubeError, observed: Observed): Action[] | 'retry' {
  if (error.code === 'already-exists') {
    return [{ do: 'wait', ms: STALE_CACHE_MS, because: 'its pod is there and not seen yet' }];
  }
  if (error.code === 'invalid') return [invalid(observed, error.message)];
  if (error.code !== 'forbidden') return 'retry';
  if (isOverQuota(error)) return afterQuota(observed, error.message);
  if (isOutsideLimitRange(error)) {
    return tell(observed, { reason: 'LimitRange', message: error.message, ms: QUOTA_MS });
  }
  if (isMissingRight(error)) {
    return tell(observed, { reason: 'Forbidden', message: error.message, ms: REFUSED_MS });
  }
  return [invalid(observed, error.message)];
}

function afterQuota(observed: Observed, message: string): Action[] {
  if (ageMs(observed.runner, observed.now) > QUOTA_GIVE_UP_MS) {
    return [{ do: 'replace', because: 'the namespace has been at its quota for 10 minutes' }];
  }
  return tell(observed, { reason: 'QuotaExceeded', message, ms: QUOTA_MS });
}

// The API server gives none of them a code of its own: only "forbidden" and these sentences.
const isOverQuota = ({ message }: Error): boolean => /(exceeded|failed) quota:/.test(message);
const isOutsideLimitRange = ({ message }: Error): boolean =>
  /is forbidden: \[?(maximum|minimum|.* max limit to request ratio)/.test(message);
const isMissingRight = ({ message }: Error): boolean => message.includes('cannot create resource');

function afterDeregister(error: unknown, observed: Observed): Action[] | 'retry' {
  const { runner, farewell, settled, now } = observed;
  if (isRefusal(error, 'busy') && farewell.word !== 'force') {
    const wait = { do: 'wait', ms: busyMs(observed), because: error.message } as const;
    return [...lateLoss(observed), wait];
  }
  if (!isDeleting(runner)) return afterEarlyDeregister(error);
  const because = givesUpBecause(
    observed,
    isCredentialsError(error) ? 'no-credentials' : 'no-word',
  );
  if (because !== undefined) {
    const event = { type: 'Warning', reason: 'LeftAtGitHub' } as const;
    const left = `${because}: GitHub may still list the runner`;
    return [{ do: 'give-up', because: left, event }, ...(settled ? remove() : [])];
  }
  if (!isHopeless(error) && deletingForMs(runner, now) < QUIET_MS) return 'retry';
  const message = `GitHub does not let go of it: ${reasonOf(error)}`;
  return tell(observed, { reason: 'NotDeregistered', message, ms: patienceOf(error) });
}

/** Its job may be heard of only now, when its pod has long ended. */
function lateLoss(observed: Observed): Action[] {
  const { runner, pod, fate, isOver, isLossKnown } = observed;
  if (!isLost(pod) || !hasJob(runner) || isOver || isLossKnown) return [];
  return [lossOfJob(runner, fate ?? 'its pod vanished')];
}

function busyMs({ runner, pod, now }: Observed): number {
  const hasEnded = !['running', 'starting'].includes(runnerPod(pod).is);
  return hasEnded && deletingForMs(runner, now) < ABOUT_TO_NOTICE_MS ? ENDED_BUSY_MS : BUSY_MS;
}

/** Its pod has not come up: there is time. */
const afterEarlyDeregister = (error: unknown): Action[] | 'retry' =>
  isHopeless(error) ? [{ do: 'wait', ms: REFUSED_MS, because: error.message }] : 'retry';

/** In words that stay the same while it stays so. */
function reasonOf(error: unknown): string {
  if (isCredentialsError(error)) return error.message;
  return error instanceof ActionsError ? `it answered with ${error.code}` : 'it was not asked';
}

const patienceOf = (error: unknown): number =>
  Math.max(REFUSED_MS, isActionsError(error, 'rate-limited') ? (error.retryAfterMs ?? 0) : 0);

interface Trouble {
  reason: string;
  message: string;
  ms: number;
}

/** Says in the status what it waits for, once, and waits. */
function tell({ runner, now }: Observed, { reason, message, ms }: Trouble): Action[] {
  const { phase = 'Pending', ready = false } = runner.status ?? {};
  const status = statusPatch(runner, { phase: phase || 'Pending', ready, reason, message }, now);
  const event = { type: 'Warning', reason } as const;
  return [
    ...(status ? [{ do: 'report', status, because: message, event } as const] : []),
    { do: 'wait', ms, because: message },
  ];
}
