// The means of the stories: what they promise each other.
import { createSteppedClock, settle, silentLog } from '@muster/kube/testing';
import { expect, test } from 'vitest';
import { createNetwork, IN_ORDER } from './network.ts';
import type { Network, Order } from './network.ts';
import { createProcess } from './process.ts';
import { seededRandom } from '@muster/kube/testing';
import { shuffled } from './random.ts';
import { letterOf } from './transcript.ts';

/** A service that keeps the names that it was called with, and what came back of them. */
function aService(order: Order): {
  network: Network;
  call: (name: string) => void;
  heard: string[];
} {
  const network = createNetwork({ order, held: () => 0, pass: () => undefined });
  const heard: string[] = [];
  const fetch = network.connect((request) => {
    heard.push(`${nameOf(request)}?`);
    return Promise.resolve(new Response(nameOf(request)));
  });
  return {
    network,
    heard,
    call(name) {
      void fetch(new Request(`http://service.test/${name}`)).then((answer) =>
        answer.text().then((text) => heard.push(`${text}!`)),
      );
    },
  };
}

const nameOf = ({ url }: Request): string => new URL(url).pathname.slice(1);

async function all(network: Network): Promise<void> {
  do await network.rest();
  while (network.step() === 'arrived');
}

test('one thing arrives at a time, in the order of sending', async () => {
  const { network, call, heard } = aService(IN_ORDER);
  for (const name of ['a', 'b']) call(name);
  const steps: string[] = [];
  while (network.step() === 'arrived') {
    await network.rest();
    steps.push(heard.join(' '));
  }
  expect(steps).toEqual(['a?', 'a? b?', 'a? b? a!', 'a? b? a! b!']);
});

test('a seed makes things overtake each other, always the same ones', async () => {
  const hear = async (seed: number): Promise<string> => {
    const { network, call, heard } = aService(shuffled(seededRandom(seed)));
    for (const name of ['a', 'b', 'c', 'd']) call(name);
    await all(network);
    return heard.join(' ');
  };
  const first = await hear(1);
  expect(await hear(1)).toBe(first);
  expect(await hear(2)).not.toBe(first);
  expect(first).not.toBe('a? b? c? d? a! b! c! d!');
});

test('a killed process hears no answer, and its timers and its log are still', async () => {
  const clock = createSteppedClock();
  const network = createNetwork({ order: IN_ORDER, held: () => 0, pass: () => undefined });
  const process = createProcess(clock);
  const signs: string[] = [];
  const fetch = process.reach(network.connect(() => Promise.resolve(new Response('pong'))));
  const log = process.says({ ...silentLog, info: (message) => signs.push(message) });
  const answer = fetch(new Request('http://service.test/ping')).then(
    () => signs.push('answered'),
    () => {
      log.info('failed');
    },
  );
  process.clock.setTimeout(() => signs.push('woken'), 1_000);
  process.kill();
  await all(network);
  await answer;
  clock.advance(2_000);
  await settle();
  expect(signs).toEqual([]);
});

test('letters go on after z', () => {
  expect([0, 25, 26, 27, 51, 52].map(letterOf)).toEqual(['a', 'z', 'aa', 'ab', 'az', 'ba']);
});
