// Bearer tokens: the administrator's, and those of ServiceAccounts as TokenRequest issues them.
import { randomBytes } from 'node:crypto';
import { SignJWT, jwtVerify } from 'jose';
import { isObject, objectAt, stringAt, stringsAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../object.ts';
import { unauthorized } from '../status.ts';
import { may, refusal } from './rbac.ts';
import type { Act } from './rbac.ts';
import { MASTERS, TABLES } from '../world.ts';
import type { User, World } from '../world.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';

export interface TokenWish {
  account: KubeObject;
  audiences: string[];
  seconds: number;
  /** The object whose end ends the token. */
  boundTo?: { kind: string; name: string; uid: string } | undefined;
}

interface Claims {
  namespace: string;
  account: { name: string; uid: string };
  pod?: { name: string; uid: string };
  expiresAtMs: number;
}

export class Signer {
  readonly adminToken = randomBytes(24).toString('base64url');
  readonly #key = randomBytes(32);
  /** Signatures that were checked; what they claim is looked up anew each time. */
  readonly #verified = new Map<string, Claims>();

  async sign({ account, audiences, seconds, boundTo }: TokenWish, nowMs: number): Promise<string> {
    const { name, namespace = '', uid } = account.metadata;
    const now = Math.floor(nowMs / 1000);
    const bound = boundTo
      ? { [boundTo.kind.toLowerCase()]: { name: boundTo.name, uid: boundTo.uid } }
      : {};
    return new SignJWT({ 'kubernetes.io': { namespace, serviceaccount: { name, uid }, ...bound } })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(ISSUER)
      .setSubject(`system:serviceaccount:${namespace}:${name}`)
      .setAudience(audiences.length > 0 ? audiences : ISSUER)
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + seconds)
      .sign(this.#key);
  }

  async claims(token: string, nowMs: number): Promise<Claims | undefined> {
    const known = this.#verified.get(token);
    if (known) return known.expiresAtMs > nowMs ? known : undefined;
    try {
      const options = { issuer: ISSUER, audience: ISSUER, currentDate: new Date(nowMs) };
      const { payload } = await jwtVerify(token, this.#key, options);
      const claims = claimsOf(payload);
      if (this.#verified.size > 10_000) this.#verified.clear();
      if (claims) this.#verified.set(token, claims);
      return claims;
    } catch {
      // Whatever is wrong with a token, its bearer learns only that it is not accepted.
      return undefined;
    }
  }
}

function claimsOf(payload: JsonObject): Claims | undefined {
  const kubernetes = objectAt(payload, 'kubernetes.io');
  const named = (key: string): { name: string; uid: string } | undefined => {
    const found = objectAt(kubernetes, key);
    const name = stringAt(found, 'name');
    const uid = stringAt(found, 'uid');
    return name === undefined || uid === undefined ? undefined : { name, uid };
  };
  const account = named('serviceaccount');
  const pod = named('pod');
  const expiry = payload['exp'];
  if (account === undefined || typeof expiry !== 'number') return undefined;
  const namespace = stringAt(kubernetes, 'namespace') ?? '';
  return { namespace, account, ...(pod ? { pod } : {}), expiresAtMs: expiry * 1000 };
}

/** Who asks; throws 401 for a token that is missing, unknown, expired, or whose holder is gone. */
export async function authenticate(world: World, authorization: string | null): Promise<User> {
  const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) throw unauthorized();
  const user = token === world.signer.adminToken ? ADMIN : await accountOf(world, token);
  if (user === undefined) throw unauthorized();
  return user;
}

const ADMIN: User = { name: 'kubernetes-admin', groups: [MASTERS, 'system:authenticated'] };

/** The user a token stands for as things are now. */
export async function accountOf(world: World, token: string): Promise<User | undefined> {
  const claims = await world.signer.claims(token, world.now());
  if (claims === undefined) return undefined;
  const { namespace, account, pod } = claims;
  const isThere = (table: string, { name, uid }: { name: string; uid: string }): boolean =>
    world.store.get(table, { namespace, name })?.metadata.uid === uid;
  if (!isThere(TABLES.serviceAccounts, account)) return undefined;
  if (pod && !isThere(TABLES.pods, pod)) return undefined;
  return {
    ...accountUser(namespace, account.name),
    uid: account.uid,
    ...(pod ? { extra: podExtra(pod) } : {}),
  };
}

const accountUser = (namespace: string, name: string): User => ({
  name: `system:serviceaccount:${namespace}:${name}`,
  groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
});

const podExtra = (pod: { name: string; uid: string }): Record<string, string[]> => ({
  'authentication.kubernetes.io/pod-name': [pod.name],
  'authentication.kubernetes.io/pod-uid': [pod.uid],
});

/** The user that a review describes. */
export function describedUser(spec: JsonObject): User {
  const extra = spec['extra'];
  return {
    name: stringAt(spec, 'user') ?? '',
    groups: stringsAt(spec, 'groups'),
    ...(isObject(extra) ? { extra: extra as Record<string, string[]> } : {}),
  };
}

/** The user that `kubectl --as` names, for those who may; else who really asks. */
export function impersonated(world: World, user: User, headers: Headers): User {
  const name = headers.get('impersonate-user');
  if (name === null) return user;
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  const act = account
    ? {
        verb: 'impersonate',
        group: '',
        plural: 'serviceaccounts',
        namespace: account[1],
        name: account[2],
      }
    : { verb: 'impersonate', group: '', plural: 'users', name };
  if (!may(world, user, act)) throw refusal(user, act);
  if (account) return accountUser(account[1] ?? '', account[2] ?? '');
  const asked = headers.get('impersonate-group')?.split(', ') ?? [];
  const groups = asked.map((group): Act => ({
    verb: 'impersonate',
    group: '',
    plural: 'groups',
    name: group,
  }));
  const refused = groups.find((group) => !may(world, user, group));
  if (refused) throw refusal(user, refused);
  return { name, groups: [...asked, 'system:authenticated'] };
}
