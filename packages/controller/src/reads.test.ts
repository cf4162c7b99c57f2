import { KubeError } from '@muster/kube';
import { createSteppedClock } from '@muster/kube/testing';
import { expect, test } from 'vitest';
import type { At, KubeClient } from '@muster/kube';
import { createReads } from './reads.ts';

const AT = { namespace: 'runners', name: 'github' };

function aServer(answer: () => Promise<unknown> = () => Promise.resolve({ data: {} })) {
  const asked: string[] = [];
  const get = ({ kind }: { kind: string }, { name }: At): Promise<unknown> => {
    asked.push(`${kind} ${name}`);
    return answer();
  };
  const clock = createSteppedClock(0);
  return { asked, clock, reads: createReads({ kube: { get } as unknown as KubeClient, clock }) };
}

test('all who need one at a time share one request', async () => {
  const { asked, reads } = aServer();
  await Promise.all([reads.secret(AT), reads.secret(AT), reads.configMap(AT)]);
  expect(asked).toEqual(['Secret github', 'ConfigMap github']);
});

test.each([
  {
    name: 'a minute later',
    change: (server: ReturnType<typeof aServer>) => {
      server.clock.advance(60_000);
    },
  },
  {
    name: 'at the minute’s look',
    change: (server: ReturnType<typeof aServer>) => {
      server.reads.expire();
    },
  },
  {
    name: 'when it was written',
    change: (server: ReturnType<typeof aServer>) => {
      server.reads.forget(AT);
    },
  },
])('it is read again $name', async ({ change }) => {
  const server = aServer();
  await server.reads.secret(AT);
  server.clock.advance(0);
  await server.reads.secret(AT);
  expect(server.asked).toHaveLength(1);
  change(server);
  await server.reads.secret(AT);
  expect(server.asked).toHaveLength(2);
});

test.each([
  { name: 'what is absent', answer: () => Promise.resolve(undefined) },
  { name: 'what failed', answer: () => Promise.reject(new KubeError('unavailable', '500')) },
])('$name is asked for again at once', async ({ answer }) => {
  const { asked, reads } = aServer(answer);
  await reads.secret(AT).catch(() => undefined);
  await reads.secret(AT).catch(() => undefined);
  expect(asked).toHaveLength(2);
});
