// The numbers are those of the conformance list, reference/protocol.md 10.2.
import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { createActionsClient } from './client.ts';
import {
  NOW,
  ORIGIN,
  adminJwt,
  aClient,
  aFarSide,
  json,
  text,
  thrownBy,
  tokens,
} from './testing/far-side.ts';
import type { FarSide, Reply, Rig } from './testing/far-side.ts';

const fine: Reply = () => json(200, { id: 1, name: 'r' });
const get = ({ client }: Rig) => client.getRunner(1);
const steps = ({ chain }: FarSide): string[] => chain.map(({ url }) => url.pathname);

describe('the connection', () => {
  test('C2: is made by the first call, from registration token to admin token', async () => {
    const farSide = aFarSide(fine);
    await get(aClient(farSide, { configUrl: 'http://127.0.0.1:5000/my-org?a=1&b=2' }));
    expect(steps(farSide)).toEqual([
      '/api/v3/orgs/my-org/actions/runners/registration-token',
      '/api/v3/actions/runner-registration',
    ]);
    const [registration, exchange] = farSide.chain;
    expect(registration?.headers.get('authorization')).toBe('Bearer ghp_personal');
    expect(exchange?.headers.get('authorization')).toBe('RemoteAuth registration-token');
    expect(exchange?.body).toBe(
      '{"url":"http://127.0.0.1:5000/my-org?a=1&b=2","runner_event":"register"}',
    );
  });

  test.each([
    {
      url: '/my-org/my-repo',
      path: '/api/v3/repos/my-org/my-repo/actions/runners/registration-token',
    },
    { url: '/enterprises/ent', path: '/api/v3/enterprises/ent/actions/runners/registration-token' },
  ])('asks for the token of $url', async ({ url, path }) => {
    const farSide = aFarSide(fine);
    await get(aClient(farSide, { configUrl: `http://127.0.0.1:5000${url}` }));
    expect(steps(farSide)[0]).toBe(path);
  });

  test.each([
    { left: 59, chains: 2 },
    { left: 60, chains: 1 },
    { left: 3600, chains: 1 },
  ])('C3: with $left s left is made $chains times for two calls', async ({ left, chains }) => {
    const farSide = aFarSide(
      fine,
      tokens(() => adminJwt(left)),
    );
    const rig = aClient(farSide);
    await get(rig);
    await get(rig);
    expect(farSide.chain).toHaveLength(2 * chains);
  });

  test.each([-3, 0, 3])(
    'C3: is kept for its life by the clock of GitHub, which is %d hours ahead',
    async (hours) => {
      let now = NOW;
      const far = (): number => now + hours * 3_600_000;
      const farSide = aFarSide(fine, ({ url }) => {
        const isLast = url.pathname.endsWith('/runner-registration');
        const token = isLast ? adminJwt(far() / 1000 - NOW / 1000 + 600) : 'registration-token';
        const body = isLast ? { url: `${ORIGIN}/tenant/123/`, token } : { token };
        return json(201, body, { date: new Date(far()).toUTCString() });
      });
      const rig = aClient(farSide, { now: () => now });
      await get(rig);
      now += 540_000;
      await get(rig);
      expect(farSide.chain).toHaveLength(2);
      now += 1_000;
      await get(rig);
      expect(farSide.chain).toHaveLength(4);
    },
  );

  test('is made for nobody when the one who asks is gone already', async () => {
    const farSide = aFarSide(fine);
    const { client } = aClient(farSide);
    const signal = AbortSignal.abort();
    expect(await thrownBy(() => client.getRunner(1, { signal }))).toMatchObject({
      code: 'aborted',
    });
    expect(farSide.chain).toHaveLength(0);
  });

  test('is renewed once when fifty calls in flight are refused together', async () => {
    const tokensGiven = [adminJwt(3600), adminJwt(3601)];
    const next = tokens(() => tokensGiven.shift() ?? 'a third');
    const fresh = adminJwt(3601);
    const farSide = aFarSide(
      ({ headers }) =>
        headers.get('authorization') === `Bearer ${fresh}`
          ? json(200, { id: 1, name: 'r' })
          : text(401, ''),
      next,
    );
    const rig = aClient(farSide);
    const all = await Promise.all(Array.from({ length: 50 }, () => get(rig)));
    expect(all).toHaveLength(50);
    expect(farSide.chain).toHaveLength(4);
    expect(farSide.asked).toHaveLength(100);
  });

  test('is made once for calls at the same time', async () => {
    const farSide = aFarSide(fine);
    const rig = aClient(farSide);
    await Promise.all([get(rig), get(rig), get(rig)]);
    expect(farSide.chain).toHaveLength(2);
    expect(farSide.asked).toHaveLength(3);
  });

  test('is made anew once when the service refuses its token', async () => {
    const farSide = aFarSide([() => text(401, 'expired'), fine]);
    expect(await get(aClient(farSide))).toMatchObject({ id: 1 });
    expect(farSide.chain).toHaveLength(4);

    const refusing = aFarSide(() => text(401, 'expired'));
    expect(await thrownBy(() => get(aClient(refusing)))).toMatchObject({ code: 'unauthorized' });
    expect(refusing.asked).toHaveLength(2);
  });

  test('C4: that is always refused is an error in the words of the service', async () => {
    const farSide = aFarSide(fine, (asked) =>
      asked.url.pathname.endsWith('registration-token')
        ? tokens()(asked)
        : json(401, { message: 'test' }),
    );
    const rig = aClient(farSide);
    expect(await thrownBy(() => get(rig))).toMatchObject({
      code: 'unauthorized',
      status: 401,
      message:
        'could not register with the Actions service for http://127.0.0.1:5000/my-org: 401 Unauthorized: test (POST http://127.0.0.1:5000/api/v3/actions/runner-registration)',
    });
    expect(rig.waits).toEqual([1000, 2000, 4000, 8000]);
    expect(farSide.asked).toHaveLength(0);
  });

  test('C5: that is refused four times is made at the fifth, with its body each time', async () => {
    let refused = 0;
    const farSide = aFarSide(fine, (asked) => {
      if (asked.url.pathname.endsWith('registration-token')) return tokens()(asked);
      refused += 1;
      return refused < 5 ? json(401, { message: 'test' }) : tokens()(asked);
    });
    expect(await get(aClient(farSide))).toMatchObject({ id: 1 });
    expect(new Set(farSide.chain.slice(1).map(({ body }) => body)).size).toBe(1);
  });

  test('C4: stays as it was when a new one cannot be had', async () => {
    let chains = 0;
    const farSide = aFarSide([fine, () => text(401, 'not now'), fine], (asked) => {
      chains += 1;
      return chains > 2 ? json(500, { message: 'down' }) : tokens()(asked);
    });
    const rig = aClient(farSide, { retry: { max: 0 } });
    await get(rig);
    expect(await thrownBy(() => get(rig))).toMatchObject({ code: 'unavailable' });
    expect(await get(rig)).toMatchObject({ id: 1 });
    expect(chains).toBe(3);
    expect(new Set(farSide.asked.map(({ headers }) => headers.get('authorization'))).size).toBe(1);
  });

  test('C5: is replaced whole, its address too', async () => {
    let made = 0;
    const farSide = aFarSide(fine, (asked) => {
      if (asked.url.pathname.endsWith('registration-token')) return tokens()(asked);
      made += 1;
      return json(201, { url: `${ORIGIN}/tenant/${made}`, token: adminJwt(made === 1 ? 59 : 60) });
    });
    const rig = aClient(farSide);
    for (let call = 0; call < 3; call += 1) await get(rig);
    expect(farSide.asked.map(({ url }) => url.pathname.split('/')[2])).toEqual(['1', '2', '2']);
    expect(made).toBe(2);
  });

  test('O6: that is refused five times is made at the sixth, where so many are allowed', async () => {
    let refused = 0;
    const farSide = aFarSide(fine, (asked) => {
      if (asked.url.pathname.endsWith('registration-token')) return tokens()(asked);
      refused += 1;
      return refused < 6 ? json(401, { message: 'test' }) : tokens()(asked);
    });
    expect(await get(aClient(farSide, { retry: { max: 5 } }))).toMatchObject({ id: 1 });
  });

  test.each([
    { name: 'has no url', body: { token: 'x' }, says: 'url is missing or no URL' },
    { name: 'has no token', body: { url: 'http://x' }, says: 'token is missing or no text' },
    { name: 'has no JWT', body: { url: 'http://x', token: 'x' }, says: 'its token is no JWT' },
    {
      name: 'has a JWT without an end',
      body: { url: 'http://x', token: 'eyJhbGciOiJub25lIn0.e30.' },
      says: 'its token does not say when it ends',
    },
  ])('is a bad answer when it $name', async ({ body, says }) => {
    const farSide = aFarSide(fine, (asked) =>
      asked.url.pathname.endsWith('registration-token') ? tokens()(asked) : json(200, body),
    );
    expect(await thrownBy(() => get(aClient(farSide)))).toMatchObject({
      code: 'bad-answer',
      message: expect.stringContaining(says) as string,
    });
  });

  test('is refused for a bad token, and says when GitHub wants to be left alone', async () => {
    const bad = aFarSide(fine, () => json(401, { message: 'Bad credentials' }));
    expect(await thrownBy(() => get(aClient(bad)))).toMatchObject({ code: 'unauthorized' });
    expect(bad.chain).toHaveLength(1);

    const reset = String(NOW / 1000 + 600);
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
    const limited = aFarSide(fine, () => json(403, { message: 'rate limit' }, headers));
    expect(await thrownBy(() => get(aClient(limited)))).toMatchObject({
      code: 'rate-limited',
      retryAfterMs: 600_000,
    });
  });
});

describe('a GitHub App', () => {
  let keys: Record<'pkcs1' | 'pkcs8', string>;
  beforeAll(() => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = (type: 'pkcs1' | 'pkcs8') => privateKey.export({ type, format: 'pem' }) as string;
    keys = { pkcs1: pem('pkcs1'), pkcs8: pem('pkcs8') };
  });

  test.each(['pkcs1', 'pkcs8'] as const)(
    'signs with a %s key for an installation token',
    async (form) => {
      const farSide = aFarSide(fine);
      const credentials = { kind: 'app', appId: 'Iv1.abc', installationId: 42 } as const;
      const privateKey = form === 'pkcs1' ? keys.pkcs1.replaceAll('\n', '\\n') : keys[form];
      await get(aClient(farSide, { credentials: { ...credentials, privateKey } }));
      expect(steps(farSide)[0]).toBe('/api/v3/app/installations/42/access_tokens');
      const jwt = farSide.chain[0]?.headers.get('authorization')?.replace('Bearer ', '') ?? '';
      expect(decodeProtectedHeader(jwt)).toEqual({ alg: 'RS256', typ: 'JWT' });
      const seconds = NOW / 1000;
      expect(decodeJwt(jwt)).toEqual({ iss: 'Iv1.abc', iat: seconds - 60, exp: seconds + 480 });
      expect(farSide.chain[1]?.headers.get('authorization')).toBe('Bearer registration-token');
    },
  );

  const jwts = (farSide: FarSide): { iss?: string; iat?: number }[] =>
    farSide.chain
      .filter(({ url }) => url.pathname.endsWith('access_tokens'))
      .map(({ headers }) => decodeJwt(headers.get('authorization')?.replace('Bearer ', '') ?? ''));

  test('names a numeric app id as text', async () => {
    const farSide = aFarSide(fine);
    const app = { kind: 'app', appId: '12345', installationId: 42 } as const;
    await get(aClient(farSide, { credentials: { ...app, privateKey: keys.pkcs8 } }));
    expect(jwts(farSide)[0]?.iss).toBe('12345');
  });

  const HOUR_MS = 3_600_000;
  test.each([
    { name: 'an hour fast', aheadMs: -HOUR_MS, signed: [-60, -60 - 3600], code: undefined },
    { name: 'an hour slow', aheadMs: HOUR_MS, signed: [-60, -60 + 3600], code: undefined },
    { name: 'right', aheadMs: 0, signed: [-60], code: 'unauthorized' },
  ])(
    'whose clock is $name is refused, and signs once more by the clock of GitHub if that is another',
    async ({ aheadMs, signed, code }) => {
      let isRefused = true;
      const farSide = aFarSide(fine, (asked) => {
        if (!asked.url.pathname.endsWith('access_tokens')) return tokens()(asked);
        const date = new Date(NOW + aheadMs).toUTCString();
        const reply = isRefused ? json(401, { message: 'exp' }, { date }) : tokens()(asked);
        isRefused = false;
        return reply;
      });
      const app = { kind: 'app', appId: 'Iv1', installationId: 42 } as const;
      const { client } = aClient(farSide, { credentials: { ...app, privateKey: keys.pkcs8 } });
      const error = await thrownBy(() => client.getRunner(1));
      expect((error as { code?: string } | undefined)?.code).toBe(code);
      expect(jwts(farSide).map(({ iat = 0 }) => iat - NOW / 1000)).toEqual(signed);
    },
  );

  test('that is refused whatever its clock says is an error', async () => {
    const date = new Date(NOW + HOUR_MS).toUTCString();
    const farSide = aFarSide(fine, () => json(401, { message: 'no such App' }, { date }));
    const app = { kind: 'app', appId: 'Iv1', installationId: 42 } as const;
    const { client } = aClient(farSide, { credentials: { ...app, privateKey: keys.pkcs8 } });
    expect(await thrownBy(() => client.getRunner(1))).toMatchObject({ code: 'unauthorized' });
    expect(farSide.chain).toHaveLength(2);
  });

  // @octokit/auth-app would give both the token of the first.
  test('never gets the token of another server that has an installation of the same id', async () => {
    const app = { kind: 'app', appId: '1', installationId: 42, privateKey: keys.pkcs8 } as const;
    const sideOf = (token: string) =>
      aFarSide(fine, (asked) =>
        asked.url.pathname.endsWith('access_tokens') ? json(201, { token }) : tokens()(asked),
      );
    const [one, other] = [sideOf('token-one'), sideOf('token-other')];
    await Promise.all([one, other].map((side) => get(aClient(side, { credentials: app }))));
    expect(one.chain[1]?.headers.get('authorization')).toBe('Bearer token-one');
    expect(other.chain[1]?.headers.get('authorization')).toBe('Bearer token-other');
  });

  test.each([
    { name: 'no client id', change: { appId: '' }, says: 'client id' },
    { name: 'no installation id', change: { installationId: 0 }, says: 'installation id' },
    {
      name: 'no key',
      change: { privateKey: '' },
      says: 'private key of the GitHub App is required',
    },
    { name: 'a key that is none', change: { privateKey: 'hunter2' }, says: 'no RSA key' },
  ])('with $name is refused before any call', async ({ change, says }) => {
    const app = { kind: 'app', appId: '1', installationId: 42, privateKey: keys.pkcs8 } as const;
    const error = await thrownBy(async () => {
      await get(aClient(aFarSide(fine), { credentials: { ...app, ...change } }));
    });
    expect(error).toMatchObject({
      code: 'invalid-credentials',
      message: expect.stringContaining(says) as string,
    });
  });
});

describe('a token', () => {
  test.each(['', 'ghp_abc\n'])('%j is refused before any call', (token) => {
    const make = () =>
      createActionsClient({
        configUrl: 'https://github.com/org',
        credentials: { kind: 'token', token },
        userAgent: { version: '1', subsystem: 'test' },
      });
    expect(make).toThrow(expect.objectContaining({ code: 'invalid-credentials' }) as Error);
  });
});
