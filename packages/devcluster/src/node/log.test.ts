import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ContainerLog } from './log.ts';
import type { LogView } from './log.ts';
import { steppedClock } from './stepped-clock.ts';
import type { SteppedClock } from './stepped-clock.ts';

let dir: string;
let clock: SteppedClock;
let log: ContainerLog;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-log-'));
  clock = steppedClock();
  log = new ContainerLog(join(dir, 'log'), clock);
});

afterEach(async () => {
  log.end();
  await rm(dir, { recursive: true });
});

const read = (view: LogView = {}, signal = new AbortController().signal): Promise<string> =>
  new Response(log.read(view, signal)).text();

test('lines of two streams do not mix, though they come in pieces', async () => {
  const [out, err] = [log.writer(), log.writer()];
  out.write(Buffer.from('from '));
  err.write(Buffer.from('com'));
  out.write(Buffer.from('out\nmore'));
  err.write(Buffer.from('plaint\n'));
  out.end();
  expect(await read()).toBe('from out\ncomplaint\nmore');
});

test('a line without an end is kept in parts, and read as one', async () => {
  const writer = log.writer();
  const long = 'x'.repeat(100_000);
  for (let at = 0; at < long.length; at += 1000)
    writer.write(Buffer.from(long.slice(at, at + 1000)));
  expect((await read()).length).toBeGreaterThan(80_000);
  writer.write(Buffer.from('\nnext\n'));
  expect(await read()).toBe(`${long}\nnext\n`);
});

test('what is asked for by time is what was written since', async () => {
  const writer = log.writer();
  writer.write(Buffer.from('old\n'));
  await clock.pass(10_000);
  writer.write(Buffer.from('new\n'));
  expect(await read({ sinceSeconds: 5 })).toBe('new\n');
  expect(await read({ timestamps: true, tailLines: 1 })).toBe('2026-11-21T10:00:10.000Z new\n');
});

test('who follows hears what comes, until the run ends', async () => {
  const writer = log.writer();
  writer.write(Buffer.from('one\n'));
  const all = read({ follow: true });
  writer.write(Buffer.from('two\n'));
  await clock.pass(0);
  writer.write(Buffer.from('three\n'));
  log.end();
  expect(await all).toBe('one\ntwo\nthree\n');
});

test('who follows may leave', async () => {
  const leaving = new AbortController();
  const all = read({ follow: true }, leaving.signal);
  leaving.abort();
  expect(await all).toBe('');
});
