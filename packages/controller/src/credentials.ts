// From what a spec says of GitHub to what a client needs. No message of this file holds a value of a Secret.
import { CREDENTIAL_KEYS } from '@muster/api';
import { isKubeError } from '@muster/kube';
import type { GitHubCredentials } from '@muster/actions';
import type { Proxy } from '@muster/api';
import type { ConfigMap, Secret } from '@muster/kube';
import type { GitHubAccess } from './access.ts';
import type { Reads } from './reads.ts';

export type CredentialsErrorCode =
  /** A Secret or ConfigMap is not there. */
  | 'missing'
  /** It is there, and its content is of no use. */
  | 'invalid'
  /** A source that this program does not know. */
  | 'unsupported'
  /** This program may not read it, or no longer. */
  | 'forbidden'
  /** The vault does not answer, or answers that it cannot just now. */
  | 'unreachable';

/** A message for people: it names what to look at. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
  readonly code: CredentialsErrorCode;

  constructor(code: CredentialsErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export const isCredentialsError = (error: unknown): error is CredentialsError =>
  error instanceof CredentialsError;

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
  /** Throws a CredentialsError. */
  flatten(namespace: string, proxy: Proxy): Promise<FlatProxy>;
}

export function createCredentials(reads: Reads): CredentialsSource {
  const read = createReader(reads);
  const flatten = (namespace: string, proxy: Proxy): Promise<FlatProxy> =>
    flattenProxy(proxy, (name) => read.secret(namespace, name));
  return {
    flatten,
    async resolve(access) {
      const { namespace, vaultConfig, githubServerTLS, proxy } = access;
      if (vaultConfig?.type) {
        throw new CredentialsError(
          'unsupported',
          `vault type "${vaultConfig.type}" is not supported`,
        );
      }
      if (access.githubConfigUrl === '') {
        throw new CredentialsError('invalid', 'githubConfigUrl is not set');
      }
      const credentials = credentialsOf(await read.secret(namespace, access.githubConfigSecret));
      const rootCa = githubServerTLS && (await rootCaOf(access, read));
      return {
        configUrl: access.githubConfigUrl,
        credentials,
        ...(rootCa !== undefined && { rootCa }),
        ...(proxy && { proxy: await flatten(namespace, proxy) }),
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

const textOf = ({ data }: Secret, key: string): string =>
  Buffer.from(data?.[key] ?? '', 'base64')
    .toString('utf8')
    .trim();

function credentialsOf(secret: Secret): GitHubCredentials {
  const refuse = (problem: string): CredentialsError =>
    new CredentialsError('invalid', `Secret "${secret.metadata.name}" ${problem}`);
  const token = textOf(secret, CREDENTIAL_KEYS.token);
  const appId = textOf(secret, CREDENTIAL_KEYS.appId);
  const installation = textOf(secret, CREDENTIAL_KEYS.installationId);
  const privateKey = textOf(secret, CREDENTIAL_KEYS.privateKey);
  const isApp = [appId, installation, privateKey].every((part) => part !== '');
  if (token !== '') {
    if (isApp) throw refuse(`holds both ${CREDENTIAL_KEYS.token} and a GitHub App`);
    return { kind: 'token', token };
  }
  if (!isApp) {
    const { token: one, ...app } = CREDENTIAL_KEYS;
    throw refuse(`holds neither ${one} nor all of ${Object.values(app).join(', ')}`);
  }
  const installationId = Number(installation);
  if (!Number.isSafeInteger(installationId) || installationId <= 0) {
    throw refuse(`has a ${CREDENTIAL_KEYS.installationId} that is not a number`);
  }
  return { kind: 'app', appId, installationId, privateKey };
}

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

type SecretByName = (name: string) => Promise<Secret>;

async function flattenProxy(proxy: Proxy, secret: SecretByName): Promise<FlatProxy> {
  return {
    http_proxy: await proxyUrl(proxy.http, secret),
    https_proxy: await proxyUrl(proxy.https, secret),
    no_proxy: (proxy.noProxy ?? []).join(','),
  };
}

async function proxyUrl(server: Proxy['http'], secret: SecretByName): Promise<string> {
  if (!server?.url) return '';
  const url = URL.parse(server.url);
  if (url === null) throw new CredentialsError('invalid', 'a proxy has a URL that cannot be read');
  if (server.credentialSecretRef) {
    const credentials = await secret(server.credentialSecretRef);
    url.username = encodeURIComponent(textOf(credentials, 'username'));
    url.password = encodeURIComponent(textOf(credentials, 'password'));
  }
  return url.href.replace(/\/$/, '');
}
