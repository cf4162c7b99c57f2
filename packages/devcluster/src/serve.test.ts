import { request } from 'node:https';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { serve } from './serve.ts';
import type { Fetch, Listening } from './serve.ts';
import { createTls } from './tls.ts';

const tls = await createTls(Date.now());
let listening: Listening | undefined;

afterEach(async () => {
  await listening?.close();
});

interface Call {
  outgoing: ClientRequest;
  response: Promise<IncomingMessage>;
}

/** Calls a server that answers with that, and trusts no authority but its own. */
async function call(fetch: Fetch, method = 'GET'): Promise<Call> {
  listening = await serve({ host: '127.0.0.1', port: 0, tls, fetch });
  const outgoing = request({
    host: '127.0.0.1',
    port: listening.port,
    path: '/a/b?c=d',
    method,
    ca: tls.ca,
    headers: { 'x-twice': ['1', '2'] },
  });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
  return { outgoing, response };
}

const textOf = async (message: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of message.setEncoding('utf8')) text += chunk as string;
  return text;
};

test('carries method, path, headers and body there, and status and text back', async () => {
  const { outgoing, response } = await call(async (incoming) => {
    const { pathname, search } = new URL(incoming.url);
    const sent = [incoming.method, pathname, search, incoming.headers.get('x-twice')];
    return new Response(`${sent.join(' ')} ${await incoming.text()}`, { status: 201 });
  }, 'POST');
  outgoing.end('body');
  const message = await response;
  expect(message.statusCode).toBe(201);
  expect(await textOf(message)).toBe('POST /a/b ?c=d 1, 2 body');
});

test('sends each piece of a stream when it is there', async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const { outgoing, response } = await call(() => Promise.resolve(new Response(readable)));
  outgoing.end();
  const message = await response;
  for (const piece of ['one', 'two']) {
    const read = new Promise((resolve) => message.once('data', resolve));
    await writer.write(Buffer.from(piece));
    expect(String(await read)).toBe(piece);
  }
});

test('aborts the request of a caller who leaves', async () => {
  const left = Promise.withResolvers<undefined>();
  const { outgoing, response } = await call((incoming) => {
    incoming.signal.addEventListener('abort', () => {
      left.resolve(undefined);
    });
    return Promise.resolve(new Response(new ReadableStream()));
  });
  outgoing.end();
  await response;
  outgoing.destroy();
  await left.promise;
});

test('answers a failure as a Status', async () => {
  const { outgoing, response } = await call(() => Promise.reject(new Error('broken')));
  outgoing.end();
  const message = await response;
  expect(message.statusCode).toBe(500);
  expect(JSON.parse(await textOf(message))).toMatchObject({ kind: 'Status', message: 'broken' });
});
