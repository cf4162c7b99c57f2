// What this package throws.

export type KubeErrorCode =
  | 'already-exists'
  /** The object changed in between (409 on an update). */
  | 'conflict'
  | 'forbidden'
  | 'unauthorized'
  | 'invalid'
  | 'bad-request'
  /** Only where absence is not a value: a kind that the server does not know. */
  | 'not-found'
  /** 410: the resource version is too old. */
  | 'expired'
  /** 429; `retryAfterMs` says for how long. */
  | 'too-many-requests'
  /** 5xx. */
  | 'unavailable'
  /** The network failed, or the time was up. */
  | 'unreachable'
  /** No usable kubeconfig, token or CA. */
  | 'bad-config'
  /** A write that was not sent, since this program's lease may have passed to another. */
  | 'not-leading'
  | 'aborted'
  | 'refused';

export interface KubeErrorFacts {
  status?: number;
  /** `reason` of the server's Status. */
  reason?: string;
  retryAfterMs?: number;
  cause?: unknown;
}

/** The message names the call and the server's words. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: KubeErrorCode;
  readonly status?: number;
  readonly reason?: string;
  readonly retryAfterMs?: number;

  constructor(code: KubeErrorCode, message: string, { cause, ...facts }: KubeErrorFacts = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    Object.assign(this, facts);
  }
}

export const isKubeError = (error: unknown, code?: KubeErrorCode): error is KubeError =>
  error instanceof KubeError && (code === undefined || error.code === code);
