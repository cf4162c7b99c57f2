import { expect, test } from 'vitest';
import { ActionsError } from '@muster/actions';
import { wayBack } from './recover.ts';
import type { ActionsErrorCode } from '@muster/actions';
import type { WayBack } from './recover.ts';

test.each<[ActionsErrorCode, WayBack['state'], WayBack['next']]>([
  ['session-expired', 'starting', 'reopen'],
  ['session-conflict', 'session-taken', 'reopen'],
  ['scale-set-not-found', 'scale-set-gone', 'reopen'],
  ['unauthorized', 'unauthorized', 'reopen'],
  ['rate-limited', 'rate-limited', 'poll'],
  ['unavailable', 'unavailable', 'poll'],
  ['unreachable', 'unavailable', 'poll'],
  ['bad-answer', 'unavailable', 'poll'],
  ['refused', 'unavailable', 'poll'],
])('after %s it is %s and goes on with %s', (code, state, next) => {
  const way = wayBack(new ActionsError(code, 'it failed'), 1, 0.5);
  expect(way).toMatchObject({ state, next });
  expect(way.waitMs).toBeGreaterThan(0);
});

test('an error of our own is no reason to stop', () => {
  expect(wayBack(new TypeError('a defect'), 1, 0)).toMatchObject({ next: 'poll' });
});

test('waits longer after each failure, up to a limit, and at most as long as the service asks', () => {
  const waits = [1, 2, 3, 20].map(
    (failures) => wayBack(new ActionsError('unavailable', 'away'), failures, 1).waitMs,
  );
  expect(waits).toEqual([500, 1000, 2000, 30_000]);
  const asked = new ActionsError('rate-limited', 'slow down', { retryAfterMs: 7_000 });
  expect(wayBack(asked, 1, 0).waitMs).toBe(7_000);
});
