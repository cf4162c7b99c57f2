import { expect, test } from 'vitest';
import { evaluate, isTrue, looselyEqual } from './expression.ts';
import type { Json } from './expression.ts';

const SCOPE = {
  contexts: { github: { ref: "it's" }, matrix: { os: ['linux', 'mac'] } },
  functions: { always: () => true, hashFiles: (patterns: Json[]) => patterns.length },
};

test.each<{ expression: string; gives: Json }>([
  { expression: 'github.ref', gives: "it's" },
  { expression: "'a''b'", gives: "a'b" },
  { expression: "'a''b''c'", gives: "a'b'c" },
  { expression: "''''''", gives: "''" },
  { expression: "format('''{0}'' and ''{1}''', 1, 'x''y''z')", gives: "'1' and 'x'y'z'" },
  { expression: "github.ref == 'IT''S'", gives: true },
  { expression: 'matrix.os[1]', gives: 'mac' },
  { expression: 'toJSON(matrix.none)', gives: 'null' },
  { expression: "hashFiles('a', 'b')", gives: 2 },
])('$expression is $gives', ({ expression, gives }) => {
  expect(evaluate(expression, SCOPE)).toEqual(gives);
});

test.each([
  { expression: 'github.none', so: false },
  { expression: "'0'", so: true },
  { expression: "always() && github.ref != ''", so: true },
])('$expression counts as $so', ({ expression, so }) => {
  expect(isTrue(expression, SCOPE)).toBe(so);
});

test.each([
  { left: 20, right: '20', equal: true },
  { left: 'Linux', right: 'linux', equal: true },
  { left: null, right: 'x', equal: false },
])('$left equals $right: $equal', ({ left, right, equal }) => {
  expect(looselyEqual(left, right)).toBe(equal);
});

test('what cannot be evaluated is told with its expression', () => {
  expect(() => evaluate('fromJSON(github.none)', SCOPE)).toThrow(
    'could not evaluate ${{ fromJSON(github.none) }}: ',
  );
});
