// What a failed action asks for next. Decides only.
import { isActionsError } from '@muster/actions';
import { isKubeError } from '@muster/kube';
import { isCredentialsError } from '../credentials.ts';
import type { Action } from './plan.ts';

const STALE_CACHE_MS = 1_000;
const REFUSED_MS = 30_000;

export function afterFailure(action: Action, error: unknown): Action[] | 'retry' {
  if (action.do === 'create' && isKubeError(error, 'already-exists')) {
    return [{ do: 'wait', ms: STALE_CACHE_MS, because: 'a runner is there and not seen yet' }];
  }
  if (action.do === 'retire' || action.do === 'renew') return afterRetire(error);
  return 'retry';
}

function afterRetire(error: unknown): Action[] | 'retry' {
  if (isActionsError(error, 'rate-limited')) {
    return [
      { do: 'wait', ms: error.retryAfterMs ?? REFUSED_MS, because: 'GitHub asks for patience' },
    ];
  }
  if (isCredentialsError(error) || isActionsError(error, 'unauthorized')) {
    const event = { type: 'Warning', reason: 'NotDeregistered' } as const;
    return [{ do: 'wait', ms: REFUSED_MS, because: error.message, event }];
  }
  return 'retry';
}
