// From a port to a `fetch`: requests and answers stream, and a caller who leaves aborts its request.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ServerTls } from './tls.ts';

export interface Listening {
  port: number;
  /** Ends all connections, also those that watch. */
  close(): Promise<void>;
}

export type Fetch = (request: Request) => Promise<Response>;

interface Options {
  host: string;
  port: number;
  tls: ServerTls;
  fetch: Fetch;
}

/** Rejects with the system's error when the port is taken. */
export async function serve({ host, port, tls, fetch }: Options): Promise<Listening> {
  const server = createServer({ key: tls.key, cert: tls.cert, ALPNProtocols: ['http/1.1'] });
  // A watch may rest for as long as it likes.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    void answer(incoming, outgoing, fetch);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { port: address.port, close: () => close(server) };
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fetch: Fetch,
): Promise<void> {
  const left = new AbortController();
  outgoing.once('close', () => {
    left.abort();
  });
  try {
    const response = await fetch(requestOf(incoming, left.signal));
    outgoing.writeHead(response.status, headersOf(response));
    if (response.body === null || incoming.method === 'HEAD') {
      outgoing.end();
      return;
    }
    // Whoever opens a watch waits for the headers, and the first event may be far off.
    outgoing.flushHeaders();
    await pipeline(Readable.from(response.body), outgoing, { signal: left.signal });
  } catch (error) {
    fail(outgoing, error);
  }
}

function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = 'GET', url = '/', headers } = incoming;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  return new Request(new URL(url, `https://${headers.host ?? 'localhost'}`), {
    method,
    headers: new Headers([...pairsOf(incoming.rawHeaders)]),
    body: hasBody ? (Readable.toWeb(incoming) as ReadableStream<Uint8Array>) : null,
    duplex: 'half',
    signal,
  });
}

function* pairsOf(raw: readonly string[]): Generator<[string, string]> {
  for (let i = 0; i + 1 < raw.length; i += 2) yield [raw[i] ?? '', raw[i + 1] ?? ''];
}

const headersOf = (response: Response): string[] => [...response.headers].flat();

function fail(outgoing: ServerResponse, error: unknown): void {
  if (outgoing.headersSent || outgoing.destroyed) {
    outgoing.destroy();
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 500, message };
  outgoing.writeHead(500, { 'content-type': 'application/json' });
  outgoing.end(JSON.stringify(status));
}
