import { describe, expect, test } from 'vitest';
import { createEvents } from './events.ts';
import { ConfigMapKind } from './kinds.ts';
import { aCluster, aConfigMap } from './testing/cluster.ts';
import { createSteppedClock, settle, silentLog, until } from './testing/index.ts';
import type { Events, Happening } from './events.ts';
import type { Kind, KubeObject } from './object.ts';
import type { KubeClient } from './types.ts';

interface Told extends KubeObject {
  reason: string;
  message: string;
  count: number;
}
const EventKind: Kind<Told> = {
  apiVersion: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

const failed = (message: string): Happening => ({ type: 'Warning', reason: 'Failed', message });

async function aRecorder(over: (client: KubeClient) => Partial<KubeClient> = () => ({})) {
  const { client } = aCluster();
  const clock = createSteppedClock(Date.parse('2026-01-01T00:00:00Z'));
  const subject = await client.create(ConfigMapKind, aConfigMap('a'));
  const other = await client.create(ConfigMapKind, aConfigMap('b'));
  let writes = 0;
  const counting: KubeClient = {
    ...client,
    create: (...call) => {
      writes += 1;
      return client.create(...call);
    },
    patch: (...call) => {
      writes += 1;
      return client.patch(...call);
    },
    ...over(client),
  };
  const events: Events = createEvents({
    client: counting,
    component: 'muster',
    instance: 'pod-1',
    clock,
    log: silentLog,
  });
  const told = async (): Promise<Told[]> => {
    await settle();
    const { items } = await client.list(EventKind, { namespace: 'default' });
    return items.toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name));
  };
  return { events, subject, other, clock, told, writes: () => writes, client };
}

describe('events', () => {
  test('tell of an object what kubectl describe shows', async () => {
    const { events, subject, told } = await aRecorder();
    events.record(subject, failed('its pods keep failing'));
    expect(await told()).toMatchObject([
      {
        type: 'Warning',
        reason: 'Failed',
        message: 'its pods keep failing',
        count: 1,
        involvedObject: {
          kind: 'ConfigMap',
          name: 'a',
          namespace: 'default',
          uid: subject.metadata.uid,
        },
        source: { component: 'muster' },
        reportingInstance: 'pod-1',
        firstTimestamp: '2026-01-01T00:00:00Z',
      },
    ]);
  });

  test('are counted, and written at most once a minute for an object and reason', async () => {
    const { events, subject, other, clock, told, writes } = await aRecorder();
    for (let second = 0; second < 120; second += 1) {
      events.record(subject, failed(`for the ${second}. time`));
      await settle(2);
      clock.advance(1_000);
    }
    events.record(other, failed('another object'));
    await settle();
    expect(writes()).toBe(4);
    expect((await told()).map(({ count, message }) => [count, message])).toEqual([
      [120, 'for the 119. time'],
      [1, 'another object'],
    ]);
  });

  test('go on under a new name when the server has forgotten them', async () => {
    const { events, subject, clock, told, client } = await aRecorder();
    events.record(subject, failed('once'));
    const [first] = await told();
    await client.delete(EventKind, { namespace: 'default', name: first?.metadata.name ?? '' });
    events.record(subject, failed('twice'));
    clock.advance(60_000);
    expect(await told()).toMatchObject([{ count: 2, message: 'twice' }]);
  });

  test('never throw and never wait, whatever the server does', async () => {
    const { events, subject, told } = await aRecorder(() => ({
      create: () => Promise.reject(new Error('forbidden')),
    }));
    events.record(subject, failed('x'.repeat(5_000)));
    expect(await told()).toEqual([]);
  });

  test('a storm of them takes two connections at most', async () => {
    let open = 0;
    const { events, subject } = await aRecorder(() => ({
      create: () => {
        open += 1;
        return new Promise(() => undefined);
      },
    }));
    for (let index = 0; index < 100; index += 1) {
      const metadata = { ...subject.metadata, uid: `u-${index}` };
      events.record({ ...subject, metadata }, failed('no'));
    }
    await settle();
    expect(open).toBe(2);
  });

  test('what is held back is written on flush, and no timer stays', async () => {
    const { events, subject, clock, told } = await aRecorder();
    events.record(subject, failed('once'));
    events.record(subject, failed('twice'));
    await events.flush();
    expect(await told()).toMatchObject([{ count: 2, message: 'twice' }]);
    expect(clock.untilNext()).toBeUndefined();
  });

  test('are forgotten when nothing happens any more', async () => {
    const { events, subject, clock } = await aRecorder();
    events.record(subject, failed('once'));
    await settle();
    clock.advance(700_000);
    await until(() => clock.untilNext() === undefined);
  });
});
