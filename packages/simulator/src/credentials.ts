// Tokens: who may call what. Personal and App credentials in, registration, admin and queue tokens out.
import { randomBytes, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { createApps, readAppJwt } from './app-credentials.ts';
import type { AppRefusal, AppRegistration } from './app-credentials.ts';
import type { Scope, Session } from './world/model.ts';

export interface TokenLives {
  registrationMs: number;
  /** GitHub's was seen to live for about 17 minutes. */
  adminMs: number;
  queueMs: number;
}

export interface PersonalToken {
  token: string;
  /** Scopes it may register runners in, such as `my-org`; absent: all. */
  scopes?: string[];
  /** What it may do with workflow runs in these scopes and the repositories of their owners; absent: nothing. */
  actions?: 'read' | 'write';
}

/** What a call of GitHub's REST API needs in its scope: to register runners, or something of workflow runs. */
export type Right = 'runners' | 'actions:read' | 'actions:write';

export type TokenKind = 'personal' | 'app' | 'installation' | 'registration' | 'admin' | 'queue';

/** From the first token or App that is registered on, only registered ones are accepted. */
export interface Credentials {
  registerToken: (token: PersonalToken) => void;
  /** Throws when its key is none. */
  registerApp: (app: AppRegistration) => void;
  /** For tokens that are issued from now on. */
  setLives: (lives: Partial<TokenLives>) => void;
  /** What a personal or installation token may do in a scope. */
  judge(token: string, scope: Scope, right: Right): 'valid' | 'unknown' | 'forbidden';
  /** What a token is, as far as it can be told. */
  kindOf(token: string): TokenKind | undefined;
  /** The installation token, or why there is none. */
  install(installationId: number, jwt: string): Promise<Issued | AppRefusal>;
  issueRegistration(scope: Scope): Issued;
  registrationScope(token: string): Scope | undefined;
  issueAdmin(scope: Scope): Promise<string>;
  /** Undefined when the token is not valid (any more). */
  adminScope(token: string): Scope | undefined;
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
    installation: createVault<Rights>(now, 'ghs_'),
    registration: createVault<Scope>(now, 'A'),
    admin: createVault<Scope>(now, ''),
    queue: createVault<Session>(now, 'queue-'),
  };
  const apps = createApps(now);
  const key = randomBytes(32);
  const lasting = { ...LIVES, ...lives };
  return {
    registerToken: (entry) => void personal.set(entry.token, entry),
    registerApp: apps.register,
    setLives: (changed) => void Object.assign(lasting, changed),
    judge(token, scope, right) {
      const installation = vaults.installation.find(token);
      // No App can be installed in an enterprise.
      if (installation && scope.kind === 'enterprise') return 'forbidden';
      const owner = installation ?? personal.get(token);
      if (!owner) return personal.size + apps.size === 0 ? 'valid' : 'unknown';
      return may(owner, scope, right) ? 'valid' : 'forbidden';
    },
    kindOf(token) {
      if (personal.has(token)) return 'personal';
      return vaultOf(token, vaults) ?? (readAppJwt(token) ? 'app' : undefined);
    },
    async install(installationId, jwt) {
      const judged = await apps.judge(installationId, jwt);
      if (judged === 'any' && personal.size > 0) {
        return { status: 401, message: 'Integration not found' };
      }
      if (judged !== 'any' && 'status' in judged) return judged;
      return vaults.installation.issue(judged === 'any' ? { actions: 'write' } : judged, HOUR_MS);
    },
    issueRegistration: (scope) => vaults.registration.issue(scope, lasting.registrationMs),
    registrationScope: (token) => vaults.registration.find(token),
    async issueAdmin(scope) {
      const { adminMs: lifeMs } = lasting;
      const token = await adminJwt(scope, { key, now: now(), lifeMs });
      return vaults.admin.keep(token, { owner: scope, lifeMs }).token;
    },
    adminScope: (token) => vaults.admin.find(token),
    issueQueue: (session) => vaults.queue.issue(session, lasting.queueMs).token,
    queueSession: (token) => vaults.queue.find(token),
    sweep() {
      for (const vault of Object.values(vaults)) vault.sweep();
    },
  };
}

type Rights = Pick<PersonalToken, 'scopes' | 'actions'>;

function may({ scopes, actions }: Rights, { key }: Scope, right: Right): boolean {
  const known = scopes?.map((name) => name.toLowerCase());
  if (right === 'runners') return !known || known.includes(key);
  const isReached = !known || known.includes(key) || known.includes(key.split('/')[0] ?? '');
  return isReached && (actions === 'write' || right === `actions:${actions ?? 'none'}`);
}

function vaultOf<K extends string>(
  token: string,
  vaults: Readonly<Record<K, Pick<Vault<unknown>, 'find'>>>,
): K | undefined {
  const names = Object.keys(vaults) as K[];
  return names.find((name) => vaults[name].find(token) !== undefined);
}

interface Vault<T> {
  /** A token of random characters. */
  issue(owner: T, lifeMs: number): Issued;
  /** One that was made elsewhere. */
  keep(token: string, entry: { owner: T; lifeMs: number }): Issued;
  find(token: string): T | undefined;
  sweep(): void;
}

function createVault<T>(now: () => number, prefix: string): Vault<T> {
  const entries = new Map<string, { owner: T; expiresAt: number }>();
  const keep: Vault<T>['keep'] = (token, { owner, lifeMs }) => {
    const expiresAt = now() + lifeMs;
    entries.set(token, { owner, expiresAt });
    return { token, expiresAt };
  };
  return {
    keep,
    issue: (owner, lifeMs) =>
      keep(prefix + randomBytes(24).toString('base64url'), { owner, lifeMs }),
    find(token) {
      const entry = entries.get(token);
      return entry && entry.expiresAt > now() ? entry.owner : undefined;
    },
    sweep() {
      for (const [token, { expiresAt }] of entries) if (expiresAt <= now()) entries.delete(token);
    },
  };
}

/** A real JWT: clients read `exp` in it, and refresh the whole chain before it ends. */
async function adminJwt(scope: Scope, { key, now, lifeMs }: JwtWish): Promise<string> {
  return new SignJWT({ scope: scope.key })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer('simulator')
    .setIssuedAt(Math.floor(now / 1000))
    .setExpirationTime(Math.floor((now + lifeMs) / 1000))
    .setJti(randomUUID())
    .sign(key);
}

interface JwtWish {
  key: Uint8Array;
  now: number;
  lifeMs: number;
}
