// A GitHub App's private key, and the JWT that is signed with it.
import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { ActionsError } from './errors.ts';
import type { GitHubCredentials } from './types.ts';

export type AppCredentials = Extract<GitHubCredentials, { kind: 'app' }>;

/** Throws `invalid-credentials`, in words that hold nothing of them. */
export function checkCredentials(credentials: GitHubCredentials): void {
  const complaint =
    credentials.kind === 'token' ? tokenComplaint(credentials.token) : appComplaint(credentials);
  if (complaint !== undefined) throw new ActionsError('invalid-credentials', complaint);
}

function tokenComplaint(token: string): string | undefined {
  if (token === '') return 'the GitHub token is empty';
  return /^[\x21-\x7e]+$/.test(token)
    ? undefined
    : 'the GitHub token holds a space, a line break or another character that no token has';
}

function appComplaint({ appId, installationId, privateKey }: AppCredentials): string | undefined {
  if (appId === '') return 'the client id of the GitHub App is required';
  if (!Number.isSafeInteger(installationId) || installationId <= 0) {
    return 'the installation id of the GitHub App is required, and is a whole number above 0';
  }
  if (privateKey.trim() === '') return 'the private key of the GitHub App is required';
  return isRsaKey(privateKey)
    ? undefined
    : 'the private key of the GitHub App is no RSA key in PEM form';
}

// Keys that went through an environment variable often have their line breaks spelled out.
const unescaped = (pem: string): string => pem.replaceAll('\\n', '\n');

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(unescaped(pem)).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

const BACK_DATED_S = 60;
const LIFE_S = 9 * 60;

/**
 * Only the JWT comes from @octokit/auth-app. Its installation tokens are not used: requests under way are shared
 * through a map of the whole process by installation id alone, so that two servers' tokens would be mixed up.
 *
 * The claims are those of GitHub's own client. Octokit's come closer to what GitHub allows: a clock that is half a
 * minute fast would be refused.
 */
export async function appJwt({ appId, privateKey }: AppCredentials, now: number): Promise<string> {
  // Loaded when needed: who uses a token does not pay for it.
  const { createAppAuth } = await import('@octokit/auth-app');
  const issuedAt = Math.floor(now / 1000) - BACK_DATED_S;
  const endsAt = issuedAt + LIFE_S;
  const createJwt = async (): Promise<{ jwt: string; expiresAt: string }> => ({
    jwt: await new SignJWT()
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
      .setIssuer(appId)
      .setIssuedAt(issuedAt)
      .setExpirationTime(endsAt)
      .sign(createPrivateKey(unescaped(privateKey))),
    expiresAt: new Date(endsAt * 1000).toISOString(),
  });
  const { token } = await createAppAuth({ appId, createJwt })({ type: 'app' });
  return token;
}
