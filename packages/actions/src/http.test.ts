import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createHttp } from './http.ts';
import type { Call, Http } from './http.ts';
import type { ActionsClientOptions } from './options.ts';
import { thrownBy } from './testing/far-side.ts';
import type { Transport, WireAnswer } from './transport.ts';

const answer = (status: number, headers: Record<string, string> = {}): WireAnswer => ({
  status,
  header: (name) => headers[name],
  text: 'body',
});

const aCall = (signal?: AbortSignal): Call => ({
  what: 'get a thing',
  method: 'GET',
  url: 'http://me:hunter2@far.test/thing?token=hunter3',
  headers: {},
  signal,
});

interface Rig {
  http: Http;
  waits: number[];
  attempts: () => number;
}

function aRig(send: Transport['send'], options: Partial<ActionsClientOptions> = {}): Rig {
  const waits: number[] = [];
  let attempts = 0;
  const transport: Transport = {
    send: (wanted, signal) => {
      attempts += 1;
      return send(wanted, signal);
    },
    close: () => Promise.resolve(),
  };
  const sleep = (ms: number): Promise<void> => {
    waits.push(ms);
    return Promise.resolve();
  };
  const all = { sleep, random: () => 1, now: () => 0, ...options } as ActionsClientOptions;
  return { http: createHttp(all, transport, []), waits, attempts: () => attempts };
}

const hangs = (): Promise<never> => new Promise(() => undefined);

describe('a wait', () => {
  const farAhead = { date: 'Sat, 21 Nov 2026 13:00:00 GMT' };
  const now = () => Date.parse('2026-11-21T12:00:00Z');
  test.each([
    { name: 'Retry-After', headers: { 'retry-after': 'Sat, 21 Nov 2026 13:00:20 GMT' } },
    {
      name: 'x-ratelimit-reset',
      headers: {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(Date.parse('2026-11-21T13:00:20Z') / 1000),
      },
    },
  ])('until the time in $name is by the clock of the one who named it', async ({ headers }) => {
    const replies = [answer(429, { ...farAhead, ...headers }), answer(200)];
    const { http, waits } = aRig(() => Promise.resolve(replies.shift() ?? answer(500)), { now });
    await http.send(aCall());
    expect(waits).toEqual([20_000]);
  });
});

describe('a call', () => {
  test('C27: is made again after a failure that passes, and gives the answer', async () => {
    const replies = [answer(503), answer(429, { 'retry-after': '3' }), answer(200)];
    const { http, waits } = aRig(() => Promise.resolve(replies.shift() ?? answer(500)));
    expect(await http.send(aCall())).toMatchObject({ status: 200, text: 'body' });
    expect(waits).toEqual([1000, 3000]);
  });

  test('C27: gives the last answer of all attempts, as it came', async () => {
    const { http, attempts } = aRig(() =>
      Promise.resolve(answer(503, { activityid: 'act', 'x-github-request-id': 'req' })),
    );
    expect(await http.send(aCall())).toMatchObject({
      status: 503,
      activityId: 'act',
      requestId: 'req',
    });
    expect(attempts()).toBe(5);
  });

  test('E1: is unreachable when the network fails, and says how in one line', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const { http } = aRig(() => Promise.reject(new TypeError('fetch failed', { cause: refused })));
    const error = await thrownBy(() => http.send(aCall()));
    expect(error).toMatchObject({
      code: 'unreachable',
      message:
        'could not get a thing: connect ECONNREFUSED (GET http://far.test/thing, 5 attempts)',
      cause: { message: 'fetch failed', cause: { code: 'ECONNREFUSED' } },
    });
  });

  test('is given its time for each attempt, and no more', async () => {
    const { http, attempts } = aRig(hangs, { timeouts: { callMs: 1 }, retry: { max: 2 } });
    expect(await thrownBy(() => http.send(aCall()))).toMatchObject({
      code: 'unreachable',
      message:
        'could not get a thing: no answer within 0.001 s (GET http://far.test/thing, 3 attempts)',
    });
    expect(attempts()).toBe(3);
  });

  test('tells the transport to let go when its time is up', async () => {
    const signals: AbortSignal[] = [];
    const send: Transport['send'] = (_wanted, signal) => {
      signals.push(signal);
      return hangs();
    };
    const { http } = aRig(send, { timeouts: { callMs: 1 }, retry: { max: 0 } });
    await thrownBy(() => http.send(aCall()));
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test('is not made at all when its signal has fired before', async () => {
    const { http, attempts } = aRig(hangs);
    const error = await thrownBy(() => http.send(aCall(AbortSignal.abort())));
    expect(error).toMatchObject({ code: 'aborted' });
    expect(attempts()).toBe(0);
  });

  test('ends during the wait for its next attempt, whatever the wait does', async () => {
    const controller = new AbortController();
    const sleep = (): Promise<void> => {
      controller.abort();
      return hangs();
    };
    const { http, attempts } = aRig(() => Promise.resolve(answer(500)), { sleep });
    const error = await thrownBy(() => http.send(aCall(controller.signal)));
    expect(error).toMatchObject({ code: 'aborted' });
    expect(attempts()).toBe(1);
  });

  test('leaves no listener on its signal, however many are made', async () => {
    const { signal } = new AbortController();
    const replies = (): WireAnswer => answer(Math.random() < 0.5 ? 500 : 200);
    const { http } = aRig(() => Promise.resolve(replies()));
    for (let call = 0; call < 100; call += 1) await http.send(aCall(signal));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
