import type { JobMessage } from '@muster/actions/wire';
import { describe, expect, test } from 'vitest';
import { Fifo } from './fifo.ts';
import { MessageQueue } from './message-queue.ts';

const jobs = (count: number): JobMessage[] =>
  Array.from({ length: count }, (_, i) => ({ messageType: 'JobAssigned', jobId: `${i}` }) as never);

function queueOf(count: number): MessageQueue {
  const queue = new MessageQueue(100);
  for (const job of jobs(count)) queue.push(job);
  return queue;
}

describe('messages', () => {
  test('a batch holds fifty jobs at most, and the rest follow under the next id', () => {
    const queue = queueOf(120);
    const sizes = [0, 100, 101, 102].map((cursor) => queue.next(cursor)?.jobs.length);
    expect(sizes).toEqual([50, 50, 20, undefined]);
  });

  test('what was not deleted comes again, unless the cursor has passed it', () => {
    const queue = queueOf(60);
    expect(queue.next(0)?.id).toBe(100);
    expect(queue.next(0)?.id).toBe(100);
    expect(queue.next(100)?.id).toBe(101);
    expect(queue.next(0)?.id).toBe(100);
  });

  test('what was deleted never comes again', () => {
    const queue = queueOf(60);
    queue.next(0);
    queue.next(100);
    expect([queue.delete(100), queue.delete(100), queue.delete(7)]).toEqual([
      'deleted',
      'absent',
      'absent',
    ]);
    expect(queue.next(0)?.id).toBe(101);
    expect(queue.size).toBe(10);
  });

  test('a cursor that was never issued hides what is to come', () => {
    expect(queueOf(1).next(100)).toBeUndefined();
  });
});

describe('a fifo', () => {
  test('keeps order through removals from its middle', () => {
    const fifo = new Fifo<number>();
    for (let i = 0; i < 300; i += 1) fifo.add(i);
    for (let i = 0; i < 300; i += 3) fifo.delete(i);
    const out: number[] = [];
    for (let item = fifo.shift(); item !== undefined; item = fifo.shift()) out.push(item);
    expect(out).toEqual(Array.from({ length: 300 }, (_, i) => i).filter((i) => i % 3 !== 0));
    expect(fifo.size).toBe(0);
  });

  test('holds nothing twice', () => {
    const fifo = new Fifo<string>();
    for (const item of ['a', 'b', 'a']) fifo.add(item);
    expect([...fifo]).toEqual(['a', 'b']);
  });
});
