// The record of a session: who may write it, and when.
import { describe, expect, test } from 'vitest';
import { KubeError } from '@muster/kube';
import { createSteppedClock, recordedLog, settle } from '@muster/kube/testing';
import { Board } from './board.ts';
import { createBell, runLane } from './lane.ts';
import { aScaleSet } from './testing/scale-set.ts';
import type { EphemeralRunnerSet, ListenerStatus } from '@muster/api';
import type { JsonObject, KubeClient } from '@muster/kube';
import type { RecordedLog, SteppedClock } from '@muster/kube/testing';

const SET = aScaleSet();

interface Server {
  listener?: ListenerStatus | undefined;
  version: number;
  answer: 'well' | 'forbidden' | 'away' | 'silence';
  /** What it keeps of a status. */
  keeps: boolean;
  writes: number;
}

interface Parts {
  board: Board;
  server: Server;
  clock: SteppedClock;
  log: RecordedLog;
  wasReplaced: () => boolean;
  stop: () => void;
}

function parts(instance = 'me', shared?: Server): Parts {
  const server: Server = shared ?? { version: 1, answer: 'well', keeps: true, writes: 0 };
  const clock = createSteppedClock();
  const log = recordedLog();
  const bell = createBell();
  const over = new AbortController();
  let isReplaced = false;
  const board = new Board(SET, {
    kube: kubeOf(server),
    clock,
    log,
    instance,
    bell,
    onReplaced: () => {
      isReplaced = true;
    },
  });
  void runLane(board.lane, { bell, clock, random: () => 0, signal: over.signal });
  return {
    board,
    server,
    clock,
    log,
    wasReplaced: () => isReplaced,
    stop: () => {
      over.abort();
      bell.ring();
    },
  };
}

function kubeOf(server: Server): Pick<KubeClient, 'patch' | 'patchStatus'> {
  const object = (): EphemeralRunnerSet =>
    ({
      metadata: { name: 'linux', resourceVersion: String(server.version) },
      spec: {},
      status: server.listener ? { listener: server.listener } : {},
    }) as EphemeralRunnerSet;
  const take = (body: JsonObject): EphemeralRunnerSet => {
    const { status, metadata } = body as {
      status?: { listener: ListenerStatus };
      metadata?: { resourceVersion?: string };
    };
    if (server.answer === 'away') throw new KubeError('unreachable', 'no route');
    if (status === undefined) return object();
    if (server.answer === 'forbidden') throw new KubeError('forbidden', 'no right');
    if (metadata?.resourceVersion !== String(server.version)) {
      throw new KubeError('conflict', 'it has changed');
    }
    server.writes += 1;
    server.version += 1;
    if (server.keeps) server.listener = merged({ ...server.listener, ...status.listener });
    return object();
  };
  const patch: KubeClient['patch'] = (...[, , body, options]) => {
    if (server.answer !== 'silence') return Promise.resolve().then(() => take(body) as never);
    return new Promise((_resolve, reject) => {
      options?.signal?.addEventListener('abort', () => {
        reject(new Error('the call was given up'));
      });
    });
  };
  return { patch, patchStatus: patch };
}

/** As a merge patch: null takes a field away. */
const merged = (listener: object): ListenerStatus =>
  Object.fromEntries(Object.entries(listener).filter(([, value]) => value !== null));

const LISTENING = { state: 'listening', reason: 'a new session', sessionId: 's' } as const;

describe('where it stands', () => {
  test('is written once, and again only when the state or the session differs', async () => {
    const { board, server, stop } = parts();
    await board.predecessor();
    board.report(LISTENING);
    await settle();
    expect(server.listener).toMatchObject({ ...LISTENING, instance: 'me' });
    board.report({ ...LISTENING, reason: 'it polls again' });
    await settle();
    expect(server.writes).toBe(1);
    board.report({ state: 'unreachable', reason: 'no route', sessionId: 's' });
    await settle();
    expect(server.listener).toMatchObject({ state: 'unreachable' });
    stop();
  });

  test.each([
    { says: 'nothing of a session', word: {}, leaves: 'old' },
    { says: 'that none is open', word: { sessionId: null }, leaves: undefined },
    { says: 'another session', word: { sessionId: 'new' }, leaves: 'new' },
  ])("leaves $leaves of a predecessor's session when it says $says", async ({ word, leaves }) => {
    const { board, server, stop } = parts();
    server.listener = { instance: 'before', sessionId: 'old', state: 'listening' };
    board.report({ state: 'unauthorized', reason: 'no right', ...word });
    await settle();
    expect(server.listener).toMatchObject({ instance: 'me', state: 'unauthorized' });
    expect(server.listener.sessionId).toBe(leaves);
    stop();
  });

  test('is since when the state began, not since it could be written', async () => {
    const { board, server, clock, stop } = parts();
    await board.predecessor();
    server.answer = 'silence';
    board.report(LISTENING);
    await settle();
    clock.advance(5_000);
    board.report({ ...LISTENING, reason: 'it polls again' });
    server.answer = 'well';
    await settle();
    clock.advance(1_000);
    await settle();
    expect(server.listener).toMatchObject({ since: '1970-01-01T00:00:00.000Z' });
    stop();
  });

  test('is written against the version that was seen: what others changed is looked at first', async () => {
    const { board, server, clock, stop } = parts();
    await board.predecessor();
    server.version += 1;
    board.report(LISTENING);
    await settle();
    clock.advance(1_000);
    await settle();
    expect(server.listener).toMatchObject({ instance: 'me' });
    stop();
  });

  test('is written again to a set that was made anew', async () => {
    const { board, server, stop } = parts();
    await board.predecessor();
    board.report(LISTENING);
    await settle();
    server.listener = undefined;
    server.version += 1;
    await board.look();
    await settle();
    expect(server.listener).toMatchObject({ instance: 'me' });
    stop();
  });
});

test('an answer that a newer one has overtaken changes nothing', () => {
  const { board } = parts();
  const holding = (replicas: number): EphemeralRunnerSet =>
    ({
      metadata: { name: 'linux', resourceVersion: String(replicas) },
      spec: { replicas },
    }) as EphemeralRunnerSet;
  board.see(holding(2), 20);
  board.see(holding(1), 10);
  expect(board.seen).toMatchObject({ at: 20, replicas: 2 });
});

describe('where it cannot be', () => {
  test.each([
    ['forbidden', { answer: 'forbidden' }],
    ['not kept', { keeps: false }],
  ] as const)('%s, it is tried seldom and told once', async (_name, change) => {
    const { board, server, clock, log, stop } = parts();
    Object.assign(server, change);
    await board.predecessor();
    board.report(LISTENING);
    for (let minutes = 0; minutes < 60; minutes += 1) {
      await settle(5);
      clock.advance(60_000);
    }
    const told = log.lines.filter(({ level }) => level === 'info');
    expect(told.map(({ message }) => message)).toEqual([
      'goes on without a word in the status of its set',
    ]);
    expect(server.writes).toBeLessThan(12);
    Object.assign(server, { answer: 'well', keeps: true });
    clock.advance(3_600_000);
    await settle();
    expect(server.listener).toMatchObject({ instance: 'me' });
    stop();
  });

  test('reached, it is written within ten seconds of the end of an outage, however long that was', async () => {
    const { board, server, clock, stop } = parts();
    server.answer = 'away';
    board.report(LISTENING);
    for (let seconds = 0; seconds < 600; seconds += 1) {
      await settle(5);
      clock.advance(1_000);
    }
    server.answer = 'well';
    for (let seconds = 0; seconds < 10; seconds += 1) {
      await settle(5);
      clock.advance(1_000);
    }
    await settle();
    expect(server.listener).toMatchObject({ instance: 'me' });
    stop();
  });

  test('answered, it is given up after five seconds of its own time', async () => {
    const { board, server, clock } = parts();
    server.answer = 'silence';
    const look = board.look();
    expect(clock.untilNext()).toBe(5_000);
    clock.advance(5_000);
    expect(await look).toBeUndefined();
  });
});

describe('of two processes', () => {
  test('that take the place of a third at once, the quicker one has it', async () => {
    const one = parts('one');
    const two = parts('two', one.server);
    one.server.listener = { instance: 'old', sessionId: 's', state: 'listening' };
    await Promise.all([one.board.predecessor(), two.board.predecessor()]);
    one.board.report(LISTENING);
    two.board.report(LISTENING);
    await settle();
    expect([one.wasReplaced(), two.wasReplaced()].filter(Boolean)).toHaveLength(1);
    const winner = one.wasReplaced() ? 'two' : 'one';
    for (const { clock } of [one, two]) clock.advance(60_000);
    await settle();
    expect(one.server.listener).toMatchObject({ instance: winner });
    one.stop();
    two.stop();
  });

  test('the one in whose place another is recorded does not write over it', async () => {
    const { board, server, clock, wasReplaced, stop } = parts();
    await board.predecessor();
    board.report(LISTENING);
    await settle();
    server.listener = { instance: 'next' };
    server.version += 1;
    board.report({ state: 'unreachable', reason: 'no route' });
    await settle();
    clock.advance(60_000);
    await settle();
    expect(server.listener).toEqual({ instance: 'next' });
    expect(wasReplaced()).toBe(true);
    stop();
  });
});
