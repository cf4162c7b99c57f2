import { describe, expect, test } from 'vitest';
import { ActionsError } from '@muster/actions';
import { KubeError } from '@muster/kube';
import { SetGoneError, wayBack, writeTrouble } from './recover.ts';
import type { ActionsErrorCode } from '@muster/actions';
import type { KubeErrorCode } from '@muster/kube';
import type { Failed, WayBack } from './recover.ts';
import type { WriteTrouble } from './standing.ts';

const first = (change: Partial<Failed> = {}): Failed => ({
  failures: 1,
  random: 1,
  hasSession: true,
  ...change,
});

describe('the way back', () => {
  test.each<[ActionsErrorCode, WayBack['state'], WayBack['next'], number]>([
    ['session-expired', 'session-lost', 'reopen', 500],
    ['session-conflict', 'session-taken', 'reopen', 2_000],
    ['scale-set-not-found', 'scale-set-gone', 'reopen', 5_000],
    ['not-found', 'scale-set-gone', 'reopen', 5_000],
    ['unauthorized', 'token-expired', 'reopen', 500],
    ['rate-limited', 'rate-limited', 'poll', 5_000],
    ['unavailable', 'service-failing', 'poll', 500],
    ['unreachable', 'unreachable', 'poll', 500],
    ['bad-answer', 'bad-answer', 'poll', 500],
    ['refused', 'refused', 'poll', 500],
  ])('after %s it is %s and goes on with %s', (code, ...[state, next, waitMs]) => {
    expect(wayBack(new ActionsError(code, 'it failed'), first())).toEqual({ state, next, waitMs });
  });

  test.each([
    ['a new session is refused too', first({ failures: 2, hasSession: false })],
    ['the token of a new session is refused too', first({ failures: 2 })],
    ['a session could not even be made', first({ hasSession: false })],
  ])('it is unauthorized, and patient, when %s', (_name, failed) => {
    const way = wayBack(new ActionsError('unauthorized', '401'), failed);
    expect(way.state).toBe('unauthorized');
    expect(way.waitMs).toBeGreaterThanOrEqual(5_000);
  });

  test('an error of our own is no reason to stop', () => {
    expect(wayBack(new TypeError('a defect'), first())).toMatchObject({ next: 'poll' });
  });

  test('waits longer after each failure, up to a limit, and as long as the service asks', () => {
    const waits = [1, 2, 3, 20].map(
      (failures) => wayBack(new ActionsError('unavailable', 'away'), first({ failures })).waitMs,
    );
    expect(waits).toEqual([500, 1000, 2000, 30_000]);
    const asked = new ActionsError('rate-limited', 'slow down', { retryAfterMs: 7_000 });
    expect(wayBack(asked, first()).waitMs).toBe(7_000);
  });
});

describe('it waits at most', () => {
  const waits = (code: ActionsErrorCode, failures: readonly number[]): number[] =>
    failures.map(
      (count) => wayBack(new ActionsError(code, 'no'), first({ failures: count })).waitMs,
    );

  test('ten seconds for a network that is away', () => {
    expect(waits('unreachable', [4, 5, 6, 1_000])).toEqual([4_000, 8_000, 10_000, 10_000]);
  });

  test('five seconds for a session that may be an abandoned one, for 91 s at least', () => {
    const jittered = (failures: number, random: number): number =>
      wayBack(new ActionsError('session-conflict', 'no'), first({ failures, random })).waitMs;
    const few = Array.from({ length: 100 }, (_, index) => index + 1);
    const toFirstLong = few.findIndex((failures) => jittered(failures, 1) > 5_000);
    const spentMs = few.slice(0, toFirstLong).reduce((sum, one) => sum + jittered(one, 0), 0);
    expect(spentMs).toBeGreaterThan(91_000);
    expect(waits('session-conflict', [1, 2, 3, 40, 41, 1_000])).toEqual([
      2_000, 4_000, 5_000, 5_000, 15_000, 15_000,
    ]);
  });

  test('two minutes for somebody to change a right', () => {
    expect(waits('scale-set-not-found', [1, 2, 5, 6])).toEqual([5_000, 10_000, 80_000, 120_000]);
  });
});

test.each<[KubeErrorCode, WriteTrouble]>([
  ['unreachable', 'kubernetes-away'],
  ['unavailable', 'kubernetes-away'],
  ['too-many-requests', 'kubernetes-away'],
  ['conflict', 'kubernetes-away'],
  ['forbidden', 'kubernetes-refuses'],
  ['unauthorized', 'kubernetes-refuses'],
  ['invalid', 'kubernetes-refuses'],
  ['not-found', 'kubernetes-refuses'],
])('a write that meets %s says %s', (code, state) => {
  expect(writeTrouble(new KubeError(code, 'no'))).toBe(state);
});

test('a set that is not there is a trouble of its own', () => {
  expect(writeTrouble(new SetGoneError('runners', 'linux'))).toBe('set-gone');
});
