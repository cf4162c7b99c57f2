import { expect, test } from 'vitest';
import { createCommandReader } from './commands.ts';

function read(...lines: string[]): string[] {
  const seen: string[] = [];
  const reader = createCommandReader({
    show: (text) => seen.push(text),
    mask: (value) => seen.push(`mask ${value}`),
    output: (name, value) => seen.push(`output ${name}=${value}`),
    forbid: (message) => seen.push(`forbid ${message}`),
  });
  lines.forEach(reader);
  return seen;
}

test.each([
  { line: 'hello ::error::', does: ['hello ::error::'] },
  { line: '::error file=a.js,line=3::bad%0Athing', does: ['##[error]a.js:3: bad\nthing'] },
  { line: '::warning::100%25', does: ['##[warning]100%'] },
  { line: '::group::Build', does: ['##[group]Build'] },
  { line: '::endgroup::', does: ['##[endgroup]'] },
  { line: '::add-mask::s3cret', does: ['mask s3cret'] },
  { line: '::set-output name=a%3Ab::1', does: ['output a:b=1'] },
  { line: '::debug::quiet', does: [] },
  {
    line: '::set-env name=A::1',
    does: ['forbid The `set-env` command is disabled; write to GITHUB_ENV.'],
  },
  { line: '::unknown::x', does: ['::unknown::x'] },
])('$line', ({ line, does }) => {
  expect(read(line)).toEqual(does);
});

test('between stop-commands and its token nothing is obeyed', () => {
  expect(read('::stop-commands::Tok', '::add-mask::x', '::Tok::', '::add-mask::y')).toEqual([
    '::add-mask::x',
    'mask y',
  ]);
});
