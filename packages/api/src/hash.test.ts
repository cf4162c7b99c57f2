import { describe, expect, test } from 'vitest';
import { contentHash, nameHash } from './hash.ts';
import { listenerName } from './autoscaling-listener.ts';
import { aRunnerSet } from './testing/index.ts';

describe('nameHash', () => {
  // reference/controllers.md, Appendix C
  test.each([
    ['test-ns@@https://github.com/org/repo', '79fcf9fd'],
    ['arc-runners@default@https://github.com/my-org', 'bb9db77b'],
    ['test-ns', '574d8446'],
    ['arc-runners', '754b578d'],
    ['default', '68c4584d'],
  ])('encodes %s as the Go operator does', (input, hash) => {
    expect(nameHash(input)).toBe(hash);
  });
});

test('a listener has the name that ARC gives it', () => {
  const runnerSet = aRunnerSet({
    metadata: { name: 'linux', namespace: 'arc-runners' },
    spec: { runnerGroup: 'default', githubConfigUrl: 'https://github.com/my-org' },
  });
  expect(listenerName(runnerSet)).toBe('linux-bb9db77b-listener');
});

describe('contentHash', () => {
  test('does not depend on the order of keys', () => {
    expect(contentHash({ a: 1, b: { c: [2], d: 'x' } })).toBe(
      contentHash({ b: { d: 'x', c: [2] }, a: 1 }),
    );
  });

  test('takes an absent key and an undefined one as the same', () => {
    expect(contentHash({ a: 1, b: undefined })).toBe(contentHash({ a: 1 }));
  });

  test.each([
    ['a value', { a: 1 }, { a: 2 }],
    ['the type of a value', { a: 1 }, { a: '1' }],
    ['the order of a list', { a: [1, 2] }, { a: [2, 1] }],
    ['null and absence', { a: null }, {}],
  ])('tells %s apart', (_what, one, other) => {
    expect(contentHash(one)).not.toBe(contentHash(other));
  });
});
