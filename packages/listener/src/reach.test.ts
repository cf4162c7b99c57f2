// Which sets share a client, and until when.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createReach } from './reach.ts';
import { aScaleSet } from './testing/scale-set.ts';
import type { ListenedScaleSet } from '@muster/api';
import type { Reach } from './sets.ts';

const reach = (): ((set: ListenedScaleSet) => Reach) => createReach({ forceGhes: false });

test('sets that reach GitHub in the same way share a client, and so its tokens', () => {
  const reached = reach();
  const one = reached(aScaleSet());
  const two = reached(aScaleSet({ setName: 'windows', scaleSetId: 2, maxRunners: 9 }));
  expect(two.actions).toBe(one.actions);
});

test.each<[string, Partial<ListenedScaleSet>]>([
  ['another URL', { configUrl: 'https://github.com/other' }],
  ['other credentials', { credentials: { kind: 'token', token: 'other' } }],
])('a set with %s has a client of its own', (_name, change) => {
  const reached = reach();
  expect(reached(aScaleSet(change)).actions).not.toBe(reached(aScaleSet()).actions);
});

test('a set with another CA has a client of its own: one that cannot work is found out', () => {
  const reached = reach();
  reached(aScaleSet());
  expect(() => reached(aScaleSet({ rootCa: 'no certificate' }))).toThrow('PEM');
});

test('a client is closed with the last set that it serves', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(404).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const set = aScaleSet({ configUrl: `http://127.0.0.1:${port}/my-org` });
  const reached = reach();
  const [one, two] = [reached(set), reached(set)];
  const code = (): Promise<unknown> =>
    two.actions.createSession(1, 'pod').catch((error: unknown) => (error as { code: string }).code);
  await one.release();
  expect(await code()).toBe('not-found');
  await two.release();
  expect(await code()).toBe('aborted');
  // The next begins with a new one.
  expect(reached(set).actions).not.toBe(two.actions);
});
