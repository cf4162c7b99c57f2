// Holds each package's CONFORMANCE.md to the titles of its tests, both ways.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const range = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${letter}${at + 1}`);

/** What the references number, in their order. */
const LISTS: Record<string, string[]> = {
  actions: [
    ...range('S', 4),
    ...range('C', 27),
    ...range('M', 11),
    ...range('E', 8),
    ...range('L', 8),
    ...range('O', 7),
  ],
  controller: [...range('', 121), ...range('BUG-', 20)],
  listener: [...range('M', 11), ...range('L', 8)],
};

interface Row {
  number: string;
  testedIn: string[];
  otherwise: string;
}

const NUMBER = /^(?:[A-Z]|BUG-)?\d+$/;

function rowsOf(name: string): Row[] {
  return readFileSync(join(ROOT, 'packages', name, 'CONFORMANCE.md'), 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, number = '']) => NUMBER.test(number))
    .map(([, number = '', , testedIn = '', otherwise = '']) => ({
      number,
      testedIn: testedIn === '-' ? [] : testedIn.split(', '),
      otherwise,
    }));
}

/** `'C6, C7: has its path …'`, and the same behind `name:`. */
const TITLE = /['"`]((?:(?:[A-Z]|BUG-)?\d{1,3}, )*(?:[A-Z]|BUG-)?\d{1,3}): /g;

function titlesOf(name: string): string[] {
  const src = join(ROOT, 'packages', name, 'src');
  return globSync('**/*.test.ts', { cwd: src }).flatMap((file) =>
    [...readFileSync(join(src, file), 'utf8').matchAll(TITLE)]
      .flatMap(([, numbers = '']) => numbers.split(', '))
      .map((number) => `${number} in ${file}`),
  );
}

const sorted = (list: readonly string[]): string[] => [...new Set(list)].sort();

test('every list of the repository is looked at', () => {
  const found = globSync('packages/*/CONFORMANCE.md', { cwd: ROOT });
  expect(found.map((file) => dirname(file).slice('packages/'.length)).sort()).toEqual(
    Object.keys(LISTS).sort(),
  );
});

describe.each(Object.entries(LISTS))('%s', (name, numbers) => {
  const rows = rowsOf(name);

  test('every number of the reference has one line, in its order', () => {
    expect(rows.map(({ number }) => number)).toEqual(numbers);
  });

  test('what is said to be tested opens the title of a test, and no other number does', () => {
    const claims = rows.flatMap(({ number, testedIn }) =>
      testedIn.map((file) => `${number} in ${file}`),
    );
    expect(sorted(titlesOf(name))).toEqual(sorted(claims));
  });

  test('a number without a test has a reason', () => {
    expect(rows.filter(({ testedIn, otherwise }) => !testedIn.length && !otherwise)).toEqual([]);
  });

  test('a file of another package that is named is there', () => {
    const named = rows.flatMap(({ otherwise }) => otherwise.match(/packages\/[\w./-]+/g) ?? []);
    expect(named.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});
