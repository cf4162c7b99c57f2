import { describe, expect, test } from 'vitest';
import { expandMatrix } from './matrix.ts';
import type { Json } from './expression.ts';

const values = (matrix: Json): Json[] => expandMatrix(matrix).map((one) => one.values);
const labels = (matrix: Json): string[] => expandMatrix(matrix).map((one) => one.label);

describe("the examples of GitHub's documentation", () => {
  test('two axes', () => {
    expect(labels({ version: [10, 12, 14], os: ['ubuntu', 'windows'] })).toEqual([
      '10, ubuntu',
      '10, windows',
      '12, ubuntu',
      '12, windows',
      '14, ubuntu',
      '14, windows',
    ]);
  });

  test('include adds to what it fits, overwrites only what it added, and makes the rest anew', () => {
    const include = [
      { color: 'green' },
      { color: 'pink', animal: 'cat' },
      { fruit: 'apple', shape: 'circle' },
      { fruit: 'banana' },
      { fruit: 'banana', animal: 'cat' },
    ];
    expect(values({ fruit: ['apple', 'pear'], animal: ['cat', 'dog'], include })).toEqual([
      { fruit: 'apple', animal: 'cat', color: 'pink', shape: 'circle' },
      { fruit: 'apple', animal: 'dog', color: 'green', shape: 'circle' },
      { fruit: 'pear', animal: 'cat', color: 'pink' },
      { fruit: 'pear', animal: 'dog', color: 'green' },
      { fruit: 'banana' },
      { fruit: 'banana', animal: 'cat' },
    ]);
  });

  test('include alone', () => {
    const include = [{ site: 'production', datacenter: 'site-a' }, { site: 'staging' }];
    expect(values({ include })).toEqual(include);
    expect(labels({ include })).toEqual(['production, site-a', 'staging']);
  });

  test('exclude takes what it fits in part', () => {
    const exclude = [
      { os: 'macos', version: 12, environment: 'production' },
      { os: 'windows', version: 16 },
    ];
    const matrix = {
      os: ['macos', 'windows'],
      version: [12, 14, 16],
      environment: ['staging', 'production'],
      exclude,
    };
    expect(labels(matrix)).toEqual([
      'macos, 12, staging',
      'macos, 14, staging',
      'macos, 14, production',
      'macos, 16, staging',
      'macos, 16, production',
      'windows, 12, staging',
      'windows, 12, production',
      'windows, 14, staging',
      'windows, 14, production',
    ]);
  });
});

test('extras of an include do not show in the name of a combination that was there', () => {
  expect(labels({ os: ['linux'], include: [{ os: 'linux', extra: 'x' }] })).toEqual(['linux']);
});

test('values compare as in expressions: numbers by value, texts without case', () => {
  expect(
    labels({ v: ['12', 'A'], exclude: [{ v: 12 }, { v: 'a' }, { v: 'b' }], include: [{ v: 'c' }] }),
  ).toEqual(['c']);
});

test('a filter may name a part of an object', () => {
  const matrix = {
    node: [
      { version: 14, npm: 6 },
      { version: 16, npm: 7 },
    ],
    exclude: [{ node: { version: 14 } }],
  };
  expect(labels(matrix)).toEqual(['16, 7']);
});

test.each([
  { matrix: { os: [] }, says: "the matrix's os has no values" },
  { matrix: { os: 'linux' }, says: "the matrix's os must be a list" },
  { matrix: { os: ['a'], exclude: [{ os: 'a' }] }, says: 'the matrix gives no combination' },
  {
    matrix: { os: ['a'], exclude: [{ oz: 'a' }] },
    says: "the matrix's exclude names oz, which the matrix has not",
  },
  {
    matrix: { os: ['a'], include: [{}] },
    says: "each entry of the matrix's include must be a map with values",
  },
  {
    matrix: { a: Array.from({ length: 257 }, (_, index) => index) },
    says: 'the matrix gives 257 combinations, and 256 is the limit',
  },
])('$says', ({ matrix, says }) => {
  expect(() => expandMatrix(matrix)).toThrow(says);
});
