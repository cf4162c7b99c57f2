import { describe, expect, test } from 'vitest';
import { Ledger } from './ledger.ts';
import type { JobStarted } from '@muster/actions/wire';
import type { Patch } from './scale.ts';

const wish = (replicas: number): Patch => ({ replicas, patchID: replicas });

const job = (jobId: string): JobStarted => ({
  messageType: 'JobStarted',
  jobId,
  runnerRequestId: 0,
  repositoryName: 'repo',
  ownerName: 'org',
  jobWorkflowRef: '',
  jobDisplayName: jobId,
  workflowRunId: 1,
  eventName: 'push',
  requestLabels: [],
  runnerId: 1,
  runnerName: `runner-${jobId}`,
});

function take(
  ledger: Ledger,
  messageId: number,
  { started = [], offers = [] }: { started?: JobStarted[]; offers?: number[] } = {},
): void {
  ledger.take({ messageId, started, offers });
}

function writeWish(ledger: Ledger): void {
  const unwritten = ledger.unwrittenWish;
  if (unwritten) ledger.wishWritten(unwritten);
}

describe('a message is acknowledged', () => {
  test('once a wish as new as its own is written', () => {
    const ledger = new Ledger();
    ledger.wish(wish(1));
    take(ledger, 7);
    expect(ledger.acknowledgeable).toBeUndefined();
    ledger.wish(wish(2));
    writeWish(ledger);
    expect(ledger.acknowledgeable).toBe(7);
  });

  test('not by an older wish, whose answer came late', () => {
    const ledger = new Ledger();
    ledger.wish(wish(1));
    const old = ledger.unwrittenWish;
    if (old === undefined) throw new Error('no wish is kept');
    ledger.wish(wish(2));
    take(ledger, 7);
    ledger.wishWritten(old);
    expect(ledger.acknowledgeable).toBeUndefined();
    expect(ledger.unwrittenWish?.patch).toEqual(wish(2));
  });

  test('at once when it changed nothing', () => {
    const ledger = new Ledger();
    ledger.wish(wish(1));
    writeWish(ledger);
    take(ledger, 7);
    expect(ledger.acknowledgeable).toBe(7);
  });

  test('once its started jobs are recorded', () => {
    const ledger = new Ledger();
    const [one, two] = [job('1'), job('2')];
    take(ledger, 7, { started: [one, two] });
    ledger.jobWritten(one);
    expect(ledger.acknowledgeable).toBeUndefined();
    expect(ledger.unwrittenJobs(9)).toEqual([two]);
    ledger.jobWritten(two);
    expect(ledger.acknowledgeable).toBe(7);
  });

  test('once its offers are answered', () => {
    const ledger = new Ledger();
    take(ledger, 7, { offers: [3, 4] });
    expect(ledger.openOffer).toMatchObject({ messageId: 7, offers: [3, 4] });
    expect(ledger.acknowledgeable).toBeUndefined();
    ledger.offerAnswered(7);
    expect([ledger.openOffer, ledger.acknowledgeable]).toEqual([undefined, 7]);
  });

  test('in the order of messages, though a later one is ready before', () => {
    const ledger = new Ledger();
    const slow = job('1');
    take(ledger, 7, { started: [slow] });
    take(ledger, 8);
    expect(ledger.acknowledgeable).toBeUndefined();
    ledger.jobWritten(slow);
    const order = [];
    for (let id = ledger.acknowledgeable; id !== undefined; id = ledger.acknowledgeable) {
      order.push(id);
      ledger.acknowledged(id);
    }
    expect(order).toEqual([7, 8]);
    expect(ledger.isEmpty).toBe(true);
  });

  test('and known from then on, until a thousand others came', () => {
    const ledger = new Ledger();
    for (let id = 1; id <= 1001; id += 1) {
      take(ledger, id);
      expect(ledger.knows(id)).toBe(true);
      ledger.acknowledged(id);
    }
    expect([1, 2, 1001].map((id) => ledger.knows(id))).toEqual([false, true, true]);
  });

  test('once more when it comes again', () => {
    const ledger = new Ledger();
    take(ledger, 7);
    ledger.acknowledgeAgain(7);
    ledger.acknowledged(7);
    expect(ledger.acknowledgeable).toBeUndefined();
    ledger.acknowledgeAgain(7);
    expect(ledger.acknowledgeable).toBe(7);
  });
});

test('a wish overtakes the one before it, and is for the jobs of both', () => {
  const ledger = new Ledger();
  ledger.wish(wish(1), [10]);
  ledger.wish(wish(2), [20]);
  expect(ledger.unwrittenWish).toMatchObject({ patch: wish(2), queuedAt: [10, 20] });
  writeWish(ledger);
  ledger.wish(wish(3), [30]);
  expect(ledger.unwrittenWish?.queuedAt).toEqual([30]);
});

describe('it is full', () => {
  test('at so many messages, until one is acknowledged', () => {
    const ledger = new Ledger({ messages: 2, jobs: 10 });
    take(ledger, 1);
    expect(ledger.isFull).toBe(false);
    take(ledger, 2);
    expect(ledger.isFull).toBe(true);
    ledger.acknowledged(1);
    expect(ledger.isFull).toBe(false);
  });

  test('at so many started jobs, until one is recorded', () => {
    const ledger = new Ledger({ messages: 9, jobs: 2 });
    const [one, two] = [job('1'), job('2')];
    take(ledger, 1, { started: [one, two] });
    expect(ledger.isFull).toBe(true);
    ledger.jobWritten(one);
    expect(ledger.isFull).toBe(false);
  });
});
