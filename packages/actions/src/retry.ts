// Whether a call is made again, and after what wait. Decides only.
import type { RetryOptions } from './options.ts';
import { codeOf } from './redact.ts';

export type RetryPolicy = Required<RetryOptions>;

export const DEFAULT_RETRY: RetryPolicy = { max: 4, minWaitMs: 1000, maxWaitMs: 30_000 };

type Outcome =
  | { is: 'answer'; status: number; retryAfterMs: number | undefined }
  | { is: 'failure'; error: unknown };

export interface Attempt {
  outcome: Outcome;
  /** 0 for the first. */
  number: number;
  /** From 0 up to 1. */
  random: number;
  /** Statuses that are passing for this call although they are not for others. */
  retryAlso?: readonly number[];
}

/** The wait before the next attempt; undefined when there is to be none. */
export function waitBeforeRetry(attempt: Attempt, policy: RetryPolicy): number | undefined {
  const { outcome, number, random } = attempt;
  if (number >= policy.max || !isPassing(attempt)) return undefined;
  const retryAfterMs = outcome.is === 'answer' ? retryAfterOf(outcome) : undefined;
  if (retryAfterMs === undefined) return backOff(number, random, policy);
  // A service that asks for minutes is not waited for here: the caller may have better things to do.
  return retryAfterMs > policy.maxWaitMs ? undefined : retryAfterMs;
}

function isPassing({ outcome, retryAlso }: Attempt): boolean {
  if (outcome.is === 'failure') return !isHopeless(outcome.error);
  const { status } = outcome;
  return (
    status === 429 || (status >= 500 && status !== 501) || (retryAlso?.includes(status) ?? false)
  );
}

const retryAfterOf = ({ status, retryAfterMs }: Outcome & { is: 'answer' }): number | undefined =>
  status === 429 || status === 503 ? retryAfterMs : undefined;

// Equal jitter: never less than half the step, so that a service in trouble is left in peace, and never in step
// with the other clients that it failed at the same moment.
function backOff(number: number, random: number, { minWaitMs, maxWaitMs }: RetryPolicy): number {
  const step = Math.min(minWaitMs * 2 ** number, maxWaitMs);
  return Math.round(step / 2 + (step / 2) * random);
}

const HOPELESS =
  /CERT|^UNABLE_TO_|SELF_SIGNED|^ERR_TLS_|^ERR_SSL_|^ERR_INVALID_|^ERR_PROXY_FORBIDS$|^UND_ERR_INVALID_|^ERR_ANSWER_TOO_LARGE$/;

/** Failures that the next attempt meets again: certificates, calls that cannot be made, answers out of all proportion. */
function isHopeless(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause) {
    if (HOPELESS.test(codeOf(one).code ?? '')) return true;
  }
  return false;
}

/** The form of RFC 9110, and the older one of RFC 850. */
const HTTP_DATE = /^\s*(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*, .*\d\d:\d\d:\d\d GMT\s*$/i;

/** Seconds or an HTTP date, as a wait in milliseconds; a date that is past is no wait. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined || value.trim() === '') return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  // Date.parse alone takes "1.5" and "try 5" for days in 2001: a wait that is past, and so none.
  const at = HTTP_DATE.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
