// What a failed action asks for next. Decides only; reference/controllers.md 2.5.4, 2.5.8.
import { isActionsError } from '@muster/actions';
import { isKubeError } from '@muster/kube';
import type { KubeError } from '@muster/kube';
import { isCredentialsError } from '../credentials.ts';
import { runnerPod } from '../runner-pod.ts';
import { ageMs, deletingForMs } from './age.ts';
import { remove } from './finalize.ts';
import { invalid } from './plan.ts';
import type { Action, Observed } from './plan.ts';
import { isRefusal } from './refusal.ts';
import { statusPatch } from './status.ts';

const BUSY_MS = 30_000;
/** Its container has ended: GitHub is about to notice. */
const ENDED_BUSY_MS = 2_000;
const STALE_CACHE_MS = 5_000;
const QUOTA_MS = 30_000;
/** A JIT configuration does not live for ever; a fresh runner gets a fresh one. */
const QUOTA_GIVE_UP_MS = 600_000;
const REFUSED_MS = 30_000;
/** Without credentials nothing can be asked, and deleting always ends (design.md, decision 17). */
const DELETE_ANYWAY_MS = 600_000;

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
  if (isRefusal(error, 'busy')) return [{ do: 'wait', ms: BUSY_MS, because: error.message }];
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

// The API server gives neither a code of its own: only "forbidden" and these sentences.
const isOverQuota = ({ message }: Error): boolean => message.includes('exceeded quota:');
const isMissingRight = ({ message }: Error): boolean => message.includes('cannot create resource');

function afterDeregister(error: unknown, observed: Observed): Action[] | 'retry' {
  const hasEnded = !['running', 'starting'].includes(runnerPod(observed.pod).is);
  if (isRefusal(error, 'busy')) {
    return [{ do: 'wait', ms: hasEnded ? ENDED_BUSY_MS : BUSY_MS, because: error.message }];
  }
  if (!isCredentialsError(error)) return 'retry';
  if (!hasEnded || deletingForMs(observed.runner, observed.now) < DELETE_ANYWAY_MS) {
    return tell(observed, { reason: 'NotDeregistered', message: error.message, ms: REFUSED_MS });
  }
  const because = `${error.message}; GitHub may still list the runner`;
  const event = { type: 'Warning', reason: 'LeftAtGitHub' } as const;
  return [{ do: 'give-up', because, event }, ...(observed.settled ? remove() : [])];
}

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
