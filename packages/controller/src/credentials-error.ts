type CredentialsErrorCode =
  /** A Secret, a ConfigMap, a vault's secret or a certificate is not there. */
  | 'missing'
  /** It is there, and its content is of no use. */
  | 'invalid'
  /** A source that this program does not know. */
  | 'unsupported'
  /** This program may not read it, or no longer. */
  | 'forbidden'
  /** The vault does not answer, or answers that it cannot just now. */
  | 'unreachable';

/** The reason of a condition that says so. */
export const CREDENTIALS_REASONS: Readonly<Record<CredentialsErrorCode, string>> = {
  missing: 'CredentialsMissing',
  invalid: 'CredentialsInvalid',
  unsupported: 'CredentialsUnsupported',
  forbidden: 'CredentialsForbidden',
  unreachable: 'VaultUnreachable',
};

/** A message for people: it names what to look at, and holds no secret. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
  readonly code: CredentialsErrorCode;

  constructor(code: CredentialsErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export const isCredentialsError = (error: unknown): error is CredentialsError =>
  error instanceof CredentialsError;
