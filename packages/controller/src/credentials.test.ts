import { KubeError } from '@muster/kube';
import { describe, expect, test } from 'vitest';
import type { At, ConfigMap, Secret } from '@muster/kube';
import { createCredentials } from './credentials.ts';
import type { GitHubAccess } from './access.ts';
import { CredentialsError } from './credentials-error.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n';
const APP = {
  github_app_id: 'Iv1.abc',
  github_app_installation_id: '42',
  github_app_private_key: 'planted-key',
};

interface Given {
  secrets?: Record<string, Record<string, string>>;
  configMaps?: Record<string, Record<string, string>>;
  vault?: Record<string, string>;
}

const metadata = (name: string) => ({ name, uid: '', resourceVersion: '', creationTimestamp: '' });
const encoded = (texts: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );

function aSource({ secrets = {}, configMaps = {}, vault = {} }: Given) {
  const opened: unknown[] = [];
  const source = createCredentials({
    reads: {
      secret: ({ namespace, name }: At): Promise<Secret | undefined> => {
        const data = namespace === 'runners' ? secrets[name] : undefined;
        return Promise.resolve(
          data && ({ metadata: metadata(name), data: encoded(data) } as never),
        );
      },
      configMap: ({ name }: At): Promise<ConfigMap | undefined> => {
        const data = configMaps[name];
        return Promise.resolve(data && ({ metadata: metadata(name), data } as never));
      },
      forget: () => undefined,
      expire: () => undefined,
    },
    vaults: {
      open: (config, proxy) => {
        opened.push({ type: config.type, proxy });
        return {
          secret: (name) => {
            const value = vault[name];
            return value === undefined
              ? Promise.reject(new CredentialsError('missing', `no ${name}`))
              : Promise.resolve(value);
          },
        };
      },
    },
  });
  return { source, opened };
}

const access = (given: Partial<GitHubAccess> = {}): GitHubAccess => ({
  namespace: 'runners',
  githubConfigUrl: 'https://github.com/my-org',
  githubConfigSecret: 'github',
  ...given,
});

const problemOf = async (given: Given, asked: Partial<GitHubAccess> = {}) => {
  const error: unknown = await aSource(given)
    .source.resolve(access(asked))
    .catch((reason: unknown) => reason);
  if (!(error instanceof CredentialsError))
    throw new Error(`no CredentialsError: ${String(error)}`);
  expect(error.message).not.toContain('planted');
  return { code: error.code, message: error.message };
};

describe('a Secret', () => {
  test.each([
    {
      name: '105: with a token',
      secret: { github_token: 'planted\n' },
      is: { kind: 'token', token: 'planted' },
    },
    {
      name: '106: with an App',
      secret: APP,
      is: { kind: 'app', appId: 'Iv1.abc', installationId: 42, privateKey: 'planted-key' },
    },
    {
      name: 'with a token and a part of an App: the token counts',
      secret: { github_token: 'planted', github_app_id: '1' },
      is: { kind: 'token', token: 'planted' },
    },
  ])('$name', async ({ secret, is }) => {
    const { source } = aSource({ secrets: { github: secret } });
    expect((await source.resolve(access())).credentials).toEqual(is);
  });

  test.each([
    { name: '100: empty', secret: {}, says: 'holds neither github_token nor all of' },
    { name: '101: both', secret: { ...APP, github_token: 'planted' }, says: 'holds both' },
    { name: '102: no app id', secret: { ...APP, github_app_id: '' }, says: 'holds neither' },
    {
      name: '103: no installation id',
      secret: { ...APP, github_app_installation_id: '' },
      says: 'holds neither',
    },
    {
      name: '104: no private key',
      secret: { ...APP, github_app_private_key: '' },
      says: 'holds neither',
    },
    {
      name: 'an installation id that is no number',
      secret: { ...APP, github_app_installation_id: 'planted' },
      says: 'github_app_installation_id that is not a number',
    },
  ])('$name', async ({ secret, says }) => {
    const { code, message } = await problemOf({ secrets: { github: secret } });
    expect(code).toBe('invalid');
    expect(message).toContain('Secret "github"');
    expect(message).toContain(says);
  });

  test('that is not there is named', async () => {
    expect(await problemOf({})).toEqual({
      code: 'missing',
      message: 'Secret "github" does not exist',
    });
  });

  test('that may not be read is told apart', async () => {
    const source = createCredentials({
      reads: {
        secret: () => Promise.reject(new KubeError('forbidden', 'no')),
        configMap: () => Promise.resolve(undefined),
        forget: () => undefined,
        expire: () => undefined,
      },
      vaults: { open: () => ({ secret: () => Promise.resolve('') }) },
    });
    await expect(source.resolve(access())).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('a vault', () => {
  const vaultConfig = { type: 'azure_key_vault' };

  test.each([
    {
      name: '107: with a token',
      value: { github_token: 'planted' },
      is: { kind: 'token', token: 'planted' },
    },
    {
      name: '107: with an App, its installation a number',
      value: { ...APP, github_app_installation_id: 42 },
      is: { kind: 'app', appId: 'Iv1.abc', installationId: 42, privateKey: 'planted-key' },
    },
  ])('$name', async ({ value, is }) => {
    const { source } = aSource({ vault: { github: JSON.stringify(value) } });
    expect((await source.resolve(access({ vaultConfig }))).credentials).toEqual(is);
  });

  test.each([
    { name: 'no JSON', value: 'planted', says: 'is not JSON' },
    {
      name: 'an installation that is text',
      value: JSON.stringify({ ...APP, github_app_installation_id: 'planted' }),
      says: 'github_app_installation_id',
    },
    { name: 'no object', value: '"planted"', says: 'is of no use' },
  ])('$name is told without its value', async ({ value, says }) => {
    const { message } = await problemOf({ vault: { github: value } }, { vaultConfig });
    expect(message).toContain(says);
  });

  test('holds the users of proxies to GitHub; its own proxy has them in Secrets', async () => {
    const { source, opened } = aSource({
      secrets: { own: { username: 'a', password: 'b' } },
      vault: {
        github: JSON.stringify({ github_token: 'planted' }),
        proxy: JSON.stringify({ username: 'u', password: 'p@ss' }),
      },
    });
    const { proxy } = await source.resolve(
      access({
        vaultConfig: {
          ...vaultConfig,
          proxy: { https: { url: 'http://vault-proxy:1', credentialSecretRef: 'own' } },
        },
        proxy: { https: { url: 'http://proxy:3128', credentialSecretRef: 'proxy' } },
      }),
    );
    expect(proxy?.https_proxy).toBe('http://u:p%40ss@proxy:3128');
    expect(opened).toMatchObject([{ proxy: { https_proxy: 'http://a:b@vault-proxy:1' } }]);
  });

  test('BUG-11: an empty type means Secrets', async () => {
    const { source, opened } = aSource({ secrets: { github: { github_token: 'planted' } } });
    await source.resolve(access({ vaultConfig: { type: '' } }));
    expect(opened).toEqual([]);
  });
});

describe('beside the credentials', () => {
  const secrets = {
    github: { github_token: 'planted' },
    proxy: { username: 'test', password: 'pass:word' },
  };

  test('95: proxies with their users, in three keys', async () => {
    const { source } = aSource({ secrets });
    const proxy = {
      http: { url: 'http://proxy:1', credentialSecretRef: 'proxy' },
      https: { url: 'https://proxy:2' },
      noProxy: ['a', 'b'],
    };
    expect((await source.resolve(access({ proxy }))).proxy).toEqual({
      http_proxy: 'http://test:pass%3Aword@proxy:1',
      https_proxy: 'https://proxy:2',
      no_proxy: 'a,b',
    });
    expect(await source.flatten('runners', {})).toEqual({
      http_proxy: '',
      https_proxy: '',
      no_proxy: '',
    });
  });

  test('a root CA from a ConfigMap', async () => {
    const { source } = aSource({ secrets, configMaps: { ca: { 'ca.crt': PEM } } });
    const from = (name: string, key: string) => ({
      githubServerTLS: { certificateFrom: { configMapKeyRef: { name, key } } },
    });
    expect((await source.resolve(access(from('ca', 'ca.crt')))).rootCa).toBe(PEM);
    await expect(source.resolve(access(from('ca', 'other')))).rejects.toThrow(
      'ConfigMap "ca", key "other", holds no PEM certificate',
    );
    await expect(source.resolve(access(from('gone', 'x')))).rejects.toMatchObject({
      code: 'missing',
    });
    await expect(source.resolve(access({ githubServerTLS: {} }))).rejects.toThrow(
      'githubServerTLS names no ConfigMap',
    );
  });

  test('no URL is told', async () => {
    expect(await problemOf({ secrets }, { githubConfigUrl: '' })).toMatchObject({
      message: 'githubConfigUrl is not set',
    });
  });
});
