// A small HTTP server for metrics and health. It answers GET on fixed paths and nothing else.
import process from 'node:process';
import { KubeError } from './errors.ts';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from './types.ts';

// As actions/transport.ts does, and for the same reason.
const { createServer } = process.getBuiltinModule('node:http');

export interface Page {
  /** 200 when absent. */
  status?: number;
  /** text/plain when absent. */
  type?: string;
  body: string;
}

export interface ServeOptions {
  address: { host?: string; port: number };
  /** By path. */
  routes: Record<string, () => Promise<Page>>;
  signal: AbortSignal;
  log: Log;
}

export interface Serving {
  /** The one it got, where 0 was asked for. */
  readonly port: number;
  /** Resolves once the signal has ended it. */
  readonly closed: Promise<void>;
}

const TEXT = 'text/plain; charset=utf-8';
const pathOf = (url = '/'): string => url.split('?', 1)[0] ?? '/';

async function pageFor(request: IncomingMessage, { routes, log }: ServeOptions): Promise<Page> {
  const path = pathOf(request.url);
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) return { status: 404, body: 'not found\n' };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 405, body: 'only GET is answered here\n' };
  }
  try {
    return await route();
  } catch (error) {
    log.error('a page could not be made', { path, error });
    return { status: 500, body: 'internal error\n' };
  }
}

async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServeOptions,
): Promise<void> {
  const { status = 200, type = TEXT, body } = await pageFor(request, options);
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}

const WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'this port needs more rights',
};

function listenError({ host = '', port }: ServeOptions['address'], cause: Error): KubeError {
  const { code = '' } = cause as NodeJS.ErrnoException;
  const words = WORDS[code] ?? cause.message;
  return new KubeError('bad-config', `could not listen on ${host}:${port}: ${words}`, { cause });
}

function listen(server: Server, address: ServeOptions['address']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(listenError(address, error));
    });
    server.listen(address, resolve);
  });
}

/** Resolves once it listens. Throws `bad-config` where it cannot, naming address and port. */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { address, signal, log } = options;
  const server = createServer((request, response) => {
    void reply(request, response, options);
  });
  await listen(server, address);
  server.on('error', (error) => {
    log.error('the server for metrics and health failed', { error });
  });
  const closed = new Promise<void>((resolve) => {
    const close = (): void => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    };
    if (signal.aborted) close();
    else signal.addEventListener('abort', close, { once: true });
  });
  return { port: (server.address() as AddressInfo).port, closed };
}
