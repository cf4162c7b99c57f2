// A bare client for contract tests: it sends exactly what protocol.md says, or whatever a test wants instead.
import type { RunnerScaleSet, RunnerScaleSetSession } from '@muster/actions/wire';
import type { Simulator } from '../simulator.ts';

export interface Sent {
  status: number;
  headers: Headers;
  /** Parsed when it is JSON. */
  body: unknown;
}

export interface BareClient {
  /** Of the admin connection. */
  base: string;
  admin: string;
  send: (method: string, url: string, options?: SendOptions) => Promise<Sent>;
  /** A call of the Actions service with the admin token. */
  api: (method: string, path: string, body?: unknown) => Promise<Sent>;
}

export interface SendOptions {
  token?: string;
  body?: unknown;
  headers?: Record<string, string | undefined>;
  signal?: AbortSignal;
}

export const ORIGIN = 'http://simulator.test';
const USER_AGENT = '{"system":"test","kind":"scaleset"}';
export const ACCEPT = 'application/json; api-version=6.0-preview';

export function sender(simulator: Simulator): BareClient['send'] {
  return async (method, url, { token, body, headers = {}, signal } = {}) => {
    const all = {
      'user-agent': USER_AGENT,
      'content-type': 'application/json',
      authorization: token === undefined ? undefined : `Bearer ${token}`,
      ...headers,
    };
    const given = Object.entries(all).filter((pair): pair is [string, string] => !!pair[1]);
    const response = await simulator.fetch(url, {
      method,
      headers: given,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    return {
      status: response.status,
      headers: response.headers,
      body: parse(await response.text()),
    };
  };
}

/** Through the whole token chain. */
export async function connect(simulator: Simulator, scope = 'my-org'): Promise<BareClient> {
  const send = sender(simulator);
  const at = `${ORIGIN}/api/v3`;
  const [org, repo] = scope.split('/');
  const path = repo === undefined ? `orgs/${org ?? ''}` : `repos/${scope}`;
  const registration = await send('POST', `${at}/${path}/actions/runners/registration-token`, {
    token: 'pat',
  });
  const { token } = registration.body as { token: string };
  const connection = await send('POST', `${at}/actions/runner-registration`, {
    headers: { authorization: `RemoteAuth ${token}` },
    body: { url: `${ORIGIN}/${scope}`, runner_event: 'register' },
  });
  const { url: base, token: admin } = connection.body as { url: string; token: string };
  const api: BareClient['api'] = async (method, apiPath, body) => {
    const url = new URL(base + apiPath);
    url.searchParams.set('api-version', '6.0-preview');
    return send(method, url.href, { token: admin, body });
  };
  return { base, admin, send, api };
}

export async function aScaleSet(client: BareClient, name = 'demo'): Promise<RunnerScaleSet> {
  const labels = [{ type: 'System', name }];
  const wish = { name, runnerGroupId: 1, labels, RunnerSetting: { disableUpdate: true } };
  const { body } = await client.api('POST', '_apis/runtime/runnerscalesets', {
    ...wish,
    createdOn: '0001-01-01T00:00:00Z',
  });
  return body as RunnerScaleSet;
}

export async function aSession(client: BareClient, id: number): Promise<RunnerScaleSetSession> {
  const path = `_apis/runtime/runnerscalesets/${id}/sessions`;
  const { body } = await client.api('POST', path, {
    sessionId: '00000000-0000-0000-0000-000000000000',
    ownerName: 'me',
  });
  return body as RunnerScaleSetSession;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
