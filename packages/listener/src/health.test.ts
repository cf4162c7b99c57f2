import { expect, test } from 'vitest';
import { createHealth } from './health.ts';
import type { Health } from './health.ts';

const OK = { body: 'ok\n' };

function aHealth(): { health: Health; pass: (seconds: number) => void } {
  let elapsed = 0;
  const health = createHealth(() => elapsed);
  return {
    health,
    pass: (seconds) => {
      elapsed += seconds * 1000;
    },
  };
}

test('it is ill when no poll has ended for three holding times, and well when one does', () => {
  const { health, pass } = aHealth();
  const linux = health.watch('runners/linux');
  health.watch('runners/gpu').turned(Infinity);
  linux.turned(0);
  pass(150);
  expect(health.healthy()).toEqual(OK);
  pass(1);
  const said = 'runners/linux: no poll has ended for 151 s\n';
  expect(health.healthy()).toEqual({ status: 503, body: said });
  linux.turned(0);
  expect(health.healthy()).toEqual(OK);
});

test('a loop that waits on purpose is not ill: a rate limit may last an hour', () => {
  const { health, pass } = aHealth();
  health.watch('runners/linux').turned(3_600_000);
  pass(3600 + 150);
  expect(health.healthy()).toEqual(OK);
  pass(1);
  expect(health.healthy().status).toBe(503);
});

test('a loop that never came round is ill', () => {
  const { health, pass } = aHealth();
  health.watch('runners/linux');
  pass(151);
  expect(health.healthy().status).toBe(503);
  health.forget('runners/linux');
  expect(health.healthy()).toEqual(OK);
});

test('it is ready when every set is listened for, and else says why not', () => {
  const { health } = aHealth();
  expect(health.ready()).toEqual({ status: 503, body: 'no set is listened for yet\n' });
  const linux = health.watch('runners/linux');
  const gpu = health.watch('runners/gpu');
  linux.stands({ state: 'listening', reason: 'a new session' });
  gpu.stands({ state: 'session-taken', reason: 'held by owner X' });
  expect(health.ready()).toEqual({
    status: 503,
    body: 'runners/gpu: session-taken: held by owner X\n',
  });
  gpu.stands({ state: 'listening', reason: 'a new session' });
  expect(health.ready()).toEqual(OK);
});
