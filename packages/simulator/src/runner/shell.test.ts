import { expect, test } from 'vitest';
import { shellOf } from './shell.ts';

const path = '/usr/bin:/bin';

test.each([
  { name: undefined, line: 'bash -e {0}', extension: '.sh' },
  { name: 'bash', line: 'bash --noprofile --norc -e -o pipefail {0}', extension: '.sh' },
  { name: 'sh', line: 'sh -e {0}', extension: '.sh' },
  { name: 'node {0}', line: 'node {0}', extension: '.js' },
  { name: 'perl {0}', line: 'perl {0}', extension: '.sh' },
])('$name is $line', ({ name, line, extension }) => {
  expect(shellOf(name, path)).toMatchObject({ shown: line, extension });
});

test('without bash the default is sh', () => {
  expect(shellOf(undefined, '/nowhere')).toMatchObject({ program: 'sh' });
});

test('a shell that is neither known nor a template is refused', () => {
  expect(shellOf('fish', path)).toMatch(/^Invalid shell option 'fish'/);
});
