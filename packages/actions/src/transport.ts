// One request, one answer: over the network, or through a function that stands in for it. Nothing is decided here.
import { X509Certificate } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { getCACertificates } from 'node:tls';
import { Agent, ProxyAgent, interceptors, request } from 'undici';
import type { Dispatcher } from 'undici';
import { textOf } from './body.ts';
import { ActionsError } from './errors.ts';
import type { ActionsClientOptions, ProxyOptions } from './options.ts';
import { proxyChoice } from './proxy.ts';

export interface WireRequest {
  method: 'DELETE' | 'GET' | 'PATCH' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string;
}

export interface WireAnswer {
  status: number;
  header: (name: string) => string | undefined;
  text: string;
}

export interface Transport {
  send(wanted: WireRequest, signal: AbortSignal): Promise<WireAnswer>;
  /** Ends what is under way. */
  close(): Promise<void>;
}

// To import the module is to read all of its exports, and one of them loads Node's own undici: 40 ms and 2 MiB of a start.
const { STATUS_CODES } = process.getBuiltinModule('node:http');

/** As in a status line. */
export const statusText = (status: number): string =>
  `${status} ${STATUS_CODES[status] ?? ''}`.trim();

export function createTransport({ fetch, rootCa, proxy }: ActionsClientOptions): Transport {
  return fetch ? fetchTransport(fetch) : networkTransport(rootCa, proxy ?? {});
}

function fetchTransport(fetch: (request: Request) => Promise<Response>): Transport {
  return {
    send: async ({ url, body, ...rest }, signal) => {
      const wanted = new Request(url, { ...rest, body: body ?? null, signal });
      const answer = await fetch(wanted);
      return {
        status: answer.status,
        header: (name) => answer.headers.get(name) ?? undefined,
        text: await answer.text(),
      };
    },
    close: () => Promise.resolve(),
  };
}

const MAX_REDIRECTIONS = 10;

// The time of a call is bounded by its signal, so that a caller's own limit may be longer than undici's.
const UNBOUNDED = { headersTimeout: 0, bodyTimeout: 0 };
const CONNECT_TIMEOUT_MS = 30_000;
// A way that broke without a word (a node's address translation was reset) is found out some 10 s after the first probe,
// well before a poll's own time is over.
const KEEP_ALIVE_PROBE_MS = 15_000;

function networkTransport(rootCa: string | undefined, proxy: ProxyOptions): Transport {
  const tls = tlsOptions(rootCa);
  // HTTP/1.1 only: to abort a long poll is then to close its socket, and no call waits behind another.
  const shared = { ...UNBOUNDED, allowH2: false };
  const probed = { ...tls, keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS };
  const direct = new Agent({ ...shared, connect: { ...probed, timeout: CONNECT_TIMEOUT_MS } });
  const through = proxyAgents(proxy, (uri) => {
    return new ProxyAgent({ ...shared, uri, requestTls: tls, proxyTls: probed });
  });
  const choose = proxyChoice(proxy);
  const routed: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
    const uri = choose(new URL(String(options.origin)));
    const agent = uri === undefined ? undefined : through.get(uri);
    return agent ? agent.dispatch(options, handler) : dispatch(options, handler);
  };
  const redirected = interceptors.redirect({ maxRedirections: MAX_REDIRECTIONS });
  const dispatcher = direct.compose(routed, redirected);
  return {
    send: async ({ url, headers: own, ...rest }, signal) => {
      // As GitHub's own client; without it a server is free to take any encoding.
      const headers = { ...own, 'accept-encoding': 'gzip' };
      const answer = await request(url, { ...rest, headers, dispatcher, signal }).catch(
        (error: unknown) => {
          throw refusedTunnel(error) ?? error;
        },
      );
      const header = (name: string): string | undefined => one(answer.headers[name]);
      const text = await textOf(answer.body, header('content-encoding'));
      // undici gives a socket back only in the next turn of the event loop. Without the wait the caller's next call
      // would not find it: each poll of a listener would make a connection of its own, and leave one behind.
      await nextTurn();
      return { status: answer.statusCode, header, text };
    },
    close: async () => {
      await Promise.all([direct, ...through.values()].map((agent) => agent.destroy()));
    },
  };
}

const one = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** undici tells it by its words alone. */
function refusedTunnel(error: unknown): Error | undefined {
  const [, status] =
    /^Proxy response \((\d{3})\)/.exec(error instanceof Error ? error.message : '') ?? [];
  if (status === undefined) return undefined;
  const refusal = new Error(`the proxy refused the tunnel: ${statusText(Number(status))}`);
  // What a proxy forbids it forbids again; its troubles may pass.
  return Number(status) < 500 ? Object.assign(refusal, { code: 'ERR_PROXY_FORBIDS' }) : refusal;
}

interface TlsOptions {
  ca?: string[];
  allowPartialTrustChain?: boolean;
}

// Node's `ca` replaces the system's roots, and its users mean one more.
function tlsOptions(rootCa: string | undefined): TlsOptions {
  if (rootCa === undefined) return {};
  if (!hasCertificates(rootCa)) {
    throw new ActionsError('invalid-connection', 'the root CA holds no readable PEM certificate');
  }
  return { ca: [...getCACertificates('default'), rootCa], allowPartialTrustChain: true };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function hasCertificates(pem: string): boolean {
  const found = pem.match(CERTIFICATE) ?? [];
  try {
    return found.map((one) => new X509Certificate(one)).length > 0;
  } catch {
    return false;
  }
}

const PROXY_SCHEME = /^(https?|socks5?):$/;

function proxyAgents(
  { http, https }: ProxyOptions,
  agentFor: (uri: string) => ProxyAgent,
): Map<string, ProxyAgent> {
  const agents = new Map<string, ProxyAgent>();
  for (const text of [http, https]) {
    if (text === undefined || text === '' || agents.has(text)) continue;
    agents.set(text, agentFor(proxyUri(text)));
  }
  return agents;
}

/** As Go takes it: without a scheme it is plain HTTP. The text may hold a password, so no error shows it. */
function proxyUri(text: string): string {
  const uri = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (uri && PROXY_SCHEME.test(uri.protocol)) return uri.href;
  throw new ActionsError('invalid-connection', 'the proxy is no http, https or socks5 URL');
}
