// When probes ask and what they make of the answers, with a port that answers as it is told.
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Handler, Probe } from './pod.ts';
import { probe } from './probes.ts';
import { linkedRoom } from './room.ts';
import { perform } from './handlers.ts';
import type { Reach } from './handlers.ts';
import { steppedClock } from './stepped-clock.ts';
import type { SteppedClock } from './stepped-clock.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let clock: SteppedClock;
let told: string[];
let ending: AbortController;
let ended: AbortController;
/** What the container answers, one after the other; the last for ever. */
let answers: boolean[];

beforeEach(() => {
  clock = steppedClock();
  told = [];
  ending = new AbortController();
  ended = new AbortController();
});

/** A hook that sleeps no time stands for an answer; it fails when its seconds are none. */
const asks: Handler = {
  get sleep() {
    const is = answers.length > 1 ? answers.shift() : answers[0];
    if (is !== true) throw new Error('no');
    return { seconds: 0 };
  },
};

const SECONDS = { periodSeconds: 1 };
const at = (): number => (clock.now() - Date.parse('2026-11-21T10:00:00Z')) / 1000;

function start(probes: Record<string, Partial<Probe>>): void {
  const container = {
    name: 'main',
    ...Object.fromEntries(
      Object.entries(probes).map(([name, more]) => [
        name,
        Object.defineProperties({ ...SECONDS, ...more }, Object.getOwnPropertyDescriptors(asks)),
      ]),
    ),
  };
  const tell = (text: string): void => void told.push(`${at()}s ${text}`);
  const target = {
    reach: { container, clock } as unknown as Reach,
    started: () => {
      tell('started');
    },
    ready: (is: boolean) => {
      tell(is ? 'ready' : 'not ready');
    },
    failed: (kind: string) => {
      tell(`${kind} failed`);
    },
    dead: (kind: string) => {
      tell(`${kind} dead`);
    },
  };
  void probe(target, { ending: ending.signal, ended: ended.signal });
}

afterEach(() => {
  ended.abort();
  ending.abort();
});

describe('a probe', () => {
  test('first asks after its delay, then each period', async () => {
    answers = [false];
    start({ readinessProbe: { initialDelaySeconds: 5, periodSeconds: 3 } });
    await clock.pass(12_000);
    expect(told).toEqual(['5s Readiness failed', '8s Readiness failed', '11s Readiness failed']);
  });

  test('of readiness turns as often as its thresholds are met', async () => {
    answers = [false, true, true, false, false, true, false, false, false, true];
    start({ readinessProbe: { successThreshold: 2, failureThreshold: 3 } });
    await clock.pass(8500);
    expect(told.filter((line) => line.endsWith('ready'))).toEqual(['2s ready', '8s not ready']);
  });

  test('of liveness kills once, when its threshold is met, and asks no more', async () => {
    answers = [true, false, false, true, false, false, false, false];
    start({ livenessProbe: { failureThreshold: 3 } });
    await clock.pass(20_000);
    expect(told.filter((line) => line.includes('dead'))).toEqual(['6s Liveness dead']);
    expect(told.filter((line) => line.includes('failed'))).toHaveLength(5);
  });

  test('of the start holds the others back until it has passed', async () => {
    answers = [false, false, true];
    start({ startupProbe: { failureThreshold: 5 }, readinessProbe: {} });
    await clock.pass(2500);
    expect(told).toEqual(['0s Startup failed', '1s Startup failed', '2s started', '2s ready']);
  });

  test('of the start kills when it never passes', async () => {
    answers = [false];
    start({ startupProbe: { failureThreshold: 2 }, livenessProbe: {} });
    await clock.pass(10_000);
    expect(told).toEqual(['0s Startup failed', '1s Startup failed', '1s Startup dead']);
  });

  test('of readiness goes on while the container is being ended, that of liveness does not', async () => {
    answers = [true];
    start({ readinessProbe: {}, livenessProbe: { failureThreshold: 1 } });
    await clock.pass(1500);
    ending.abort();
    answers = [false];
    await clock.pass(5000);
    expect(told).toContain('4s not ready');
    expect(told.filter((line) => line.includes('Liveness'))).toEqual([]);
  });

  test('says nothing once the container has ended', async () => {
    answers = [false];
    start({ readinessProbe: {} });
    await clock.pass(500);
    ended.abort();
    await clock.pass(10_000);
    expect(told).toEqual(['0s Readiness failed']);
  });
});

describe('what a probe or a hook asks', () => {
  let server: Server;
  let dir: string;
  let reach: Reach;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'muster-room-'));
    server = createServer((request, response) => {
      const { host = '', 'x-own': own = '' } = request.headers;
      response.statusCode = Number(new URL(request.url ?? '', 'http://a').pathname.slice(1));
      if (own !== 'yes' || host === '') response.statusCode = 400;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const room = await linkedRoom({
      ...{ root: dir, mounts: [], workingDir: '/', program: 'sh', path: '/bin', needs: [] },
      isPrivileged: false,
    });
    reach = {
      container: { name: 'main', ports: [{ name: 'web', containerPort: 80 }] },
      room,
      env: { PATH: '/usr/bin:/bin', ANSWER: 'no' },
      clock,
      address: '127.0.0.1',
      ports: new Map([[80, port]]),
    };
  });

  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    await rm(dir, { recursive: true });
  });

  const ask = (handler: Handler): Promise<string | undefined> =>
    perform(handler, reach, new AbortController().signal);
  const get = (path: string, port: string | number = 'web'): Handler => ({
    httpGet: { path, port, httpHeaders: [{ name: 'x-own', value: 'yes' }] },
  });

  test.each([
    { name: 'a page that is there', handler: get('/200'), says: undefined },
    { name: 'a page that is elsewhere', handler: get('/302'), says: undefined },
    { name: 'a page by the port’s number', handler: get('/204', 80), says: undefined },
    {
      name: 'a server in trouble',
      handler: get('/500'),
      says: 'HTTP probe failed with statuscode: 500',
    },
    { name: 'an open port', handler: { tcpSocket: { port: 'web' } }, says: undefined },
    {
      name: 'a program that is content',
      handler: { exec: { command: ['true'] } },
      says: undefined,
    },
    {
      name: 'a program that complains, with the container’s variables',
      handler: { exec: { command: ['sh', '-c', 'echo $ANSWER; exit 2'] } },
      says: 'no\n',
    },
    { name: 'a silent one', handler: { exec: { command: ['false'] } }, says: 'exit code 1' },
  ])('$name: $says', async ({ handler, says }) => {
    expect(await ask(handler)).toBe(says);
  });

  test('a closed port refuses', async () => {
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    await expect(ask({ tcpSocket: { port } })).rejects.toThrow('ECONNREFUSED');
    server = createServer().listen(0);
  });

  test('a program that takes too long is ended', async () => {
    const late = new AbortController();
    const answer = perform({ exec: { command: ['sleep', '100'] } }, reach, late.signal);
    late.abort();
    await expect(answer).rejects.toThrow('command timed out');
  });
});
