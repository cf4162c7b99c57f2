import { describe, expect, test } from 'vitest';
import { createQueue } from './queue.ts';
import { createSteppedClock, settle } from './testing/index.ts';
import type { Queue } from './queue.ts';
import type { SteppedClock } from './testing/index.ts';

const aQueue = (): { queue: Queue; clock: SteppedClock } => {
  const clock = createSteppedClock();
  return { clock, queue: createQueue({ clock, random: () => 0.5 }) };
};

/** Collects the keys as they are given out, without ending their run. */
function taken(queue: Queue): string[] {
  const keys: string[] = [];
  const take = async (): Promise<void> => {
    for (let key = await queue.next(); key !== undefined; key = await queue.next()) keys.push(key);
  };
  void take();
  return keys;
}

describe('the queue', () => {
  test('gives keys out in the order they were added, equal ones once', async () => {
    const { queue } = aQueue();
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
    const keys = taken(queue);
    await settle();
    expect(keys).toEqual(['a', 'b', 'c']);
  });

  test('runs a key once at a time, and again when it was asked for meanwhile', async () => {
    const { queue } = aQueue();
    const keys = taken(queue);
    queue.add('a');
    await settle();
    queue.add('a');
    queue.add('a');
    await settle();
    expect(keys).toEqual(['a']);
    queue.done('a');
    await settle();
    expect(keys).toEqual(['a', 'a']);
    queue.done('a');
    await settle();
    expect(keys).toEqual(['a', 'a']);
    expect(queue.idle).toBe(true);
  });

  test.each([
    { name: 'the earlier of two times wins', delays: [500, 200], runsAt: [200] },
    { name: 'a later time does not put off an earlier one', delays: [200, 500], runsAt: [200] },
    { name: 'now wins over any time', delays: [200, 0], runsAt: [0] },
  ])('$name', async ({ delays, runsAt }) => {
    const { queue, clock } = aQueue();
    const keys = taken(queue);
    const times: number[] = [];
    for (const ms of delays) queue.add('a', ms);
    for (let now = 0; now <= 600; now += 100) {
      await settle(2);
      if (keys.splice(0).length > 0) {
        times.push(clock.now());
        queue.done('a');
      }
      clock.advance(100);
    }
    expect(times).toEqual(runsAt);
  });

  test('backs off from 5 ms to 1000 s, and anew once the key went well', () => {
    const { queue, clock } = aQueue();
    const pauses: (number | undefined)[] = [];
    for (let attempt = 0; attempt < 20; attempt += 1) {
      queue.retry('a');
      pauses.push(clock.untilNext());
      queue.add('a');
      void queue.next();
      queue.done('a');
    }
    expect(pauses.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(pauses.at(-1)).toBe(1_000_000);
    queue.forget('a');
    queue.retry('a');
    expect(clock.untilNext()).toBe(5);
  });

  test('waits for as long as the far side asked for', () => {
    const { queue, clock } = aQueue();
    queue.retry('a', 7_000);
    expect(clock.untilNext()).toBe(7_000);
  });

  test('ends all waits when it stops, and leaves no timer', async () => {
    const { queue, clock } = aQueue();
    queue.add('b', 1_000);
    const waiting = queue.next();
    queue.stop();
    queue.add('c');
    expect(await waiting).toBeUndefined();
    expect(await queue.next()).toBeUndefined();
    expect(clock.untilNext()).toBeUndefined();
  });
});
