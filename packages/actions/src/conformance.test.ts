// Holds CONFORMANCE.md to the titles of the tests, both ways.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';

const HERE = new URL('./', import.meta.url);
const ALL = { S: 4, C: 27, M: 11, E: 8, L: 8, O: 7 };
/** `'C6, C7: has its path …'`, and the same behind `name:`. */
const NUMBERED = /['"`]((?:[SCMELO]\d+, )*[SCMELO]\d+): /g;

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
    .filter(([, number = '']) => /^[A-Z]\d+$/.test(number))
    .map(([, number = '', , testedIn = '', otherwise = '']) => ({
      number,
      testedIn: testedIn === '-' ? [] : testedIn.split(', '),
      otherwise,
    }));
}

const claims = (): string[] =>
  rows().flatMap(({ number, testedIn }) => testedIn.map((file) => `${number} in ${file}`));

function titles(): string[] {
  const files = readdirSync(HERE).filter((file) => file.endsWith('.test.ts'));
  return files
    .filter((file) => file !== 'conformance.test.ts')
    .flatMap((file) =>
      [...readFileSync(new URL(file, HERE), 'utf8').matchAll(NUMBERED)]
        .flatMap(([, numbers = '']) => numbers.split(', '))
        .map((number) => `${number} in ${file}`),
    );
}

const sorted = (list: readonly string[]): string[] => [...new Set(list)].sort();

test('every number of the reference has one line', () => {
  const expected = Object.entries(ALL).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, at) => `${letter}${at + 1}`),
  );
  expect(rows().map(({ number }) => number)).toEqual(expected);
});

test('what is said to be tested opens the title of a test, and no other number does', () => {
  expect(sorted(titles())).toEqual(sorted(claims()));
});

test('a number without a test has a reason', () => {
  const silent = rows().filter(({ testedIn, otherwise }) => !testedIn.length && !otherwise);
  expect(silent).toEqual([]);
});

test('a file of another package that is named is there', () => {
  const named = rows().flatMap(({ otherwise }) => otherwise.match(/packages\/[\w./-]+/g) ?? []);
  const missing = named.filter((file) => !existsSync(new URL(`../../../${file}`, HERE)));
  expect({ named: named.length > 0, missing }).toEqual({ named: true, missing: [] });
});
