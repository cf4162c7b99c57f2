import { expect, test } from 'vitest';
import { mergePatch } from './merge-patch.ts';

test.each<{ name: string; before: object; after: object; is: object | undefined }>([
  {
    name: 'nothing where nothing differs',
    before: { a: { b: [1] } },
    after: { a: { b: [1] } },
    is: undefined,
  },
  { name: 'what is new', before: {}, after: { a: 1 }, is: { a: 1 } },
  { name: 'null for what is gone', before: { a: 1, b: 2 }, after: { b: 2 }, is: { a: null } },
  {
    name: 'only what differs, deep inside too',
    before: { a: { b: 1, c: 2 }, d: 3 },
    after: { a: { b: 1, c: 4 }, d: 3 },
    is: { a: { c: 4 } },
  },
  { name: 'arrays whole', before: { a: [1, 2] }, after: { a: [1] }, is: { a: [1] } },
  {
    name: 'arrays of equal objects not at all',
    before: { a: [{ b: 1 }] },
    after: { a: [{ b: 1 }] },
    is: undefined,
  },
  { name: 'undefined is as good as absent', before: { a: undefined }, after: {}, is: undefined },
  {
    name: 'an object in place of a value',
    before: { a: 1 },
    after: { a: { b: 1 } },
    is: { a: { b: 1 } },
  },
  { name: 'a value in place of an object', before: { a: { b: 1 } }, after: { a: 1 }, is: { a: 1 } },
])('$name', ({ before, after, is }) => {
  expect(mergePatch({ ...before }, { ...after })).toEqual(is);
});
