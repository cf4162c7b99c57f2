import { expect, test } from 'vitest';
import { RestartBackoff, imagePullBackoff } from './backoff.ts';

test('a container is started again at once, then later and later, up to five minutes', () => {
  const backoff = new RestartBackoff();
  const seconds = Array.from({ length: 8 }, () => backoff.next(1000) / 1000);
  expect(seconds).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
});

test('one that ran for more than ten minutes starts with a clean slate', () => {
  const backoff = new RestartBackoff();
  for (let i = 0; i < 5; i++) backoff.next(1000);
  expect(backoff.next(600_001)).toBe(0);
  expect(backoff.next(1000)).toBe(10_000);
});

test('an image is looked for later and later', () => {
  expect([0, 1, 5, 99].map((attempt) => imagePullBackoff(attempt) / 1000)).toEqual([
    10, 20, 300, 300,
  ]);
});
