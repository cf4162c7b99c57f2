// What becomes of a message that comes again, or that cannot be kept.
import { expect, test } from 'vitest';
import { createSteppedClock, recordedLog } from '@muster/kube/testing';
import { Ledger } from './ledger.ts';
import { createLoop } from './loop.ts';
import { createMetrics } from './metrics/index.ts';
import { take } from './take.ts';
import { aScaleSet } from './testing/scale-set.ts';
import type { Message } from '@muster/actions';
import type { Statistics } from '@muster/actions/wire';
import type { Deps } from './deps.ts';
import type { Bounds } from './ledger.ts';
import type { Loop } from './loop.ts';

const never = (): Promise<never> => Promise.reject(new Error('nobody is asked'));

function aLoop(bounds?: Bounds): Loop {
  const clock = createSteppedClock();
  const log = recordedLog();
  const deps: Deps = {
    actions: { createSession: never, resumeSession: never, deleteSession: never },
    kube: { patch: never, patchStatus: never },
    clock,
    log,
    metrics: createMetrics({ log, elapsedMs: () => clock.elapsed() }),
    instance: 'me',
    owner: 'pod',
    random: () => 0,
  };
  const set = aScaleSet({ settleSeconds: 3 });
  return { ...createLoop(set, deps), ledger: new Ledger(bounds) };
}

const statistics = (totalAssignedJobs: number): Statistics => ({
  totalAvailableJobs: 0,
  totalAcquiredJobs: 0,
  totalAssignedJobs,
  totalRunningJobs: 0,
  totalRegisteredRunners: 0,
  totalBusyRunners: 0,
  totalIdleRunners: 0,
});

const aMessage = (id: number, assigned: number): Message => ({
  id,
  statistics: statistics(assigned),
  available: [],
  assigned,
  started: [],
  completed: [],
  unknown: 0,
});

function write({ ledger }: Loop): void {
  const wish = ledger.unwrittenWish;
  if (wish) ledger.wishWritten(wish);
}

test('what cannot be kept stays at the service, and its statistics count all the same', () => {
  const loop = aLoop({ messages: 1, jobs: 1 });
  expect(take(loop, aMessage(7, 1))).toBe('taken');
  expect(take(loop, aMessage(8, 2))).toBe('left');
  expect(loop.scale.wished?.replicas).toBe(2);
  // The next poll asks for it again.
  expect(loop.lastMessageId).toBe(7);
  write(loop);
  expect(loop.ledger.acknowledgeable).toBe(7);
  loop.ledger.acknowledged(7);
  expect(loop.ledger.acknowledgeable).toBeUndefined();
  expect(take(loop, aMessage(8, 2))).toBe('taken');
});

test('one that comes again before it is acknowledged waits for the same writes', () => {
  const loop = aLoop();
  take(loop, aMessage(7, 1));
  expect(take(loop, aMessage(7, 1))).toBe('known');
  expect(loop.ledger.acknowledgeable).toBeUndefined();
  write(loop);
  loop.ledger.acknowledged(7);
  expect(loop.ledger.isEmpty).toBe(true);
});

test('one that comes again although it was acknowledged is acknowledged again', () => {
  const loop = aLoop();
  take(loop, aMessage(7, 1));
  write(loop);
  loop.ledger.acknowledged(7);
  expect(take(loop, aMessage(7, 1))).toBe('known');
  expect(loop.ledger.acknowledgeable).toBe(7);
  expect(loop.lastMessageId).toBe(7);
});
