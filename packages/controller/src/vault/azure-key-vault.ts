// Secrets of an Azure Key Vault, through its REST API. One signs in with a certificate, at the place that the vault
// itself names when it is first asked (its challenge), so that every one of Azure's clouds is found.
import { randomUUID } from 'node:crypto';
import type { VaultConfig } from '@muster/api';
import type { Clock } from '@muster/kube';
import { SignJWT } from 'jose';
import { z } from 'zod';
import { CredentialsError } from '../credentials-error.ts';
import { readCertificate } from './certificate.ts';
import type { Answer, Http } from './http.ts';

export type AzureKeyVault = NonNullable<VaultConfig['azureKeyVault']>;

export interface Vault {
  /** The newest version of a secret. Throws a CredentialsError. */
  secret(name: string): Promise<string>;
}

export interface VaultParts {
  http: Http;
  clock: Clock;
}

const API_VERSION = '7.4';
const EARLY_MS = 300_000;

interface Token {
  text: string;
  endsAt: number;
}

export function createAzureKeyVault(config: AzureKeyVault, { http, clock }: VaultParts): Vault {
  const url = checkedUrl(config);
  let token: Token | undefined;
  const signedIn = async (at: URL): Promise<Token> => {
    const { header } = await http.get(at);
    const fresh = await signIn(config, challengeOf(header('www-authenticate'), url), {
      http,
      clock,
    });
    token = fresh;
    return fresh;
  };
  return {
    async secret(name) {
      const at = new URL(`/secrets/${encodeURIComponent(name)}?api-version=${API_VERSION}`, url);
      const isFresh = token !== undefined && clock.now() + EARLY_MS < token.endsAt;
      const used = isFresh && token ? token : await signedIn(at);
      const answer = await http.get(at, bearer(used));
      if (answer.status !== 401 || !isFresh) return valueIn(answer, name);
      // It was taken back before its time.
      return valueIn(await http.get(at, bearer(await signedIn(at))), name);
    },
  };
}

const bearer = ({ text }: Token): Record<string, string> => ({ authorization: `Bearer ${text}` });

const FIELDS = ['url', 'tenantId', 'clientId', 'certificatePath'] as const;

function checkedUrl(config: AzureKeyVault): URL {
  const missing = FIELDS.filter((field) => ((config[field] as string | undefined) ?? '') === '');
  if (missing.length > 0) {
    throw new CredentialsError('invalid', `azureKeyVault lacks ${missing.join(', ')}`);
  }
  const url = URL.parse(config.url);
  if (url === null || !isSafe(url)) {
    throw new CredentialsError('invalid', 'azureKeyVault.url is no https URL');
  }
  return url;
}

/** Without TLS only on this machine, where tests are. */
const isSafe = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(hostname));

interface Challenge {
  authority: URL;
  /** What a token is to be good for. */
  resource: string;
}

/** As in Azure's own clients: a vault may name no other resource than the one that it belongs to. */
function challengeOf(header: string, vault: URL): Challenge {
  const authority = URL.parse(parameterOf(header, 'authorization'));
  const resource =
    parameterOf(header, 'resource') || parameterOf(header, 'scope').replace(/\/\.default$/, '');
  const host = URL.parse(resource)?.hostname ?? '';
  const isOwn = host !== '' && (vault.hostname === host || vault.hostname.endsWith(`.${host}`));
  if (authority === null || !isSafe(authority) || !isOwn) {
    throw new CredentialsError('invalid', `${vault.host} does not answer as an Azure Key Vault`);
  }
  return { authority, resource };
}

const parameterOf = (header: string, name: string): string =>
  new RegExp(`${name}="([^"]*)"`, 'i').exec(header)?.[1] ?? '';

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number() });
const refusedAnswer = z.object({ error: z.string() });

const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

async function signIn(
  { tenantId, clientId, certificatePath }: AzureKeyVault,
  { authority, resource }: Challenge,
  { http, clock }: VaultParts,
): Promise<Token> {
  const { key, thumbprint } = await readCertificate(certificatePath);
  const at = new URL(`/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`, authority);
  const now = Math.floor(clock.now() / 1_000);
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(at.href)
    .setJti(randomUUID())
    .setNotBefore(now)
    .setExpirationTime(now + 600)
    .sign(key);
  const answer = await http.postForm(at, {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_assertion_type: ASSERTION,
    client_assertion: assertion,
    scope: `${resource}/.default`,
  });
  const granted = tokenAnswer.safeParse(answer.json);
  if (answer.status === 200 && granted.success) {
    const { access_token: text, expires_in: seconds } = granted.data;
    return { text, endsAt: clock.now() + seconds * 1_000 };
  }
  // Its code only: the description quotes what was sent.
  const why = refusedAnswer.safeParse(answer.json).data?.error ?? '';
  throw refusal(answer, `${at.host} does not sign in client ${clientId}`, why);
}

const secretAnswer = z.object({ value: z.string() });
const vaultRefusal = z.object({ error: z.object({ code: z.string() }) });

function valueIn(answer: Answer, name: string): string {
  const found = secretAnswer.safeParse(answer.json);
  if (answer.status === 200 && found.success) return found.data.value;
  if (answer.status === 200) {
    throw new CredentialsError('invalid', `the vault's secret "${name}" has no value`);
  }
  if (answer.status === 404) {
    throw new CredentialsError('missing', `the vault has no secret "${name}"`);
  }
  const why = vaultRefusal.safeParse(answer.json).data?.error.code ?? '';
  throw refusal(answer, `the vault does not give its secret "${name}"`, why);
}

function refusal({ status }: Answer, what: string, why: string): CredentialsError {
  const isPassing = status >= 500 || status === 429 || status === 408;
  const code = isPassing ? 'unreachable' : 'forbidden';
  return new CredentialsError(code, `${what}: ${status}${why === '' ? '' : ` ${why}`}`);
}
