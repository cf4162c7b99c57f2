// Over real sockets: what only they can tell.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { LARGEST_BYTES } from './body.ts';
import { createHttp } from './http.ts';
import { anAuthority } from './testing/authority.ts';
import type { Authority } from './testing/authority.ts';
import { thrownBy } from './testing/far-side.ts';
import { createTransport } from './transport.ts';
import type { Transport, WireRequest } from './transport.ts';
import type { ActionsClientOptions } from './options.ts';

type Answering = (request: IncomingMessage, response: ServerResponse) => void;

async function port(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const aServer = async (answering: Answering): Promise<string> =>
  `http://127.0.0.1:${await port(createServer(answering))}`;

function aTransport(options: Partial<ActionsClientOptions> = {}): Transport {
  const transport = createTransport(options as ActionsClientOptions);
  onTestFinished(() => transport.close());
  return transport;
}

/** In how many milliseconds the kernel probes an idle connection; undefined while it has something else to do (proc(5), /proc/net/tcp). */
async function probeInMs(from: number, to: number): Promise<number | undefined> {
  const [near, far] = [from, to].map(
    (one) => `:${one.toString(16).toUpperCase().padStart(4, '0')}`,
  );
  const rows = (await readFile('/proc/net/tcp', 'utf8'))
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
  const found = rows.find((row) => row[1]?.endsWith(near ?? '') && row[2]?.endsWith(far ?? ''));
  const [timer, jiffies = ''] = found?.[5]?.split(':') ?? [];
  return timer === '02' ? parseInt(jiffies, 16) * 10 : undefined;
}

const never = new AbortController().signal;
const get = (url: string): WireRequest => ({ method: 'GET', url, headers: {} });

describe('over the network', () => {
  test('a body-less POST and PATCH say that they have no body, GET and DELETE say nothing', async () => {
    const lengths: (string | undefined)[] = [];
    const url = await aServer((request, response) => {
      lengths.push(request.headers['content-length']);
      response.end();
    });
    const transport = aTransport();
    for (const method of ['POST', 'PATCH', 'GET', 'DELETE'] as const) {
      await transport.send({ method, url, headers: { 'content-type': 'application/json' } }, never);
    }
    expect(lengths).toEqual(['0', '0', undefined, undefined]);
  });

  test.skipIf(process.platform !== 'linux')(
    'a way that breaks without a word is probed for while a poll is held',
    async () => {
      const asked = Promise.withResolvers<[from: number, to: number]>();
      const url = await aServer(({ socket: { remotePort = 0, localPort = 0 } }) => {
        asked.resolve([remotePort, localPort]);
      });
      const giveUp = new AbortController();
      const poll = aTransport().send(get(url), giveUp.signal);
      const ports = await asked.promise;
      const probe = await vi.waitUntil(() => probeInMs(...ports));
      giveUp.abort();
      await expect(poll).rejects.toThrow();
      expect(probe).toBeLessThanOrEqual(15_000);
    },
  );

  test('an answer is its status, its headers and its text', async () => {
    const url = await aServer((_request, response) => {
      response.writeHead(418, { ActivityId: 'act' }).end('tea');
    });
    const answer = await aTransport().send(get(url), never);
    expect(answer).toMatchObject({ status: 418, text: 'tea' });
    expect(answer.header('activityid')).toBe('act');
  });

  test('a moved repository is followed, and its token goes to no other host', async () => {
    const seen: (string | undefined)[] = [];
    const other = await aServer((request, response) => {
      seen.push(request.headers.authorization, request.method);
      response.end('here');
    });
    const url = await aServer((_request, response) => {
      response.writeHead(307, { location: `${other}/there` }).end();
    });
    const wanted = {
      method: 'POST',
      url,
      headers: { authorization: 'Bearer x' },
      body: '{}',
    } as const;
    expect(await aTransport().send(wanted, never)).toMatchObject({ status: 200, text: 'here' });
    expect(seen).toEqual([undefined, 'POST']);
  });

  test('an answer is asked for packed, and unpacked', async () => {
    const asked: (string | undefined)[] = [];
    const url = await aServer((request, response) => {
      asked.push(request.headers['accept-encoding']);
      response.writeHead(400, { 'content-encoding': 'gzip' }).end(gzipSync('{"message":"née"}'));
    });
    const answer = await aTransport().send(get(url), never);
    expect(answer).toMatchObject({ status: 400, text: '{"message":"née"}' });
    expect(asked).toEqual(['gzip']);
  });

  // Response.text() drops the mark by itself, so that only a socket tells.
  test.each(['plain', 'packed'])('C23: a byte-order mark is dropped: %s', async (how) => {
    const url = await aServer((_request, response) => {
      const body = Buffer.from('\uFEFF{"id":1}');
      if (how === 'plain') response.end(body);
      else response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body));
    });
    const http = createHttp({} as ActionsClientOptions, aTransport(), []);
    const answer = await http.send({ what: 'get a thing', signal: undefined, ...get(url) });
    expect(answer.text).toBe('{"id":1}');
  });

  test('an empty answer is empty, though it is said to be packed', async () => {
    const url = await aServer((_request, response) => {
      response.writeHead(202, { 'content-encoding': 'gzip' }).end();
    });
    expect(await aTransport().send(get(url), never)).toMatchObject({ status: 202, text: '' });
  });

  const OUT_OF_PROPORTION = Buffer.alloc(LARGEST_BYTES + 1, ' ');
  test.each([
    { name: 'plain', headers: {}, body: () => OUT_OF_PROPORTION },
    {
      name: 'packed',
      headers: { 'content-encoding': 'gzip' },
      body: () => gzipSync(OUT_OF_PROPORTION),
    },
  ])('an answer out of all proportion is given up at once: $name', async ({ headers, body }) => {
    let asked = 0;
    const url = await aServer((_request, response) => {
      asked += 1;
      response.writeHead(200, headers).end(body());
    });
    const http = createHttp({} as ActionsClientOptions, aTransport(), []);
    const call = { what: 'get a thing', signal: undefined, ...get(url) };
    expect(await thrownBy(() => http.send(call))).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('the answer is larger than 16 MiB') as string,
    });
    expect(asked).toBe(1);
  });

  test('an answer of just that size is taken', async () => {
    const url = await aServer((_request, response) => {
      response.end(OUT_OF_PROPORTION.subarray(1));
    });
    expect((await aTransport().send(get(url), never)).text).toHaveLength(LARGEST_BYTES);
  });

  test('an aborted poll frees its socket at once', async () => {
    const arrived = Promise.withResolvers<IncomingMessage>();
    const url = await aServer((request) => {
      arrived.resolve(request);
    });
    const controller = new AbortController();
    const polled = thrownBy(() => aTransport().send(get(url), controller.signal));
    const { socket } = await arrived.promise;
    const closed = once(socket, 'close');
    controller.abort();
    await closed;
    expect(await polled).toBeInstanceOf(Error);
  });

  test('E4: an answer that breaks off is none, and the cause is kept', async () => {
    let asked = 0;
    const url = await aServer((_request, response) => {
      asked += 1;
      response.writeHead(400, { 'content-length': '100' }).write('{"message":');
      response.socket?.end();
    });
    const options = { retry: { max: 1 }, sleep: () => Promise.resolve() };
    const http = createHttp(options as unknown as ActionsClientOptions, aTransport(), []);
    const call = { what: 'get a thing', signal: undefined, ...get(url) };
    expect(await thrownBy(() => http.send(call))).toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/^could not get a thing: .+, 2 attempts\)$/) as string,
      cause: { code: expect.any(String) as string },
    });
    expect(asked).toBe(2);
  });

  test('polls at the same time do not wait for each other', async () => {
    const waiting: ServerResponse[] = [];
    const url = await aServer((_request, response) => {
      waiting.push(response);
      if (waiting.length === 50) for (const one of waiting) one.end();
    });
    const transport = aTransport();
    const polls = Array.from({ length: 50 }, () => transport.send(get(url), never));
    expect(await Promise.all(polls)).toHaveLength(50);
  });
});

describe('C22: over TLS', () => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await anAuthority();
  });

  const secureServer = async (): Promise<string> => {
    const { chain, key } = authority;
    const server = createTlsServer({ cert: chain, key }, (_request, response) =>
      response.end('ok'),
    );
    return `https://127.0.0.1:${await port(server)}`;
  };

  test('a server of an unknown authority is refused', async () => {
    const url = await secureServer();
    const error = await thrownBy(() => aTransport().send(get(url), never));
    expect(error).toMatchObject({ code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO/) as string });
  });

  test.each(['root', 'intermediate'] as const)('the %s certificate is enough', async (which) => {
    const url = await secureServer();
    const transport = aTransport({ rootCa: authority[which] });
    expect(await transport.send(get(url), never)).toMatchObject({ status: 200 });
  });

  test.each(['', 'hunter2', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
    'a root CA that is none is refused before any call: %j',
    (rootCa) => {
      expect(() => aTransport({ rootCa })).toThrow(
        expect.objectContaining({ code: 'invalid-connection' }) as Error,
      );
    },
  );

  test('a proxy is asked for a tunnel, with its own credentials', async () => {
    const url = await secureServer();
    const target = new URL(url);
    const asked: unknown[] = [];
    const proxy = createServer();
    proxy.on('connect', (request: IncomingMessage, socket) => {
      asked.push([request.url, request.headers['proxy-authorization']]);
      const through = connect(Number(target.port), target.hostname, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        through.pipe(socket).pipe(through);
      });
      socket.on('error', () => through.destroy());
      through.on('error', () => socket.destroy());
    });
    const at = `127.0.0.1:${await port(proxy)}`;
    // Loopback is never proxied, so the name must not be one; nobody resolves it but the proxy.
    const outside = `https://service.test:${target.port}`;
    const transport = aTransport({
      rootCa: authority.root,
      proxy: { https: `http://me:pass%40word@${at}` },
    });
    // The certificate is for 127.0.0.1: that it is looked at proves that the tunnel ends at the server.
    const error = await thrownBy(() => transport.send(get(outside), never));
    expect(error).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    const credentials = Buffer.from('me:pass@word').toString('base64');
    expect(asked).toEqual([[`service.test:${target.port}`, `Basic ${credentials}`]]);
  });
});

describe('C24: through a proxy', () => {
  test.each([
    { refusal: '407 Proxy Authentication Required', attempts: 1, tries: '' },
    { refusal: '403 Forbidden', attempts: 1, tries: '' },
    { refusal: '502 Bad Gateway', attempts: 2, tries: ', 2 attempts' },
  ])('a tunnel is refused with $refusal', async ({ refusal, attempts, tries }) => {
    let asked = 0;
    const proxy = createServer();
    proxy.on('connect', (_request, socket) => {
      asked += 1;
      socket.end(`HTTP/1.1 ${refusal}\r\n\r\n`);
    });
    const transport = aTransport({
      proxy: { https: `http://me:hunter2@127.0.0.1:${await port(proxy)}` },
    });
    const retry = { max: 1, minWaitMs: 1, maxWaitMs: 1 };
    const http = createHttp({ retry } as ActionsClientOptions, transport, []);
    const call = { ...get('https://service.test/x'), what: 'do it', signal: never };
    const error = await thrownBy(() => http.send(call));
    expect(error).toMatchObject({
      code: 'unreachable',
      message: `could not do it: the proxy refused the tunnel: ${refusal} (GET https://service.test/x${tries})`,
    });
    expect(asked).toBe(attempts);
    expect(inspect(error, { depth: 10 })).not.toContain('hunter2');
  });

  test('a plain URL is asked for whole, and loopback is asked directly', async () => {
    const seen: (string | undefined)[] = [];
    const proxy = await aServer((request, response) => {
      seen.push(request.url);
      response.end('by proxy');
    });
    const direct = await aServer((_request, response) => response.end('directly'));
    const transport = aTransport({ proxy: { http: proxy } });
    const wanted = get('http://example.com/x?y=1');
    expect(await transport.send(wanted, never)).toMatchObject({ text: 'by proxy' });
    expect(await transport.send(get(direct), never)).toMatchObject({ text: 'directly' });
    expect(seen).toEqual(['http://example.com/x?y=1']);
  });

  test('that is no URL is refused before any call, and not shown', () => {
    const make = () => aTransport({ proxy: { http: 'ftp://me:hunter2@proxy' } });
    expect(make).toThrow('the proxy is no http, https or socks5 URL');
  });
});
