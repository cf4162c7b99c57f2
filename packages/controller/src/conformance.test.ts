// Holds CONFORMANCE.md to the titles of the tests, both ways.
import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const HERE = new URL('./', import.meta.url);
/** Of the reference's catalogue and of its appendix of defects; all of them have a line. */
const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => String(from + at));
const ALL = [...range(1, 121), ...range(1, 20).map((number) => `BUG-${number}`)];

/** `'57, 62: counts a failed pod …'`, and the same behind `name:`. */
const NUMBERED = /['"`]((?:(?:BUG-)?\d{1,3}, )*(?:BUG-)?\d{1,3}): /g;

interface Row {
  number: string;
  testedIn: string[];
  otherwise: string;
}

function rows(): Row[] {
  const table = readFileSync(new URL('../CONFORMANCE.md', HERE), 'utf8');
  return table
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, number = '']) => /^(BUG-)?\d+$/.test(number))
    .map(([, number = '', , testedIn = '', otherwise = '']) => ({
      number,
      testedIn: testedIn === '-' ? [] : testedIn.split(', '),
      otherwise,
    }));
}

const claims = (): string[] =>
  rows().flatMap(({ number, testedIn }) => testedIn.map((file) => `${number} in ${file}`));

function titles(): string[] {
  return globSync('**/*.test.ts', { cwd: HERE })
    .filter((file) => file !== 'conformance.test.ts')
    .flatMap((file) =>
      [...readFileSync(new URL(file, HERE), 'utf8').matchAll(NUMBERED)]
        .flatMap(([, numbers = '']) => numbers.split(', '))
        .map((number) => `${number} in ${file}`),
    );
}

const sorted = (list: readonly string[]): string[] => [...new Set(list)].sort();

test('every number of the reference has one line, in its order', () => {
  expect(rows().map(({ number }) => number)).toEqual(ALL);
});

test('what is said to be tested opens the title of a test, and nothing else does', () => {
  expect(sorted(titles())).toEqual(sorted(claims()));
});

test('a number without a test has a reason', () => {
  const silent = rows().filter(({ testedIn, otherwise }) => !testedIn.length && !otherwise);
  expect(silent).toEqual([]);
});
