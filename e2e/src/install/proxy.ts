// A proxy as companies have them: CONNECT only, and it alone knows the way to a name.
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Ground } from './ground.ts';

export interface Proxy {
  url: string;
  /** From which addresses it was asked. */
  clients: ReadonlySet<string>;
  close: () => Promise<void>;
}

export interface ProxyWish {
  /** `name:port` */
  knows: string;
  /** Where that really is. */
  port: number;
}

export async function startProxy(ground: Ground, { knows, port }: ProxyWish): Promise<Proxy> {
  const clients = new Set<string>();
  const server = createServer((_, answer) => answer.writeHead(405).end());
  const open = new Set<{ destroy: () => unknown }>();
  server.on('connect', ({ url, socket: { remoteAddress = '' } }, client, head) => {
    if (url !== knows) {
      client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    clients.add(remoteAddress);
    const there = connect(port, ground.listen, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      there.write(head);
      there.pipe(client).pipe(there);
    });
    // Either end takes the other with it.
    const part = (): void => {
      for (const end of [there, client]) end.destroy();
    };
    for (const end of [there, client]) {
      open.add(end);
      end.on('error', () => undefined).on('close', part);
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, ground.listen, resolve);
  });
  const { port: own } = server.address() as AddressInfo;
  return {
    url: `http://${ground.host}:${own}`,
    clients,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const one of open) one.destroy();
      }),
  };
}
