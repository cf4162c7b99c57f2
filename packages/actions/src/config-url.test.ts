import { describe, expect, test } from 'vitest';
import { parseConfigUrl } from './config-url.ts';
import { isActionsError } from './errors.ts';

const organization = (name: string) => ({ scope: 'organization', organization: name });
const repository = (owner: string, name: string) => ({
  scope: 'repository',
  organization: owner,
  repository: name,
});
const enterprise = (name: string) => ({ scope: 'enterprise', enterprise: name });
const HOSTED = 'https://api.github.com/p';

// Every row of reference/protocol.md 1.4.
describe('C1: a config URL', () => {
  test.each([
    { url: 'https://github.com/org/repo', names: repository('org', 'repo'), api: HOSTED },
    { url: 'https://github.com/org/repo/', names: repository('org', 'repo'), api: HOSTED },
    { url: 'https://github.com/org', names: organization('org'), api: HOSTED },
    { url: 'https://github.com/enterprises/my-ent', names: enterprise('my-ent'), api: HOSTED },
    { url: 'https://github.com/enterprises/my-ent/', names: enterprise('my-ent'), api: HOSTED },
    { url: 'https://www.github.com/org', names: organization('org'), api: HOSTED },
    { url: 'https://www.github.com/org/', names: organization('org'), api: HOSTED },
    {
      url: 'https://github.localhost/org',
      names: organization('org'),
      api: 'https://api.github.localhost/p',
    },
    {
      url: 'http://github.localhost/org/repo',
      names: repository('org', 'repo'),
      api: 'http://api.github.localhost/p',
    },
    {
      url: 'https://my-ghes.ghe.com/org/',
      names: organization('org'),
      api: 'https://api.my-ghes.ghe.com/p',
    },
    {
      url: 'https://github.ghe.com/org/repo',
      names: repository('org', 'repo'),
      api: 'https://api.github.ghe.com/p',
    },
    { url: 'https://GitHub.com/Org', names: organization('Org'), api: 'https://api.GitHub.com/p' },
    { url: 'https://github.com/Enterprises/x', names: enterprise('x'), api: HOSTED },
    { url: 'https://github.com/enterprises', names: organization('enterprises'), api: HOSTED },
    { url: 'https://github.com//org', names: organization('org'), api: HOSTED },
    { url: 'https://github.com/org%2Frepo', names: repository('org', 'repo'), api: HOSTED },
    { url: 'https://github.com/org?x=1', names: organization('org'), api: HOSTED },
  ])('$url is hosted, with its API at $api', ({ url, names, api }) => {
    const parsed = parseConfigUrl(url);
    expect(parsed).toMatchObject({ ...names, isHosted: true });
    expect(parsed.apiUrl('/p')).toBe(api);
  });

  test.each([
    {
      url: 'https://my-ghes.com/org',
      names: organization('org'),
      api: 'https://my-ghes.com/api/v3/p',
    },
    {
      url: 'https://my-ghes.com/org/',
      names: organization('org'),
      api: 'https://my-ghes.com/api/v3/p',
    },
    {
      url: 'https://my-instance.com/org/repo',
      names: repository('org', 'repo'),
      api: 'https://my-instance.com/api/v3/p',
    },
    {
      url: 'http://localhost/org/repo',
      names: repository('org', 'repo'),
      api: 'http://localhost/api/v3/p',
    },
    {
      url: 'http://127.0.0.1:5000/my-org',
      names: organization('my-org'),
      api: 'http://127.0.0.1:5000/api/v3/p',
    },
    {
      url: 'https://foo.GHE.com/org',
      names: organization('org'),
      api: 'https://foo.GHE.com/api/v3/p',
    },
    {
      url: 'https://github.com:443/org',
      names: organization('org'),
      api: 'https://github.com:443/api/v3/p',
    },
  ])('$url is a server of its own, with its API at $api', ({ url, names, api }) => {
    const parsed = parseConfigUrl(url);
    expect(parsed).toMatchObject({ ...names, isHosted: false });
    expect(parsed.apiUrl('/p')).toBe(api);
  });

  test('on ghe.com is a server of its own when that is forced', () => {
    const parsed = parseConfigUrl('https://test.ghe.com/org/repo', { forceGhes: true });
    expect(parsed).toMatchObject({ ...repository('org', 'repo'), isHosted: false });
    expect(parsed.apiUrl('/p')).toBe('https://test.ghe.com/api/v3/p');
  });

  test('is registered as it was written, but for its outer slashes', () => {
    expect(parseConfigUrl('https://github.com/org?x=1&y=2').url).toBe(
      'https://github.com/org?x=1&y=2',
    );
    expect(parseConfigUrl('https://github.com/org/repo//').url).toBe('https://github.com/org/repo');
  });

  test.each([
    'https://github.com',
    'https://github.com/',
    '',
    'https://github.com/some/random/path',
    'https://github.com/org//repo',
    'github.com/org/repo',
    '://bad',
    // Accepted by Go, which then fails at the first call: no scheme, or none that is ours.
    'github.com/org',
    'my-org',
    'ftp://github.com/org',
    'https:///org',
    'https://github.com:port/org',
    'https://github.com/%zz',
  ])('"%s" is refused', (url) => {
    expect(() => parseConfigUrl(url)).toThrow(
      expect.objectContaining({ code: 'invalid-config-url' }) as Error,
    );
  });

  test('is named without user-info and query when it is refused', () => {
    const error = attempt(() =>
      parseConfigUrl('https://me:hunter2@github.com/a/b/c?token=hunter3'),
    );
    expect(isActionsError(error, 'invalid-config-url') && error.message).toBe(
      'invalid config URL "https://github.com/a/b/c": it should point to an enterprise, organization or repository',
    );
  });
});

function attempt(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
