// Holds CONFORMANCE.md to the titles of the tests, both ways.
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const HERE = fileURLToPath(new URL('./', import.meta.url));
const ALL = { M: 11, L: 8 };
/** `'L6: takes …'`, also behind `name:`. */
const NUMBERED = /['"`]([ML]\d+): /g;

interface Row {
  number: string;
  testedIn: string[];
  otherwise: string;
}

function rows(): Row[] {
  const table = readFileSync(new URL('../CONFORMANCE.md', import.meta.url), 'utf8');
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

function titles(): string[] {
  return globSync('**/*.test.ts', { cwd: HERE })
    .filter((file) => file !== 'conformance.test.ts')
    .flatMap((file) =>
      [...readFileSync(HERE + file, 'utf8').matchAll(NUMBERED)].map(
        ([, number = '']) => `${number} in ${file}`,
      ),
    );
}

test('every number of the reference has one line', () => {
  const expected = Object.entries(ALL).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, at) => `${letter}${at + 1}`),
  );
  expect(rows().map(({ number }) => number)).toEqual(expected);
});

test('what is said to be tested opens the title of a test, and no other number does', () => {
  const claims = rows().flatMap(({ number, testedIn }) =>
    testedIn.map((file) => `${number} in ${file}`),
  );
  expect([...new Set(titles())].sort()).toEqual(claims.sort());
});

test('a number without a test has a reason', () => {
  expect(rows().filter(({ testedIn, otherwise }) => !testedIn.length && !otherwise)).toEqual([]);
});
