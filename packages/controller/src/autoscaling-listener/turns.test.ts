import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

const away = { now: 0, isBack: () => false };
const KEYS = ['a', 'b', 'c', 'd', 'e'];

const five = (): Turns => {
  const turns = new Turns();
  expect(KEYS.map((key) => turns.take(key, `old ${key}`, 0))).toEqual(KEYS.map(() => true));
  return turns;
};

test('five are replaced at a time', () => {
  const turns = five();
  expect(turns.isFree('f', away)).toBe(false);
  expect(turns.take('f', 'old f', 0)).toBe(false);
});

test('one that has its turn keeps it', () => {
  expect(five().isFree('a', away)).toBe(true);
});

test('one that is back makes room', () => {
  const turns = five();
  const isBack = (key: string, pod: string): boolean => key === 'c' && pod === 'old c';
  expect(turns.isFree('f', { now: 1, isBack })).toBe(true);
  expect(turns.take('f', 'old f', 1)).toBe(true);
  expect(turns.isFree('g', { now: 1, isBack })).toBe(false);
});

test('one that does not come back makes room after a minute', () => {
  const turns = five();
  expect(turns.isFree('f', { ...away, now: 59_999 })).toBe(false);
  expect(turns.isFree('f', { ...away, now: 60_000 })).toBe(true);
});
