import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { createSimulator } from './simulator.ts';
import type { Simulator } from './simulator.ts';
import { ORIGIN, sender } from './testing/client.ts';
import type { Sent } from './testing/client.ts';

const NOW = Date.UTC(2026, 5, 1);
const SECONDS = NOW / 1000;

const pairs = {
  own: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  other: generateKeyPairSync('rsa', { modulusLength: 2048 }),
};
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

interface Jwt {
  alg?: 'RS256' | 'HS256';
  iss?: string | undefined;
  iat?: number;
  exp?: number;
  signedBy?: KeyObject | Uint8Array;
}

// As protocol.md 2.2 says: issued a minute ago, for nine minutes.
async function aJwt({
  alg = 'RS256',
  iss = 'Iv1.app',
  iat = SECONDS - 60,
  exp = iat + 540,
  signedBy = pairs.own.privateKey,
}: Jwt = {}): Promise<string> {
  return new SignJWT({ iss, iat, exp }).setProtectedHeader({ alg, typ: 'JWT' }).sign(signedBy);
}

function aSimulator(scopes?: string[]): Simulator {
  const simulator = createSimulator({ now: () => NOW });
  const publicKey = pemOf(pairs.own.publicKey);
  simulator.registerApp({
    appId: 'Iv1.app',
    installationId: 7,
    publicKey,
    ...(scopes && { scopes }),
  });
  return simulator;
}

const install = async (simulator: Simulator, token: string, installation = 7): Promise<Sent> =>
  sender(simulator)('POST', `${ORIGIN}/api/v3/app/installations/${installation}/access_tokens`, {
    token,
  });

const register = async (simulator: Simulator, token: string, path = 'orgs/my-org'): Promise<Sent> =>
  sender(simulator)('POST', `${ORIGIN}/api/v3/${path}/actions/runners/registration-token`, {
    token,
  });

const tokenIn = ({ body }: Sent): string => (body as { token: string }).token;

test('a JWT of the registered App gives an installation token, and that a registration token', async () => {
  const simulator = aSimulator();
  const installed = await install(simulator, await aJwt());
  expect(installed).toMatchObject({
    status: 201,
    body: { expires_at: '2026-06-01T01:00:00.000Z' },
  });
  expect((await register(simulator, tokenIn(installed))).status).toBe(201);
  expect(simulator.violations()).toEqual([]);
});

describe('a JWT is refused', () => {
  const unreadable = 'A JSON web token could not be decoded';
  test.each<{
    name: string;
    jwt?: Jwt;
    token?: string;
    installation?: number;
    status?: number;
    says: string;
  }>([
    {
      name: 'when another key has signed it',
      jwt: { signedBy: pairs.other.privateKey },
      says: unreadable,
    },
    {
      name: 'when it is not RS256, be it signed with the public key',
      jwt: { alg: 'HS256', signedBy: new TextEncoder().encode(pemOf(pairs.own.publicKey)) },
      says: unreadable,
    },
    { name: 'when it is none', token: 'ghp_personal', says: unreadable },
    { name: 'of another App', jwt: { iss: '4711' }, says: 'Integration not found' },
    {
      name: 'once its time is over',
      jwt: { exp: SECONDS - 1 },
      says: "'Expiration time' claim ('exp') is in the past",
    },
    {
      name: 'that lives for more than ten minutes',
      jwt: { exp: SECONDS + 601 },
      says: "'Expiration time' claim ('exp') is too far in the future",
    },
    {
      name: 'from the future',
      jwt: { iat: SECONDS + 120, exp: SECONDS + 300 },
      says: "'Issued at' claim ('iat') is in the future",
    },
    { name: 'for another installation', installation: 8, status: 404, says: 'Not Found' },
  ])('$name', async ({ jwt, token, installation, status = 401, says }) => {
    const simulator = aSimulator();
    const answer = await install(simulator, token ?? (await aJwt(jwt)), installation);
    expect(answer).toMatchObject({ status, body: { message: says } });
    expect(simulator.violations()).toMatchObject([{ rule: says, refused: true }]);
  });
});

describe('an installation token', () => {
  test.each([
    { path: 'orgs/my-org', status: 201 },
    { path: 'orgs/other-org', status: 403 },
    // Apps cannot be installed there.
    { path: 'enterprises/mine', status: 403 },
  ])('of an App that is installed in my-org: $path gives $status', async ({ path, status }) => {
    const simulator = aSimulator(['my-org', 'enterprises/mine']);
    const token = tokenIn(await install(simulator, await aJwt()));
    expect((await register(simulator, token, path)).status).toBe(status);
  });
});

test('once an App is registered, a personal token is good only when it is registered too', async () => {
  const simulator = aSimulator();
  expect((await register(simulator, 'ghp_any')).status).toBe(401);
  simulator.registerToken({ token: 'ghp_any' });
  expect((await register(simulator, 'ghp_any')).status).toBe(201);
});

test('before anything is registered, any JWT of the right form is taken', async () => {
  const simulator = createSimulator({ now: () => NOW });
  const jwt = await aJwt({ iss: 'any', signedBy: pairs.other.privateKey });
  expect((await install(simulator, jwt)).status).toBe(201);
});

test.each([
  { name: 'nonsense', publicKey: 'nonsense' },
  { name: 'a key of another kind', publicKey: pemOf(ec.publicKey) },
])('$name is no key of an App', ({ publicKey }) => {
  const simulator = createSimulator();
  expect(() => {
    simulator.registerApp({ appId: 'a', installationId: 1, publicKey });
  }).toThrow('publicKey must be the PEM of an RSA key');
});
