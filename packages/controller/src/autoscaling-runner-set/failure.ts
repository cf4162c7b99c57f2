// What a failed action of a runner set asks for next.
import { isActionsError } from '@muster/actions';
import { isCredentialsError } from '../credentials.ts';
import { deletingForMs } from '../time.ts';
import { report } from './plan.ts';
import type { Action } from './plan.ts';
import type { Observed } from './observe.ts';

// Secrets are not watched, so a missing one is looked for.
const RETRY_MS = 15_000;
// After which a scale set stays behind whose credentials are gone (design.md, decision 17).
const GIVE_UP_MS = 600_000;

const ASKS_GITHUB = new Set<string>(['register', 'deregister', 'move', 'rename']);

/** `retry` hands the error to the queue, which backs off. */
export function afterFailure(
  action: Action,
  error: unknown,
  observed: Observed,
): Action[] | 'retry' {
  if (!ASKS_GITHUB.has(action.do)) return 'retry';
  const refusal = refusalOf(error);
  if (refusal === undefined) return 'retry';
  if (action.do === 'deregister' && isCredentialsError(error) && isOverdue(observed)) {
    return [forget(observed)];
  }
  const { runnerSet } = observed;
  const { reason, message } = refusal;
  const event = { type: 'Warning', reason } as const;
  const word = { status: 'False', reason, message } as const;
  return [
    ...report(observed, runnerSet.status?.phase === 'Running' ? 'Running' : 'Pending', word).map(
      (said) => ({ ...said, event }),
    ),
    { do: 'wait', ms: retryAfter(error), because: message },
  ];
}

function refusalOf(error: unknown): { reason: string; message: string } | undefined {
  if (isCredentialsError(error)) {
    const reason = {
      missing: 'CredentialsMissing',
      invalid: 'CredentialsInvalid',
      unsupported: 'CredentialsUnsupported',
    };
    return { reason: reason[error.code], message: error.message };
  }
  if (!isActionsError(error)) return undefined;
  const known: Partial<Record<typeof error.code, string>> = {
    'invalid-config-url': 'InvalidConfigUrl',
    'invalid-credentials': 'CredentialsInvalid',
    unauthorized: 'Unauthorized',
    'rate-limited': 'RateLimited',
    unavailable: 'GitHubUnavailable',
    unreachable: 'GitHubUnreachable',
  };
  return { reason: known[error.code] ?? 'GitHubRefused', message: error.message };
}

const retryAfter = (error: unknown): number =>
  Math.max(RETRY_MS, isActionsError(error) ? (error.retryAfterMs ?? 0) : 0);

const isOverdue = ({ runnerSet, now }: Observed): boolean =>
  deletingForMs(runnerSet, now) > GIVE_UP_MS;

const forget = ({ runnerSet }: Observed): Action => ({
  do: 'forget',
  because: `without credentials its scale set cannot be deleted; it stays at ${runnerSet.spec.githubConfigUrl ?? 'GitHub'}`,
  event: { type: 'Warning', reason: 'ScaleSetLeftBehind' },
});
