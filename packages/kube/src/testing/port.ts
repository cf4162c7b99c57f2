// A function that answers requests, put on a port of this machine, with a kubeconfig for programs.
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Fetch = (request: Request) => Promise<Response>;

export interface Port {
  /** Without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
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
  const { method = 'GET', url = '/', headers } = incoming;
  const request = new Request(`http://on-a-port${url}`, {
    method,
    headers: headers as Record<string, string>,
    body: method === 'GET' ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>),
    duplex: 'half',
    signal: left.signal,
  });
  try {
    const response = await fetch(request);
    outgoing.writeHead(response.status, [...response.headers].flat());
    outgoing.flushHeaders();
    if (response.body === null) outgoing.end();
    else await pipeline(Readable.from(response.body), outgoing, { signal: left.signal });
  } catch {
    // The caller left, or a fault of the test broke the connection.
    outgoing.destroy();
  }
}

export async function onPort(fetch: Fetch): Promise<Port> {
  const server = createServer((incoming, outgoing) => {
    void answer(incoming, outgoing, fetch);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

export async function writeKubeconfig(path: string, url: string): Promise<void> {
  const name = 'dev';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server: url } }],
    users: [{ name, user: {} }],
  };
  await writeFile(path, JSON.stringify(config));
}
