// A function from request to response, put on a socket.
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { isIP } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Answer, Incoming } from './http/exchange.ts';

export interface Peer {
  /**
   * Whether the other end is on this machine, and calls it by an address or a name of its own. A web page can bring a
   * browser here too, by a name in the page's own domain that leads to 127.0.0.1.
   */
  isLoopback: boolean;
}

export type Serve = (request: Incoming, peer: Peer) => Promise<Answer>;

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

// Thousands of runners may come at once; the system has the last word.
const BACKLOG = 4096;

/** Rejects when the port cannot be had. */
export async function listen(serve: Serve, options: ListenOptions): Promise<RunningServer> {
  const { host, port, tls, onError } = options;
  const scheme = tls ? 'https' : 'http';
  const answerOn = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    answer(serve, { incoming, scheme, host }, outgoing).catch((error: unknown) => {
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
    server.listen({ port, host, backlog: BACKLOG }, resolve);
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
  /** Under which the server was told to listen. */
  host: string;
}

async function answer(
  serve: Serve,
  { incoming, scheme, host }: Arrival,
  outgoing: ServerResponse,
): Promise<void> {
  const left = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) left.abort();
  });
  const { method = 'GET', headers, socket } = incoming;
  const url = URL.parse(`${scheme}://${headers.host ?? 'localhost'}${pathOf(incoming)}`);
  if (!url) {
    outgoing.writeHead(400).end();
    return;
  }
  const header = (name: string): string | undefined => headers[name]?.toString();
  const body = hasBody(incoming) ? await text(incoming) : '';
  const isLoopback =
    isLoopbackAddress(socket.remoteAddress ?? '') && (isLocalName(url) || url.hostname === host);
  const request = { method, url, header, body, signal: left.signal };
  const response = await serve(request, { isLoopback });
  if (!outgoing.destroyed) await send(response, outgoing);
  else if (typeof response.body !== 'string') await response.body.cancel();
}

// An absolute form, or none of ours, ends up as a path all the same.
const pathOf = ({ url = '/' }: IncomingMessage): string => (url.startsWith('/') ? url : `/${url}`);

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

async function text(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function send({ status, headers, body }: Answer, outgoing: ServerResponse): Promise<void> {
  if (typeof body !== 'string') {
    outgoing.writeHead(status, headers);
    outgoing.flushHeaders();
    await pipeline(Readable.fromWeb(body), outgoing);
    return;
  }
  // A length, always: clients tell an empty answer from a broken one by it. 204 must not have one.
  const length = { 'content-length': `${Buffer.byteLength(body)}` };
  outgoing.writeHead(status, status === 204 ? headers : { ...headers, ...length }).end(body);
}

const isLoopbackAddress = (address: string): boolean =>
  address === '::1' || address.replace(/^::ffff:/, '').startsWith('127.');

// Nobody's name server can give away an address that is spelled out.
const isLocalName = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0;

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
