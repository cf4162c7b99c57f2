// A function from request to response, put on a socket.
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

export interface Peer {
  /** Whether the other end is on this machine. */
  isLoopback: boolean;
}

export type Serve = (request: Request, peer: Peer) => Promise<Response>;

export interface RunningServer {
  /** `http://127.0.0.1:41234` */
  readonly url: string;
  /** Cuts all connections. */
  close(): Promise<void>;
}

export interface ListenOptions {
  host: string;
  /** 0: a free one. */
  port: number;
  /** PEM; with it, HTTPS. */
  tls?: { cert: string; key: string };
  /** Hears of what no client should ever cause. */
  onError: (error: unknown) => void;
}

// Longer than the time for which clients keep a connection, so that none of them meets one that has just been closed.
const KEEP_ALIVE = { keepAliveTimeout: 60_000 };

/** Rejects when the port cannot be had. */
export async function listen(serve: Serve, options: ListenOptions): Promise<RunningServer> {
  const { host, port, tls, onError } = options;
  const scheme = tls ? 'https' : 'http';
  const answerOn = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    answer(serve, { incoming, scheme }, outgoing).catch((error: unknown) => {
      // The service cuts a connection on purpose too: that error has a name of its own.
      if (!outgoing.destroyed && !isCut(error)) onError(error);
      outgoing.destroy();
    });
  };
  const server = tls
    ? createTlsServer({ ...KEEP_ALIVE, ...tls }, answerOn)
    : createServer(KEEP_ALIVE, answerOn);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    close: async () => close(server),
  };
}

interface Arrival {
  incoming: IncomingMessage;
  scheme: 'http' | 'https';
}

async function answer(
  serve: Serve,
  { incoming, scheme }: Arrival,
  outgoing: ServerResponse,
): Promise<void> {
  const left = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) left.abort();
  });
  const arrived = { scheme, body: await buffer(incoming), signal: left.signal };
  const request = toRequest(incoming, arrived);
  if (!request) {
    outgoing.writeHead(400).end();
    return;
  }
  const isLoopback = isLoopbackAddress(incoming.socket.remoteAddress ?? '');
  const response = await serve(request, { isLoopback });
  if (outgoing.destroyed) {
    await response.body?.cancel();
    return;
  }
  await send(response, outgoing);
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  const headers = Object.fromEntries(response.headers);
  if (headers['content-type'] === 'application/x-ndjson') {
    outgoing.writeHead(response.status, headers);
    outgoing.flushHeaders();
    if (response.body) await pipeline(Readable.fromWeb(response.body), outgoing);
    return;
  }
  const body = Buffer.from(await response.arrayBuffer());
  // A length, always: clients tell an empty answer from a broken one by it. 204 must not have one.
  if (response.status !== 204) headers['content-length'] = `${body.length}`;
  outgoing.writeHead(response.status, headers).end(body);
}

interface Arrived {
  scheme: 'http' | 'https';
  body: Buffer;
  signal: AbortSignal;
}

function toRequest(
  { method = 'GET', headers, url = '/', rawHeaders }: IncomingMessage,
  { scheme, body, signal }: Arrived,
): Request | undefined {
  // An absolute form, or none of ours, ends up as a path all the same.
  const target = url.startsWith('/') ? url : `/${url}`;
  // A Request of these cannot have one; that it was sent is seen by its length.
  const hasBody = body.length > 0 && method !== 'GET' && method !== 'HEAD';
  try {
    return new Request(`${scheme}://${headers.host ?? 'localhost'}${target}`, {
      method,
      headers: headerPairs(rawHeaders),
      signal,
      ...(hasBody && { body: new Uint8Array(body) }),
    });
  } catch {
    return undefined;
  }
}

function headerPairs(raw: string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([raw[i] ?? '', raw[i + 1] ?? '']);
  return pairs;
}

const isLoopbackAddress = (address: string): boolean =>
  address === '::1' || address.replace(/^::ffff:/, '').startsWith('127.');

const isCut = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'ConnectionCut' || error.name === 'AbortError');

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
