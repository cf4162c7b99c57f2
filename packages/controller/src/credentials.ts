// From what a spec says of GitHub to what a client needs. No message of this file holds a value of a Secret.
import { CREDENTIAL_KEYS } from '@muster/api';
import type { GitHubCredentials } from '@muster/actions';
import type { Proxy } from '@muster/api';
import { isKubeError } from '@muster/kube';
import type { ConfigMap, Secret } from '@muster/kube';
import type { GitHubAccess } from './access.ts';
import { CredentialsError } from './credentials-error.ts';
import { secretStore, vaultStore } from './credentials-store.ts';
import type { Said, User } from './credentials-store.ts';
import type { Reads } from './reads.ts';
import type { Vaults } from './vault/index.ts';

export { CredentialsError, isCredentialsError } from './credentials-error.ts';

/** Proxy URLs with their user and password; the keys are those of a flattened proxy Secret. */
export interface FlatProxy {
  http_proxy: string;
  https_proxy: string;
  no_proxy: string;
}

/** All that a client of GitHub needs. Secret. */
export interface ResolvedAccess {
  configUrl: string;
  credentials: GitHubCredentials;
  /** PEM. */
  rootCa?: string;
  proxy?: FlatProxy;
}

export interface CredentialsSource {
  /** Throws a CredentialsError. */
  resolve(access: GitHubAccess): Promise<ResolvedAccess>;
  /** With users and passwords from Secrets, also where there is a vault. Throws a CredentialsError. */
  flatten(namespace: string, proxy: Proxy): Promise<FlatProxy>;
}

export interface Sources {
  reads: Reads;
  vaults: Pick<Vaults, 'open'>;
}

export function createCredentials({ reads, vaults }: Sources): CredentialsSource {
  const read = createReader(reads);
  const secretsOf = (namespace: string) => secretStore((name) => read.secret(namespace, name));
  const flatten = (namespace: string, proxy: Proxy): Promise<FlatProxy> =>
    flattenProxy(proxy, secretsOf(namespace).user);
  return {
    flatten,
    async resolve(access) {
      const { namespace, vaultConfig, githubServerTLS, proxy } = access;
      if (access.githubConfigUrl === '') {
        throw new CredentialsError('invalid', 'githubConfigUrl is not set');
      }
      const wayToVault = vaultConfig?.proxy && (await flatten(namespace, vaultConfig.proxy));
      const store = vaultConfig?.type
        ? vaultStore(vaults.open(vaultConfig, wayToVault))
        : secretsOf(namespace);
      const credentials = credentialsOf(await store.credentials(access.githubConfigSecret));
      const rootCa = githubServerTLS && (await rootCaOf(access, read));
      return {
        configUrl: access.githubConfigUrl,
        credentials,
        ...(rootCa !== undefined && { rootCa }),
        ...(proxy && { proxy: await flattenProxy(proxy, store.user) }),
      };
    },
  };
}

interface Reader {
  secret(namespace: string, name: string): Promise<Secret>;
  configMap(namespace: string, name: string): Promise<ConfigMap>;
}

const createReader = (reads: Reads): Reader => ({
  secret: (namespace, name) => found(reads.secret({ namespace, name }), 'Secret', name),
  configMap: (namespace, name) => found(reads.configMap({ namespace, name }), 'ConfigMap', name),
});

async function found<T>(reading: Promise<T | undefined>, kind: string, name: string): Promise<T> {
  const object = await reading.catch((error: unknown) => {
    if (!isKubeError(error, 'forbidden')) throw error;
    throw new CredentialsError('forbidden', `${kind} "${name}" may not be read by the operator`);
  });
  if (object !== undefined) return object;
  throw new CredentialsError('missing', `${kind} "${name}" does not exist`);
}

function credentialsOf({ where, token, ...app }: Said): GitHubCredentials {
  const { appId, privateKey } = app;
  const isApp = Object.values(app).every((part) => part !== '');
  if (token !== '') {
    if (isApp) throw refuse(where, `holds both ${CREDENTIAL_KEYS.token} and a GitHub App`);
    return { kind: 'token', token };
  }
  if (!isApp) {
    const { token: one, ...keys } = CREDENTIAL_KEYS;
    throw refuse(where, `holds neither ${one} nor all of ${Object.values(keys).join(', ')}`);
  }
  const installationId = Number(app.installationId);
  if (!Number.isSafeInteger(installationId) || installationId <= 0) {
    throw refuse(where, `has a ${CREDENTIAL_KEYS.installationId} that is not a number`);
  }
  return { kind: 'app', appId, installationId, privateKey };
}

const refuse = (where: string, problem: string): CredentialsError =>
  new CredentialsError('invalid', `${where} ${problem}`);

async function rootCaOf(
  { namespace, githubServerTLS }: GitHubAccess,
  read: Reader,
): Promise<string> {
  const from = githubServerTLS?.certificateFrom?.configMapKeyRef;
  if (!from?.name) {
    throw new CredentialsError('invalid', 'githubServerTLS names no ConfigMap');
  }
  const pem = (await read.configMap(namespace, from.name)).data?.[from.key] ?? '';
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    const at = `ConfigMap "${from.name}", key "${from.key}"`;
    throw new CredentialsError('invalid', `${at}, holds no PEM certificate`);
  }
  return pem;
}

type UserByName = (name: string) => Promise<User>;

async function flattenProxy(proxy: Proxy, user: UserByName): Promise<FlatProxy> {
  return {
    http_proxy: await proxyUrl(proxy.http, user),
    https_proxy: await proxyUrl(proxy.https, user),
    no_proxy: (proxy.noProxy ?? []).join(','),
  };
}

async function proxyUrl(server: Proxy['http'], user: UserByName): Promise<string> {
  if (!server?.url) return '';
  const url = URL.parse(server.url);
  if (url === null) throw new CredentialsError('invalid', 'a proxy has a URL that cannot be read');
  if (server.credentialSecretRef) {
    const { username, password } = await user(server.credentialSecretRef);
    url.username = encodeURIComponent(username);
    url.password = encodeURIComponent(password);
  }
  return url.href.replace(/\/$/, '');
}
