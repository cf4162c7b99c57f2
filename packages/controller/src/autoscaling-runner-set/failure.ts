// What a failed action of a runner set asks for next.
import { isActionsError } from '@muster/actions';
import { withCondition } from '@muster/api';
import { isKubeError } from '@muster/kube';
import { isCredentialsError } from '../credentials.ts';
import { CREDENTIALS_REASONS } from '../credentials-error.ts';
import { deletingForMs } from '../time.ts';
import { HOW_TO_GIVE_UP } from './dismantle.ts';
import { leftBehind, WITHOUT_CREDENTIALS_MS } from './giving-up.ts';
import { report } from './report.ts';
import { conditionOf } from './status.ts';
import type { Action } from './plan.ts';
import type { Observed } from './observe.ts';

// Secrets are not watched, so a missing one is looked for.
const RETRY_MS = 15_000;
// Long after the first, an answer that is still the same will not be another one soon.
const MOVE_RETRY_MS = 60_000;

type Answer = (error: unknown, observed: Observed) => Action[] | 'retry';

const ANSWERS: Partial<Record<Action['do'], Answer>> = {
  register: afterRegister,
  restore: afterRegister,
  move: afterChange,
  rename: afterChange,
  relabel: afterChange,
  deregister: afterDeregister,
  unprotect: afterUnprotect,
};

/** `retry` hands the error to the queue, which backs off. */
export const afterFailure = (
  action: Action,
  error: unknown,
  observed: Observed,
): Action[] | 'retry' => ANSWERS[action.do]?.(error, observed) ?? 'retry';

interface Refusal {
  reason: string;
  message: string;
}

function afterRegister(error: unknown, observed: Observed): Action[] | 'retry' {
  const refusal = refusalOf(error);
  return refusal === undefined ? 'retry' : tell(observed, refusal, waitFor(error, RETRY_MS));
}

/** It goes on as GitHub has it, and says what it could not have. */
function afterChange(error: unknown, observed: Observed): Action[] | 'retry' {
  const refusal = refusalOf(error);
  if (refusal === undefined) return 'retry';
  const { runnerSet, now } = observed;
  const { conditions } = runnerSet.status ?? {};
  const next = conditionOf(runnerSet, now, { type: 'UpToDate', status: 'False', ...refusal });
  const known = conditions?.find(({ type }) => type === 'UpToDate');
  const isKnown = known?.status === 'False' && known.message === next.message;
  return [
    ...(isKnown
      ? []
      : [
          {
            do: 'report',
            status: { conditions: withCondition(conditions, next) },
            because: refusal.message,
            event: { type: 'Warning', reason: refusal.reason },
          } as const,
        ]),
    waitFor(error, MOVE_RETRY_MS),
  ];
}

function afterDeregister(error: unknown, observed: Observed): Action[] | 'retry' {
  const refusal = refusalOf(error);
  if (refusal === undefined) return 'retry';
  const { runnerSet, now } = observed;
  // GitHub's errors are never taken for its word that the scale set is gone, and credentials may come back.
  if (isGone(error) && deletingForMs(runnerSet, now) > WITHOUT_CREDENTIALS_MS) {
    const because = `without credentials it cannot be deleted; ${leftBehind(runnerSet)}`;
    return [{ do: 'forget', because, event: { type: 'Warning', reason: 'ScaleSetLeftBehind' } }];
  }
  const message = `${refusal.message}; ${HOW_TO_GIVE_UP}`;
  return tell(observed, { ...refusal, message }, waitFor(error, RETRY_MS));
}

/** Whoever took the rights away first has decided; what is left then bears our finalizer. */
function afterUnprotect(error: unknown, { runnerSet, now }: Observed): Action[] | 'retry' {
  const isOver = deletingForMs(runnerSet, now) > WITHOUT_CREDENTIALS_MS;
  if (!isKubeError(error, 'forbidden') || !isOver) return 'retry';
  const because = `its finalizer could not be taken from all that it protects: ${error.message}`;
  const event = { type: 'Warning', reason: 'StillProtected' } as const;
  return [{ do: 'release', because, event }];
}

function tell(observed: Observed, { reason, message }: Refusal, wait: Action): Action[] {
  const { runnerSet } = observed;
  const event = { type: 'Warning', reason } as const;
  const word = { status: 'False', reason, message } as const;
  const phase = runnerSet.status?.phase === 'Running' ? 'Running' : 'Pending';
  return [...report(observed, phase, word).map((said) => ({ ...said, event })), wait];
}

const waitFor = (error: unknown, ms: number): Action => ({
  do: 'wait',
  ms: Math.max(ms, isActionsError(error) ? (error.retryAfterMs ?? 0) : 0),
  because: error instanceof Error ? error.message : 'GitHub refuses',
});

/** There is no way to GitHub, and none will open by itself. A vault that does not answer may do so again. */
const isGone = (error: unknown): boolean =>
  isCredentialsError(error) && error.code !== 'unreachable';

function refusalOf(error: unknown): Refusal | undefined {
  if (isCredentialsError(error)) {
    return { reason: CREDENTIALS_REASONS[error.code], message: error.message };
  }
  if (!isActionsError(error)) return undefined;
  const known: Partial<Record<typeof error.code, string>> = {
    'invalid-config-url': 'InvalidConfigUrl',
    'invalid-connection': 'InvalidConnection',
    'invalid-credentials': 'CredentialsInvalid',
    'scale-set-exists': 'NameTaken',
    unauthorized: 'Unauthorized',
    'rate-limited': 'RateLimited',
    unavailable: 'GitHubUnavailable',
    unreachable: 'GitHubUnreachable',
  };
  return { reason: known[error.code] ?? 'GitHubRefused', message: error.message };
}
