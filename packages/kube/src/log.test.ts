import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { KubeError } from './errors.ts';
import { createLog } from './log.ts';
import type { LogOptions } from './log.ts';
import type { Log } from './types.ts';

function written(options: Omit<LogOptions, 'stream'>, say: (log: Log) => void): string[] {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  say(createLog({ ...options, stream }));
  return text.split('\n').filter((line) => line !== '');
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;

test('text is one line: time, level, message, fields', () => {
  const [line = '', ...more] = written({ level: 'info', format: 'text' }, (log) => {
    log.info('0 of 2 wanted', { key: 'n/a', do: 'create', note: 'two\nlines', none: undefined });
  });
  expect(line).toMatch(TIME);
  expect(line.replace(TIME, '')).toBe('INFO  0 of 2 wanted key=n/a do=create note="two\\nlines"');
  expect(more).toEqual([]);
});

test('an error in text is its words, its causes and its code, on one line, without a stack', () => {
  const error = new KubeError('unreachable', 'could not get pods n/a: no answer', {
    cause: new Error('connect\nfailed'),
  });
  const [line = '', ...more] = written({ level: 'info', format: 'text' }, (log) => {
    log.error('the run failed', { error });
  });
  expect(line.replace(TIME, '')).toBe(
    'ERROR the run failed error="could not get pods n/a: no answer: connect\\nfailed (unreachable)"',
  );
  expect(more).toEqual([]);
});

test('JSON has severity, ts and message, which no field can replace', () => {
  const [line = ''] = written({ level: 'info', format: 'json' }, (log) => {
    log.warn('careful', {
      message: 'mine',
      severity: 'mine',
      id: 9007199254740993n,
      error: new KubeError('conflict', 'no'),
    });
  });
  expect(JSON.parse(line)).toEqual({
    severity: 'warn',
    ts: expect.stringMatching(/Z$/) as string,
    message: 'careful',
    id: 9007199254740992,
    error: { message: 'no', code: 'conflict' },
  });
  expect(line).toContain('"id":9007199254740993');
});

test('a slip of the program keeps its stack in JSON', () => {
  const [line = ''] = written({ level: 'info', format: 'json' }, (log) => {
    log.error('oh', { error: new TypeError('x is undefined') });
  });
  expect(line).toContain('log.test.ts');
});

test('what is below the level is not written, and nothing breaks the log', () => {
  const round: Record<string, unknown> = {};
  round['self'] = round;
  const lines = written({ level: 'warn', format: 'json' }, (log) => {
    log.debug('no');
    log.info('no');
    log.warn('yes', { round });
  });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('"message":"yes"');
});
