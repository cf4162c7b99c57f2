// Tokens: who may call what. Personal and App credentials in, registration, admin and queue tokens out.
import { randomBytes } from 'node:crypto';
import { SignJWT, decodeJwt, decodeProtectedHeader, importSPKI, jwtVerify } from 'jose';
import type { Scope, Session } from './world/model.ts';

export interface TokenLives {
  registrationMs: number;
  /** GitHub's was seen to live for about 17 minutes. */
  adminMs: number;
  queueMs: number;
}

/** An App that is registered; before one is, any well-formed App JWT is accepted. */
export interface AppRegistration {
  /** Client id or numeric app id, as in the JWT's `iss`. */
  appId: string;
  installationId: number;
  /** PEM. Without it the signature is not looked at. */
  publicKey?: string;
}

export interface PersonalToken {
  token: string;
  /** Scopes it may register runners in, such as `my-org`; absent: all. */
  scopes?: string[];
}

export interface Credentials {
  readonly lives: TokenLives;
  /** From the first one registered on, only registered ones are accepted. */
  registerToken: (token: PersonalToken) => void;
  registerApp: (app: AppRegistration) => void;
  /** What a personal or installation token may do in a scope. */
  judge(token: string, scope: Scope): 'valid' | 'unknown' | 'forbidden';
  /** The installation token, or why there is none. */
  install(installationId: number, jwt: string): Promise<Issued | { refused: string }>;
  issueRegistration(scope: Scope): Issued;
  registrationScope(token: string): Scope | undefined;
  issueAdmin(scope: Scope): Promise<string>;
  /** The key of its scope; undefined when the token is not valid (any more). */
  adminScope(token: string): Promise<string | undefined>;
  issueQueue(session: Session): string;
  queueSession(token: string): Session | undefined;
  /** Forgets what has expired. */
  sweep(): void;
}

interface Issued {
  token: string;
  expiresAt: number;
}

const HOUR_MS = 3_600_000;
const LIVES: TokenLives = { registrationMs: HOUR_MS, adminMs: 17 * 60_000, queueMs: 50 * 60_000 };

export function createCredentials(now: () => number, lives: Partial<TokenLives> = {}): Credentials {
  const personal = new Map<string, PersonalToken>();
  const vaults = {
    installation: createVault<number>(now, 'ghs_'),
    registration: createVault<Scope>(now, 'A'),
    queue: createVault<Session>(now, 'queue-'),
  };
  const apps = createApps(now);
  const admin = createAdminTokens(now);
  const all = { ...LIVES, ...lives };
  return {
    lives: all,
    registerToken: (entry) => void personal.set(entry.token, entry),
    registerApp: apps.register,
    judge(token, scope) {
      if (vaults.installation.find(token) !== undefined) return 'valid';
      const entry = personal.get(token);
      if (!entry) return personal.size === 0 ? 'valid' : 'unknown';
      const scopes = entry.scopes?.map((name) => name.toLowerCase());
      return !scopes || scopes.includes(scope.key) ? 'valid' : 'forbidden';
    },
    async install(installationId, jwt) {
      const refused = await apps.refuse(installationId, jwt);
      return refused ? { refused } : vaults.installation.issue(installationId, HOUR_MS);
    },
    issueRegistration: (scope) => vaults.registration.issue(scope, all.registrationMs),
    registrationScope: (token) => vaults.registration.find(token),
    issueAdmin: (scope) => admin.issue(scope, all.adminMs),
    adminScope: admin.scope,
    issueQueue: (session) => vaults.queue.issue(session, all.queueMs).token,
    queueSession: (token) => vaults.queue.find(token),
    sweep() {
      for (const vault of Object.values(vaults)) vault.sweep();
    },
  };
}

interface Vault<T> {
  issue(owner: T, lifeMs: number): Issued;
  find(token: string): T | undefined;
  sweep(): void;
}

function createVault<T>(now: () => number, prefix: string): Vault<T> {
  const entries = new Map<string, { owner: T; expiresAt: number }>();
  return {
    issue(owner, lifeMs) {
      const token = prefix + randomBytes(24).toString('base64url');
      const expiresAt = now() + lifeMs;
      entries.set(token, { owner, expiresAt });
      return { token, expiresAt };
    },
    find(token) {
      const entry = entries.get(token);
      return entry && entry.expiresAt > now() ? entry.owner : undefined;
    },
    sweep() {
      for (const [token, { expiresAt }] of entries) if (expiresAt <= now()) entries.delete(token);
    },
  };
}

interface AdminTokens {
  issue(scope: Scope, lifeMs: number): Promise<string>;
  scope: (token: string) => Promise<string | undefined>;
}

// A real JWT: clients read `exp` in it, and refresh the whole chain before it ends.
function createAdminTokens(now: () => number): AdminTokens {
  const key = randomBytes(32);
  return {
    async issue(scope, lifeMs) {
      const at = Math.floor(now() / 1000);
      return new SignJWT({ scope: scope.key })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuer('simulator')
        .setIssuedAt(at)
        .setExpirationTime(Math.floor((now() + lifeMs) / 1000))
        .sign(key);
    },
    async scope(token) {
      try {
        const { payload } = await jwtVerify(token, key, { currentDate: new Date(now()) });
        return typeof payload['scope'] === 'string' ? payload['scope'] : undefined;
      } catch {
        return undefined;
      }
    },
  };
}

interface Apps {
  register: (app: AppRegistration) => void;
  refuse(installationId: number, jwt: string): Promise<string | undefined>;
}

function createApps(now: () => number): Apps {
  const apps: AppRegistration[] = [];
  return {
    register: (app) => void apps.push(app),
    async refuse(installationId, jwt) {
      const claims = readAppJwt(jwt);
      if (!claims) return 'A JSON web token could not be decoded';
      const seconds = now() / 1000;
      if (claims.exp <= seconds) return "'Expiration time' claim ('exp') is in the past";
      if (claims.exp > seconds + 600) {
        return "'Expiration time' claim ('exp') is too far in the future";
      }
      if (apps.length === 0) return undefined;
      const app = apps.find((a) => a.appId === claims.iss && a.installationId === installationId);
      if (!app) return 'Integration not found';
      if (app.publicKey === undefined || (await isSignedBy(jwt, app.publicKey, now()))) return;
      return 'A JSON web token could not be decoded';
    },
  };
}

function readAppJwt(jwt: string): { iss: string; exp: number } | undefined {
  try {
    const { iss, exp } = decodeJwt(jwt);
    const issuer = typeof iss === 'number' ? String(iss) : iss;
    if (decodeProtectedHeader(jwt).alg !== 'RS256' || !issuer || !exp) return undefined;
    return { iss: issuer, exp };
  } catch {
    return undefined;
  }
}

async function isSignedBy(jwt: string, publicKey: string, now: number): Promise<boolean> {
  try {
    await jwtVerify(jwt, await importSPKI(publicKey, 'RS256'), { currentDate: new Date(now) });
    return true;
  } catch {
    return false;
  }
}
