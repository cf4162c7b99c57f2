// What this package throws.

export type ActionsErrorCode =
  /** The config URL names no enterprise, organization or repository. */
  | 'invalid-config-url'
  /** The credentials are incomplete or malformed. */
  | 'invalid-credentials'
  /** The proxy or the root CA cannot be used. */
  | 'invalid-connection'
  /** 401 or 403 that a fresh token did not cure. */
  | 'unauthorized'
  /** 404, or its exception, where the caller counts on the thing. */
  | 'not-found'
  | 'scale-set-exists'
  | 'scale-set-not-found'
  /** Another session of the scale set is alive. */
  | 'session-conflict'
  /** The service no longer knows this session. */
  | 'session-expired'
  /** 429 after the last retry; `retryAfterMs` says for how long. */
  | 'rate-limited'
  /** 5xx after the last retry. */
  | 'unavailable'
  /** The network failed, or the time was up. */
  | 'unreachable'
  /** An answer that breaks the protocol: an empty 200, bad JSON, a missing field. */
  | 'bad-answer'
  /** The caller's signal. */
  | 'aborted'
  /** Any other refusal. */
  | 'refused';

export interface ActionsErrorFacts {
  status?: number;
  /** The service's own ids of the exchange, for support requests. */
  activityId?: string;
  requestId?: string;
  /** The short .NET type name, as RunnerScaleSetNotFoundException. */
  exception?: string;
  retryAfterMs?: number;
  cause?: unknown;
}

/** A message names the call and the service's answer; it holds no credential and no JIT config. */
export class ActionsError extends Error {
  override readonly name = 'ActionsError';
  readonly code: ActionsErrorCode;
  // Declared only, so that what is not known is not there either.
  declare readonly status?: number;
  declare readonly activityId?: string;
  declare readonly requestId?: string;
  declare readonly exception?: string;
  declare readonly retryAfterMs?: number;

  constructor(
    code: ActionsErrorCode,
    message: string,
    { cause, ...facts }: ActionsErrorFacts = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    Object.assign(this, facts);
  }
}

export const isActionsError = (error: unknown, code?: ActionsErrorCode): error is ActionsError =>
  error instanceof ActionsError && (code === undefined || error.code === code);
