import { describe, expect, test } from 'vitest';
import { DEFAULT_RETRY, parseRetryAfter, waitBeforeRetry } from './retry.ts';
import type { Attempt } from './retry.ts';

const answer = (status: number, retryAfterMs?: number): Attempt['outcome'] => ({
  is: 'answer',
  status,
  retryAfterMs,
});
const failure = (code?: string, message = 'no luck'): Attempt['outcome'] => ({
  is: 'failure',
  error: new Error('fetch failed', { cause: Object.assign(new Error(message), code && { code }) }),
});
const wait = (outcome: Attempt['outcome'], attempt: Partial<Attempt> = {}) =>
  waitBeforeRetry({ outcome, number: 0, random: 1, ...attempt }, DEFAULT_RETRY);

describe('a retry', () => {
  test.each([429, 500, 502, 503, 504, 599])('is made after a %i', (status) => {
    expect(wait(answer(status))).toBe(1000);
  });
  test.each([200, 204, 400, 401, 403, 404, 408, 409, 501])('is not made after a %i', (status) => {
    expect(wait(answer(status))).toBeUndefined();
  });
  test('is made after a status that this call names', () => {
    expect(wait(answer(401), { retryAlso: [401, 403] })).toBe(1000);
  });

  test.each([undefined, 'ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'UND_ERR_SOCKET', 'EPROTO'])(
    'is made when the network fails with %s',
    (code) => {
      expect(wait(failure(code))).toBe(1000);
    },
  );
  test.each([
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_INVALID_URL',
    'UND_ERR_INVALID_ARG',
    'ERR_ANSWER_TOO_LARGE',
  ])('is not made after %s, which would come again', (code) => {
    expect(wait(failure(code))).toBeUndefined();
  });

  test('comes after twice the wait each time, within bounds', () => {
    expect([0, 1, 2, 3].map((number) => wait(answer(500), { number }))).toEqual([
      1000, 2000, 4000, 8000,
    ]);
    const policy = { max: 10, minWaitMs: 1000, maxWaitMs: 30_000 };
    const ninth = { outcome: answer(500), number: 8, random: 1 };
    expect(waitBeforeRetry(ninth, policy)).toBe(30_000);
  });
  test('is not made after the last', () => {
    expect(wait(answer(500), { number: 4 })).toBeUndefined();
  });
  test('is spread over half of its wait', () => {
    expect([0, 0.5, 1].map((random) => wait(answer(500), { random, number: 1 }))).toEqual([
      1000, 1500, 2000,
    ]);
  });

  test.each([
    { name: '429 as asked', outcome: answer(429, 5000), waitMs: 5000 },
    { name: '503 as asked', outcome: answer(503, 0), waitMs: 0 },
    { name: '500 whatever is asked', outcome: answer(500, 5000), waitMs: 1000 },
    {
      name: '429 not at all when minutes are asked',
      outcome: answer(429, 60_000),
      waitMs: undefined,
    },
  ])('waits after a $name', ({ outcome, waitMs }) => {
    expect(wait(outcome)).toBe(waitMs);
  });
});

test.each([
  { value: '7', ms: 7000 },
  { value: ' 0 ', ms: 0 },
  { value: 'Sat, 21 Nov 2026 12:00:30 GMT', ms: 30_000 },
  { value: 'Sat, 21 Nov 2026 11:00:00 GMT', ms: 0 },
  { value: 'Saturday, 21-Nov-26 12:00:30 GMT', ms: 30_000 },
  { value: 'soon', ms: undefined },
  { value: '1.5', ms: undefined },
  { value: '-5', ms: undefined },
  { value: 'try in 5', ms: undefined },
  { value: '', ms: undefined },
  { value: undefined, ms: undefined },
])('Retry-After "$value" is $ms ms', ({ value, ms }) => {
  expect(parseRetryAfter(value, Date.parse('2026-11-21T12:00:00Z'))).toBe(ms);
});
