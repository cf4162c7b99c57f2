// Bytes to the API server and back: over undici's pools, or through a function in process.
import { Agent, ProxyAgent, Socks5ProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';
import type { Connection } from './connection.ts';

export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With its query. */
  path: string;
  body?: string;
  contentType?: string;
  /** JSON when absent. */
  accept?: string;
  signal: AbortSignal;
}

export interface Answer {
  status: number;
  /** Several of one name are joined by commas. */
  header(name: string): string | undefined;
  text(): Promise<string>;
  chunks(): AsyncIterable<Uint8Array>;
}

export interface Transport {
  send(call: Call): Promise<Answer>;
  /** A call whose answer is a stream without an end; it takes no connection from the others. */
  stream(call: Call): Promise<Answer>;
  /** Forgets remembered credentials after a 401. */
  renew(): void;
  close(): Promise<void>;
}

const CONNECTIONS = 32;
// Finds a peer that vanished without a word, long before a watch would be missed.
const KEEP_ALIVE_PROBE_MS = 30_000;
const CONNECT_TIMEOUT_MS = 10_000;
// Below the 90 s after which Go's server closes an idle connection, so that we close first.
const IDLE_MS = 60_000;

const headersOf = (
  { body, contentType, accept = 'application/json' }: Call,
  userAgent: string,
): Record<string, string> => ({
  accept,
  'user-agent': userAgent,
  ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
});

interface PoolOptions {
  connections?: number;
  bodyTimeout?: number;
}

function dispatcher(connection: Connection, pool: PoolOptions): Dispatcher {
  // HTTP/2 was measured to be no faster, and one stalled stream can hold up the others.
  const options = { ...pool, allowH2: false, keepAliveTimeout: IDLE_MS };
  const connect = {
    ...connection.tls,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
    timeout: CONNECT_TIMEOUT_MS,
  };
  const { proxyUrl } = connection;
  if (proxyUrl?.startsWith('socks') === true) {
    return new Socks5ProxyAgent(proxyUrl.replace(/^socks5h:/, 'socks5:'), {
      ...options,
      requestTls: connect,
    });
  }
  if (proxyUrl !== undefined) {
    return new ProxyAgent({ ...options, uri: proxyUrl, requestTls: connect });
  }
  return new Agent({ ...options, connect });
}

const answerOf = ({ statusCode, headers, body }: Dispatcher.ResponseData): Answer => ({
  status: statusCode,
  header(name) {
    const value = headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  },
  text: () => body.text(),
  chunks: () => body as AsyncIterable<Uint8Array>,
});

/** Over the network, with kept connections. */
export function networkTransport(connection: Connection, userAgent: string): Transport {
  const { origin, pathname } = new URL(connection.server);
  const prefix = pathname.replace(/\/$/, '');
  const dispatchers = new Dispatchers(connection);

  async function request(purpose: keyof Pair, call: Call): Promise<Answer> {
    // First, since they may bring another client certificate.
    const credentials = await connection.headers();
    const response = await dispatchers.current()[purpose].request({
      origin,
      path: prefix + call.path,
      method: call.method,
      headers: { ...headersOf(call, userAgent), ...credentials },
      body: call.body ?? null,
      signal: call.signal,
    });
    return answerOf(response);
  }

  return {
    send: (call) => request('calls', call),
    stream: (call) => request('streams', call),
    renew() {
      connection.renew();
    },
    close: () => dispatchers.close(),
  };
}

interface Pair {
  calls: Dispatcher;
  streams: Dispatcher;
}

/** The pools, made anew when the client certificate is another one. */
class Dispatchers {
  readonly #connection: Connection;
  #tls: Connection['tls'] | undefined;
  #pair: Pair | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  current(): Pair {
    const { tls } = this.#connection;
    if (this.#pair !== undefined && this.#tls === tls) return this.#pair;
    // As client-go does: what was opened with the old certificate ends, streams at once.
    void this.close();
    this.#tls = tls;
    this.#pair = {
      calls: dispatcher(this.#connection, { connections: CONNECTIONS }),
      streams: dispatcher(this.#connection, { bodyTimeout: 0 }),
    };
    return this.#pair;
  }

  async close(): Promise<void> {
    // Streams have no end to wait for.
    await Promise.all([this.#pair?.calls.close(), this.#pair?.streams.destroy()]);
  }
}

/** Rejects once the signal aborts, for a function that may not look at it. */
function whenAborted(signal: AbortSignal): { aborted: Promise<never>; release: () => void } {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  aborted.catch(() => undefined);
  return {
    aborted,
    release() {
      signal.removeEventListener('abort', stop);
    },
  };
}

/** Through a function in the same process, such as the dev cluster's. */
export function functionTransport(
  fetch: (request: Request) => Promise<Response>,
  userAgent: string,
): Transport {
  async function send(call: Call): Promise<Answer> {
    const request = new Request(`http://in-process${call.path}`, {
      method: call.method,
      headers: headersOf(call, userAgent),
      body: call.body ?? null,
      signal: call.signal,
    });
    const { aborted, release } = whenAborted(call.signal);
    try {
      const response = await Promise.race([fetch(request), aborted]);
      return {
        status: response.status,
        header: (name) => response.headers.get(name) ?? undefined,
        text: () => response.text(),
        chunks: () => chunksOf(response, call.signal),
      };
    } finally {
      release();
    }
  }
  return { send, stream: send, renew: () => undefined, close: () => Promise.resolve() };
}

async function* chunksOf(response: Response, signal: AbortSignal): AsyncIterable<Uint8Array> {
  if (response.body === null) return;
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  // Ends a read that waits; a race with the signal would leave something behind for each chunk.
  const leave = (): void => {
    // The other side may already have failed by itself.
    reader.cancel().catch(() => undefined);
  };
  signal.addEventListener('abort', leave, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener('abort', leave);
    leave();
  }
}
