// A listener's process serves many scale sets with one client and one signal: what that costs, over real sockets.
import { getEventListeners, once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createActionsClient } from './client.ts';
import { NOW, adminJwt } from './testing/far-side.ts';
import type { MessageSession } from './types.ts';

const SESSIONS = 200;
const ROUNDS = 5;

interface Service {
  url: string;
  /** Connections ever made. */
  made: () => number;
  /** Resolves when the last connection has closed. */
  deserted: Promise<undefined>;
  /** Polls that are held now. Resolves when there are so many. */
  holding: (polls: number) => Promise<void>;
  /** Ends the polls that are held: nothing has come. */
  release: () => void;
}

async function aService(): Promise<Service> {
  let made = 0;
  let open = 0;
  const deserted = Promise.withResolvers<undefined>();
  let url = '';
  let held: ServerResponse[] = [];
  let look = (): void => undefined;
  const server = createServer((request, response) => {
    const reply = replyTo(request, url);
    if (reply === 'hold') {
      held.push(response);
      look();
    } else {
      response.writeHead(reply.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(reply.body));
    }
  });
  server.on('connection', (socket) => {
    made += 1;
    open += 1;
    socket.once('close', () => {
      open -= 1;
      if (open === 0) deserted.resolve(undefined);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    made: () => made,
    deserted: deserted.promise,
    holding: (polls) =>
      new Promise((resolve) => {
        look = () => {
          if (held.length >= polls) resolve();
        };
        look();
      }),
    release: () => {
      const ending = held;
      held = [];
      for (const response of ending) response.writeHead(202).end();
    },
  };
}

function replyTo(
  { url: path = '', headers }: IncomingMessage,
  url: string,
): 'hold' | { status: number; body: unknown } {
  if (headers['x-scalesetmaxcapacity'] !== undefined) return 'hold';
  if (path.endsWith('/registration-token')) return { status: 201, body: { token: 'r' } };
  if (path.endsWith('/runner-registration')) {
    return { status: 200, body: { url, token: adminJwt(3600) } };
  }
  const queue = { messageQueueUrl: `${url}/queue`, messageQueueAccessToken: 'q' };
  return { status: 200, body: { sessionId: path, ...queue } };
}

interface Rig {
  service: Service;
  sessions: MessageSession[];
  close: () => Promise<void>;
  warnings: Error[];
}

async function aRig(): Promise<Rig> {
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on('warning', warn);
  onTestFinished(() => void process.off('warning', warn));
  const service = await aService();
  const client = createActionsClient({
    configUrl: `${service.url}/my-org`,
    credentials: { kind: 'token', token: 'ghp_personal' },
    userAgent: { version: '0.1.0', subsystem: 'test' },
    now: () => NOW,
  });
  onTestFinished(() => client.close());
  const ids = Array.from({ length: SESSIONS }, (_, id) => id + 1);
  const sessions = await Promise.all(ids.map((id) => client.createSession(id, 'owner')));
  return { service, sessions, warnings, close: () => client.close() };
}

const pollAll = (sessions: MessageSession[], signal: AbortSignal): Promise<unknown>[] =>
  sessions.map((session) => session.poll({ lastMessageId: 0, maxCapacity: 1 }, { signal }));

const codes = (settled: PromiseSettledResult<unknown>[]): unknown[] => [
  ...new Set(settled.map((one) => one.status === 'rejected' && (one.reason as Error).message)),
];

test('200 sessions poll 1,000 times over 200 sockets, and leave no listener on their signal', async () => {
  const { service, sessions, warnings } = await aRig();
  const { signal } = new AbortController();
  for (let round = 0; round < ROUNDS; round += 1) {
    const polls = pollAll(sessions, signal);
    await service.holding(SESSIONS);
    expect(getEventListeners(signal, 'abort')).toHaveLength(SESSIONS);
    service.release();
    expect(await Promise.all(polls)).toHaveLength(SESSIONS);
  }
  expect(service.made()).toBeLessThanOrEqual(SESSIONS);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  expect(warnings).toEqual([]);
});

test.each(['the signal fires', 'the client is closed'])(
  '200 polls end, and their sockets with them, when %s',
  async (when) => {
    const { service, sessions, close } = await aRig();
    const controller = new AbortController();
    const polls = Promise.allSettled(pollAll(sessions, controller.signal));
    await service.holding(SESSIONS);
    if (when === 'the signal fires') controller.abort();
    else await close();
    expect(codes(await polls)).toEqual(['the call was aborted']);
    await service.deserted;
  },
);
