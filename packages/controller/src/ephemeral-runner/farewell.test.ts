import { DELETION_ANNOTATIONS } from '@muster/api';
import { aRunner, aRunnerSet, aSet } from '@muster/api/testing';
import { expect, test } from 'vitest';
import { farewellOf } from './farewell.ts';

const saying = (annotations: Record<string, string>) => ({ metadata: { annotations } });

test('nobody has said anything', () => {
  expect(farewellOf([aRunner('a'), aSet(), undefined])).toEqual({
    word: 'none',
    deadlineMs: Infinity,
  });
});

test.each([
  { said: 'true', word: 'give-up' },
  { said: 'force', word: 'force' },
  { said: 'perhaps', word: 'none' },
])('$said on the runner set means $word for its runners', ({ said, word }) => {
  const runnerSet = aRunnerSet(saying({ [DELETION_ANNOTATIONS.giveUp]: said }));
  expect(farewellOf([aRunner('a'), aSet(), runnerSet]).word).toBe(word);
});

test('the nearest deadline counts', () => {
  const objects = [
    aRunner('a'),
    aSet(saying({ [DELETION_ANNOTATIONS.deadline]: '5m' })),
    aRunnerSet(saying({ [DELETION_ANNOTATIONS.deadline]: '30m' })),
  ];
  expect(farewellOf(objects).deadlineMs).toBe(300_000);
});
