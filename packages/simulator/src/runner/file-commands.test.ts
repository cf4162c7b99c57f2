import { describe, expect, test } from 'vitest';
import { parsePairs } from './file-commands.ts';

describe('a file of names and values', () => {
  test.each([
    { text: '', pairs: [] },
    {
      text: 'a=1\n\nb=x=y\n',
      pairs: [
        ['a', '1'],
        ['b', 'x=y'],
      ],
    },
    { text: 'a=\n', pairs: [['a', '']] },
    {
      text: 'a<<EOF\nx\n\ny\nEOF\nb=2',
      pairs: [
        ['a', 'x\n\ny'],
        ['b', '2'],
      ],
    },
    { text: 'a<<EOF\nEOF\n', pairs: [['a', '']] },
    { text: 'a=x<<y\n', pairs: [['a', 'x<<y']] },
    { text: 'a<<E=F\nx=1\nE=F\n', pairs: [['a', 'x=1']] },
  ])('$text', ({ text, pairs }) => {
    expect(parsePairs(text)).toEqual(pairs);
  });

  test.each([
    { text: 'nonsense\n', says: "Invalid format 'nonsense'" },
    { text: '=1\n', says: "Invalid format '=1'. Name must not be empty" },
    { text: 'a<<\n', says: 'delimiter must not be empty' },
    { text: 'a<<EOF\nx\n', says: "Invalid value. Matching delimiter not found 'EOF'" },
  ])('$says', ({ text, says }) => {
    expect(() => parsePairs(text)).toThrow(says);
  });
});
