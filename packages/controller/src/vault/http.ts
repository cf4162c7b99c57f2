// Requests to a vault and to where one signs in, through the vault's own proxy if there is one.
import { Agent, EnvHttpProxyAgent, request } from 'undici';
import type { Dispatcher } from 'undici';
import { CredentialsError } from '../credentials-error.ts';

/** Proxy URLs with their user and password. */
interface Proxy {
  http_proxy: string;
  https_proxy: string;
  no_proxy: string;
}

export interface Answer {
  status: number;
  header: (name: string) => string;
  /** Undefined where the body is no JSON. */
  json: unknown;
}

export interface Http {
  get(url: URL, headers?: Record<string, string>): Promise<Answer>;
  postForm(url: URL, form: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 30_000;

export function createHttp(proxy: Proxy | undefined): Http {
  const shared = { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS };
  // Given as they are, empty too: else the agent would look into this program's environment.
  const dispatcher = proxy
    ? new EnvHttpProxyAgent({
        ...shared,
        httpProxy: proxy.http_proxy,
        httpsProxy: proxy.https_proxy,
        noProxy: proxy.no_proxy,
      })
    : new Agent(shared);
  return {
    get: (url, headers = {}) => send(url, { method: 'GET', headers, dispatcher }),
    postForm: (url, form) =>
      send(url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
        dispatcher,
      }),
    close: () => dispatcher.destroy(),
  };
}

interface Sending {
  method: 'GET' | 'POST';
  headers: Record<string, string>;
  body?: string;
  dispatcher: Dispatcher;
}

async function send(url: URL, how: Sending): Promise<Answer> {
  try {
    const answer = await request(url, { ...how, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await answer.body.text();
    return {
      status: answer.statusCode,
      header: (name) => String(answer.headers[name] ?? ''),
      json: parseJson(text),
    };
  } catch (error) {
    const { code = 'no answer' } = error as NodeJS.ErrnoException;
    throw new CredentialsError('unreachable', `${url.host} could not be reached: ${code}`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
