import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatJson, parseJson } from './json.ts';

describe('JSON with exact integers', () => {
  test.each([
    '{"id":9007199254740993}',
    '{"id":-9223372036854775808,"n":1}',
    '[12345678901234567890,[1]]',
    '{"id":9007199254740991}',
  ])('writes %s as it was read', (text) => {
    expect(formatJson(parseJson(text))).toBe(text);
  });

  test('reads a whole number as a number while a number can hold it', () => {
    expect(parseJson('{"id":9007199254740991}')).toEqual({ id: 9007199254740991 });
  });

  test('leaves digits in strings and fractions alone', () => {
    const text = '{"a":"sha256:1234567890123456789012","b":0.1234567890123456}';
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  test('holds for whatever JSON there is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(formatJson(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });
});
