import { LIMIT_ANNOTATIONS } from '@muster/api';
import { aRunner, aRunnerSet, aSet } from '@muster/api/testing';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS, limitsOf, parseDuration } from './limits.ts';

describe('a duration', () => {
  test.each([
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['0s', 0],
    ['off', Infinity],
    ['', undefined],
    ['10', undefined],
    ['ten minutes', undefined],
    ['10m or so', undefined],
    ['-5m', undefined],
    ['1.5h', undefined],
  ])('%o is %o ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
});

describe('the limits of a runner', () => {
  const saying = (limit: keyof typeof LIMIT_ANNOTATIONS, text: string) => ({
    metadata: { annotations: { [LIMIT_ANNOTATIONS[limit]]: text } },
  });

  test('are the defaults where nobody says anything', () => {
    expect(limitsOf([aRunner('a'), aSet(), aRunnerSet()])).toEqual(DEFAULT_LIMITS);
    expect(limitsOf([undefined])).toEqual(DEFAULT_LIMITS);
  });

  test('are its own, then those of its set, then those of its runner set', () => {
    const limits = limitsOf([
      aRunner('a', saying('start', '1m')),
      aSet({ metadata: { annotations: { [LIMIT_ANNOTATIONS.online]: '2m' } } }),
      aRunnerSet({
        metadata: {
          annotations: {
            [LIMIT_ANNOTATIONS.start]: '9m',
            [LIMIT_ANNOTATIONS.online]: '9m',
            [LIMIT_ANNOTATIONS.lifetime]: '9h',
          },
        },
      }),
    ]);
    expect(limits).toEqual({
      ...DEFAULT_LIMITS,
      start: 60_000,
      online: 120_000,
      lifetime: 32_400_000,
    });
  });

  test('pass over a word that cannot be read', () => {
    const limits = limitsOf([aRunner('a', saying('start', 'soon')), aSet(saying('start', '2m'))]);
    expect(limits.start).toBe(120_000);
  });
});
