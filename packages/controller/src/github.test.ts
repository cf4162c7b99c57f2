import { createSteppedClock, silentLog } from '@muster/kube/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { CredentialsError } from './credentials.ts';
import { createGitHub } from './github.ts';
import type { GitHubAccess } from './access.ts';
import type { ResolvedAccess } from './credentials.ts';
import type { GitHub } from './github.ts';

const access = (namespace = 'runners'): GitHubAccess => ({
  namespace,
  githubConfigUrl: 'https://github.com/my-org',
  githubConfigSecret: 'github',
});
const withToken = (token: string, more: Partial<ResolvedAccess> = {}): ResolvedAccess => ({
  configUrl: 'https://github.com/my-org',
  credentials: { kind: 'token', token },
  ...more,
});

let resolved: ResolvedAccess | CredentialsError;
let github: GitHub;
const clock = createSteppedClock(0);

beforeEach(() => {
  resolved = withToken('a');
  github = createGitHub({
    credentials: {
      resolve: () =>
        resolved instanceof CredentialsError ? Promise.reject(resolved) : Promise.resolve(resolved),
      flatten: () => Promise.reject(new Error('not asked')),
    },
    clock,
    log: silentLog,
    version: '0',
    forceGhes: false,
    fetch: () => Promise.reject(new Error('no network')),
  });
});

describe('there is one client a set of credentials', () => {
  test('for all who have the same, wherever they are', async () => {
    const first = await github.clientFor(access());
    expect(await github.clientFor(access())).toBe(first);
    expect(await github.clientFor(access('others'))).toBe(first);
  });

  test('another one once they are rotated', async () => {
    const first = await github.clientFor(access());
    resolved = withToken('b');
    expect(await github.clientFor(access())).not.toBe(first);
  });

  test("BUG-10: another one for another proxy, or another proxy's password", async () => {
    const proxied = (http_proxy: string) =>
      withToken('a', { proxy: { http_proxy, https_proxy: '', no_proxy: '' } });
    const direct = await github.clientFor(access());
    resolved = proxied('http://user:one@proxy:1');
    const one = await github.clientFor(access());
    resolved = proxied('http://user:two@proxy:1');
    const two = await github.clientFor(access());
    expect(new Set([direct, one, two]).size).toBe(3);
  });

  test('the first one again when they come back before it is closed', async () => {
    const first = await github.clientFor(access());
    resolved = withToken('b');
    await github.clientFor(access());
    clock.advance(599_999);
    resolved = withToken('a');
    expect(await github.clientFor(access())).toBe(first);
    clock.advance(600_000);
    expect(await github.clientFor(access())).toBe(first);
  });

  test('a fresh one when it was closed meanwhile', async () => {
    const first = await github.clientFor(access());
    resolved = withToken('b');
    await github.clientFor(access());
    clock.advance(600_000);
    resolved = withToken('a');
    expect(await github.clientFor(access())).not.toBe(first);
  });
});

describe('without credentials', () => {
  const missing = new CredentialsError('missing', 'Secret "github" does not exist');

  test('nothing new is begun', async () => {
    await github.clientFor(access());
    resolved = missing;
    await expect(github.clientFor(access())).rejects.toBe(missing);
  });

  test('what is there is removed with those that were known last', async () => {
    const last = await github.clientFor(access());
    resolved = missing;
    expect(await github.clientForRemoval(access())).toBe(last);
  });

  test('those that only a listener asked for count too', async () => {
    await github.resolve(access());
    resolved = missing;
    await expect(github.clientForRemoval(access())).resolves.toBeDefined();
  });

  test('nobody else’s are taken', async () => {
    await github.clientFor(access('others'));
    resolved = missing;
    await expect(github.clientForRemoval(access())).rejects.toBe(missing);
  });
});
