// Against a stand-in for the vault and for Entra ID on this machine, over real sockets.
import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { createSteppedClock } from '@muster/kube/testing';
import { jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { VaultConfig } from '@muster/api';
import { createVaults } from './index.ts';
import type { Vaults } from './index.ts';

const TENANT = 'tenant-1';
const CLIENT = 'client-1';

let folder = '';
let certificatePath = '';
let certificate: X509Certificate;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-vault-'));
  certificatePath = join(folder, 'client.pem');
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(
    { ...algorithm, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ['sign', 'verify'],
  );
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=muster-test',
    keys,
    signingAlgorithm: algorithm,
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const body = key.toString('base64').replace(/.{64}/g, '$&\n');
  const pem = `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`;
  await writeFile(certificatePath, `${made.toString('pem')}\n${pem}`);
  certificate = new X509Certificate(made.toString('pem'));
});

afterAll(() => rm(folder, { recursive: true }));

interface Azure {
  url: string;
  /** What was asked, in order. */
  asked: string[];
  /** By name. */
  secrets: Record<string, string>;
  assertion: string;
  /** The token that is good now. */
  token: string;
  answers: { vault?: number; entra?: number; resource?: string };
}

let azure: Azure;
let server: Server;
let vaults: Vaults;
const clock = createSteppedClock(Date.now());

beforeEach(async () => {
  server = createServer((request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  azure = { url, asked: [], secrets: {}, assertion: '', token: 'token-1', answers: {} };
  vaults = createVaults(clock);
});

afterEach(async () => {
  await vaults.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Through a proxy the whole URL is asked for.
  const url = new URL(request.url ?? '', azure.url);
  azure.asked.push(`${request.method ?? ''} ${url.pathname}`);
  if (request.method === 'POST') await signIn(request, response);
  else if (request.headers.authorization !== `Bearer ${azure.token}`) challenge(response);
  else give(url, response);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let form = '';
  for await (const chunk of request) form += String(chunk);
  const fields = new URLSearchParams(form);
  azure.assertion = fields.get('client_assertion') ?? '';
  const { entra } = azure.answers;
  if (entra !== undefined) {
    json(response, entra, { error: 'invalid_client', error_description: 'planted' });
    return;
  }
  const wanted = {
    client_id: CLIENT,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    grant_type: 'client_credentials',
    scope: `${azure.url}/.default`,
  };
  const isAsked = Object.entries(wanted).every(([name, value]) => fields.get(name) === value);
  json(response, isAsked ? 200 : 400, { access_token: azure.token, expires_in: 3600 });
}

function challenge(response: ServerResponse): void {
  const resource = azure.answers.resource ?? azure.url;
  const header = `Bearer authorization="${azure.url}/${TENANT}", resource="${resource}"`;
  response.writeHead(401, { 'www-authenticate': header }).end();
}

function give({ pathname, searchParams }: URL, response: ServerResponse): void {
  const { vault } = azure.answers;
  const value = azure.secrets[decodeURIComponent(pathname.replace('/secrets/', ''))];
  if (vault !== undefined) json(response, vault, { error: { code: 'Forbidden' } });
  else if (searchParams.get('api-version') !== '7.4') json(response, 400, {});
  else if (value === undefined) json(response, 404, { error: {} });
  else json(response, 200, { value });
}

const configWith = (given: object = {}, more: object = {}): VaultConfig => ({
  type: 'azure_key_vault',
  azureKeyVault: { url: azure.url, tenantId: TENANT, clientId: CLIENT, certificatePath, ...given },
  ...more,
});

const read = (name = 'github', config = configWith(), proxy?: object): Promise<string> =>
  vaults.open(config, proxy as never).secret(name);

test('114: signs in with its certificate, where the vault says', async () => {
  azure.secrets['github'] = 'the value';
  expect(await read()).toBe('the value');
  expect(azure.asked).toEqual([
    'GET /secrets/github',
    `POST /${TENANT}/oauth2/v2.0/token`,
    'GET /secrets/github',
  ]);
  const { payload, protectedHeader } = await jwtVerify(azure.assertion, certificate.publicKey, {
    issuer: CLIENT,
    subject: CLIENT,
    audience: `${azure.url}/${TENANT}/oauth2/v2.0/token`,
  });
  expect(protectedHeader).toMatchObject({
    alg: 'PS256',
    'x5t#S256': Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString(
      'base64url',
    ),
  });
  expect(payload.jti).toBeDefined();
});

test('a secret is read once a minute for all, with one sign-in', async () => {
  azure.secrets['github'] = 'old';
  await Promise.all([read(), read()]);
  azure.secrets['github'] = 'new';
  expect(await read()).toBe('old');
  vaults.expire();
  expect(await read()).toBe('new');
  expect(azure.asked.filter((call) => call.startsWith('POST'))).toHaveLength(1);
});

test('signs in again when its token is taken back', async () => {
  azure.secrets['github'] = 'value';
  await read();
  azure.token = 'token-2';
  vaults.expire();
  expect(await read()).toBe('value');
});

test('reaches the vault through its proxy', async () => {
  azure.secrets['github'] = 'value';
  const config = configWith();
  const tunnels: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket) => {
    tunnels.push(`${request.url ?? ''} ${request.headers['proxy-authorization'] ?? ''}`);
    socket.end('HTTP/1.1 502 no\r\n\r\n');
  });
  proxy.on('request', (request, response) => {
    tunnels.push(`${request.url ?? ''} ${request.headers['proxy-authorization'] ?? ''}`);
    response.writeHead(502).end();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const http_proxy = `http://user:word@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const through = { http_proxy, https_proxy: '', no_proxy: '' };
  await expect(read('github', config, through)).rejects.toThrow();
  expect(tunnels[0]).toContain(`Basic ${Buffer.from('user:word').toString('base64')}`);
  expect(await read('github', config, { ...through, no_proxy: '127.0.0.1' })).toBe('value');
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
});

describe('a config is of no use', () => {
  test.each([
    ['108: without the vault', { type: 'azure_key_vault' }, 'vaultConfig has no azureKeyVault'],
    ['109: without a tenant', { tenantId: '' }, 'azureKeyVault lacks tenantId'],
    ['110: without a client', { clientId: '' }, 'azureKeyVault lacks clientId'],
    ['111: without a URL', { url: '' }, 'azureKeyVault lacks url'],
    ['112: without a certificate', { certificatePath: '' }, 'azureKeyVault lacks certificatePath'],
    ['with a URL that is none', { url: 'vault' }, 'azureKeyVault.url is no https URL'],
    ['without TLS', { url: 'http://vault.example.com' }, 'azureKeyVault.url is no https URL'],
  ])('%s', async (_, given, message) => {
    const config = 'type' in given ? (given as VaultConfig) : configWith(given);
    await expect(async () => read('github', config)).rejects.toThrow(message);
  });

  test('113: with a proxy that says nothing', async () => {
    await expect(async () => read('github', configWith({}, { proxy: {} }))).rejects.toThrow(
      'a proxy that says nothing',
    );
  });

  test('of another kind of vault', async () => {
    await expect(async () => read('github', configWith({}, { type: 'other' }))).rejects.toThrow(
      'vault type "other" is not supported',
    );
  });
});

describe('what goes wrong is named, and nothing is quoted', () => {
  test.each([
    { name: 'no such secret', answers: {}, code: 'missing', says: 'has no secret "github"' },
    { name: 'no right', answers: { vault: 403 }, code: 'forbidden', says: '403 Forbidden' },
    { name: 'throttled', answers: { vault: 429 }, code: 'unreachable', says: '429' },
    { name: 'down', answers: { vault: 503 }, code: 'unreachable', says: '503' },
    {
      name: 'not signed in',
      answers: { entra: 401 },
      code: 'forbidden',
      says: '401 invalid_client',
    },
    { name: 'Entra ID is down', answers: { entra: 500 }, code: 'unreachable', says: '500' },
    {
      name: 'another resource than its own',
      answers: { resource: 'https://vault.example.com' },
      code: 'invalid',
      says: 'does not answer as an Azure Key Vault',
    },
  ])('$name', async ({ answers, code, says }) => {
    azure.answers = answers;
    const error: unknown = await read().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'CredentialsError', code });
    expect(String(error)).toContain(says);
    expect(String(error)).not.toContain('planted');
  });

  test.each([
    { name: 'a certificate that is not there', content: undefined, code: 'missing' },
    { name: 'a file that is no PEM', content: 'planted', code: 'invalid' },
    {
      name: 'a key that is none',
      content:
        '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----',
      code: 'invalid',
    },
  ])('$name', async ({ content, code }) => {
    const path = join(folder, `other-${code}-${content?.length ?? 0}.pem`);
    if (content !== undefined) await writeFile(path, content);
    const error: unknown = await read('github', configWith({ certificatePath: path })).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain('planted');
  });

  test('a vault that is away', async () => {
    const gone = configWith({ url: 'http://127.0.0.1:1' });
    await expect(read('github', gone)).rejects.toMatchObject({ code: 'unreachable' });
  });
});
