// GitHub Apps: what is registered of them, and whether a JWT is really theirs.
import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';

/** An App with one installation. */
export interface AppRegistration {
  /** Client id or numeric app id, as in the JWT's `iss`. */
  appId: string;
  installationId: number;
  /** PEM of the RSA key whose private half signs the JWTs. */
  publicKey: string;
  /** Scopes it is installed in, such as `my-org`; absent: all. */
  scopes?: string[];
  /** What its installation may do with workflow runs there; absent: nothing. */
  actions?: 'read' | 'write';
}

/** As GitHub's status and message. */
export interface AppRefusal {
  status: 401 | 404;
  message: string;
}

export interface Apps {
  readonly size: number;
  /** Throws when the key is none. */
  register: (app: AppRegistration) => void;
  /** The installation's owner, or why the JWT is not taken. `any`: no App is registered, and the form is right. */
  judge(installationId: number, jwt: string): Promise<AppRegistration | 'any' | AppRefusal>;
}

/** GitHub's limit for the life of an App JWT. */
const LONGEST_LIFE_S = 600;
/** Clocks differ. */
const SKEW_S = 60;

interface Entry extends AppRegistration {
  key: KeyObject;
}

export function createApps(now: () => number): Apps {
  const entries: Entry[] = [];
  return {
    get size() {
      return entries.length;
    },
    register(app) {
      const key = readPublicKey(app.publicKey);
      if (!key) throw new Error('publicKey must be the PEM of an RSA key');
      entries.push({ ...app, key });
    },
    async judge(installationId, jwt) {
      const claims = readAppJwt(jwt);
      if (!claims) return UNREADABLE;
      const problem = problemOf(claims, now() / 1000);
      if (problem !== undefined) return { status: 401, message: problem };
      if (entries.length === 0) return 'any';
      const ofApp = entries.filter(({ appId }) => appId === claims.iss);
      if (ofApp.length === 0) return { status: 401, message: 'Integration not found' };
      const entry = ofApp.find((one) => one.installationId === installationId);
      if (!entry) return { status: 404, message: 'Not Found' };
      return (await isSignedBy(jwt, entry.key, now())) ? entry : UNREADABLE;
    },
  };
}

const UNREADABLE: AppRefusal = {
  status: 401,
  message: 'A JSON web token could not be decoded',
};

interface Claims {
  iss: string;
  iat: number;
  exp: number;
}

/** An RSA key; undefined when it is none. */
export function readPublicKey(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === 'rsa' ? key : undefined;
  } catch {
    return undefined;
  }
}

const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** The claims of an App's JWT, unverified; undefined when it has not its form. */
export function readAppJwt(jwt: string): Claims | undefined {
  // Asked of every token that is shown, and most are none: jose's errors cost more than the rest of such a call.
  if (!COMPACT_JWS.test(jwt)) return undefined;
  try {
    const { iss, iat, exp } = decodeJwt(jwt);
    // Octokit sends a numeric app id as it is given: as a number.
    const issuer: unknown = iss;
    if (decodeProtectedHeader(jwt).alg !== 'RS256' || !iat || !exp) return undefined;
    if (typeof issuer !== 'string' && typeof issuer !== 'number') return undefined;
    return { iss: String(issuer), iat, exp };
  } catch {
    return undefined;
  }
}

function problemOf({ iat, exp }: Claims, seconds: number): string | undefined {
  if (exp <= seconds) return "'Expiration time' claim ('exp') is in the past";
  if (exp > seconds + LONGEST_LIFE_S) {
    return "'Expiration time' claim ('exp') is too far in the future";
  }
  if (iat > seconds + SKEW_S) return "'Issued at' claim ('iat') is in the future";
  return undefined;
}

async function isSignedBy(jwt: string, key: KeyObject, now: number): Promise<boolean> {
  try {
    await jwtVerify(jwt, key, {
      algorithms: ['RS256'],
      currentDate: new Date(now),
      clockTolerance: SKEW_S,
    });
    return true;
  } catch {
    return false;
  }
}
