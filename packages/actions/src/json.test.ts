import { expect, test } from 'vitest';
import { parseJson } from './json.ts';

test.each([
  { name: 'the largest exact number', json: '9007199254740991', value: 9007199254740991 },
  { name: 'the first beyond', json: '9007199254740992', value: 9007199254740992n },
  { name: 'one below zero', json: '{"a":[-9007199254740993]}', value: { a: [-9007199254740993n] } },
  { name: 'a long fraction', json: '0.12345678901234567890', value: 0.12345678901234568 },
  { name: 'a power', json: '1e20', value: 1e20 },
  { name: 'digits in a text', json: '"12345678901234567890"', value: '12345678901234567890' },
  { name: 'what is no JSON', json: '{"a":12345678901234567890', value: undefined },
])('$name is $value', ({ json, value }) => {
  expect(parseJson(json)).toEqual(value);
});
