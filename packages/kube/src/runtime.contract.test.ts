// Cache, loop and Events on a cluster as it is: the dev cluster, and the real one.
import { describe, expect, onTestFinished } from 'vitest';
import { createCache } from './cache.ts';
import { systemClock } from './clock.ts';
import { createEvents } from './events.ts';
import { ConfigMapKind } from './kinds.ts';
import { createLoop } from './loop.ts';
import { metadataOnly } from './object.ts';
import { aConfigMap } from './testing/cluster.ts';
import { eventually, test } from './testing/ground.ts';
import { recordedLog, silentLog } from './testing/index.ts';
import type { CacheOptions } from './cache.ts';
import type { ConfigMap } from './kinds.ts';
import type { Kind, KubeObject } from './object.ts';
import type { Cache, KubeClient, Reconciler } from './types.ts';

const shared = { clock: systemClock, log: silentLog };
const labels = { mine: 'yes' };

async function running<T extends KubeObject>(
  options: Pick<CacheOptions<T>, 'client' | 'kind' | 'namespaces'> & Partial<CacheOptions<T>>,
): Promise<Cache<T>> {
  const cache = createCache({ ...shared, labelSelector: 'mine=yes', ...options });
  const stop = new AbortController();
  const ended = cache.run(stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  await cache.whenSynced();
  return cache;
}

describe('a cache', () => {
  test('holds what was there, and what comes, changes, goes and leaves its selector', async ({
    client,
    namespace,
  }) => {
    const there = await client.create(ConfigMapKind, aConfigMap('there', { namespace, labels }));
    const cache = await running({ client, kind: ConfigMapKind, namespaces: [namespace] });
    const told: string[] = [];
    cache.onChange(({ type, object }) => told.push(`${type} ${object.metadata.name}`));
    expect(cache.get(there.metadata)?.metadata.uid).toBe(there.metadata.uid);
    const { metadata } = await client.create(
      ConfigMapKind,
      aConfigMap('new', { namespace, labels }),
    );
    await client.patch(ConfigMapKind, metadata, { data: { x: '1' } });
    await client.delete(ConfigMapKind, metadata);
    await client.patch(ConfigMapKind, there.metadata, { metadata: { labels: { mine: null } } });
    await eventually(() => told.length === 4);
    expect(told).toEqual(['added new', 'modified new', 'deleted new', 'deleted there']);
    expect(cache.list()).toEqual([]);
  });

  test('of metadata follows as well, and finds by its index', async ({ client, namespace }) => {
    const kind = metadataOnly(ConfigMapKind);
    const indexes = {
      color: ({ metadata }: KubeObject) => [metadata.labels?.['color'] ?? 'none'],
    };
    const cache = await running({ client, kind, namespaces: [namespace], indexes });
    const red = { ...labels, color: 'red' };
    const { metadata } = await client.create(
      ConfigMapKind,
      aConfigMap('a', { namespace, labels: red, data: { much: 'text' } }),
    );
    await eventually(() => cache.find('color', 'red').length === 1);
    expect(Object.keys(cache.list()[0] ?? {}).sort()).toEqual(['apiVersion', 'kind', 'metadata']);
    await client.patch(ConfigMapKind, metadata, { metadata: { labels: { color: 'blue' } } });
    await eventually(() => cache.find('color', 'blue').length === 1);
    expect(cache.find('color', 'red')).toEqual([]);
  });
});

test('a loop never runs a key before its cache shows what that key wrote', async ({
  client,
  namespace,
}) => {
  const key = `${namespace}/counter`;
  const at = { namespace, name: 'counter' };
  await client.create(ConfigMapKind, aConfigMap('counter', { namespace, labels }));
  const cache = await running({ client, kind: ConfigMapKind, namespaces: [namespace] });
  const seen: number[] = [];
  interface Observed {
    counter: ConfigMap;
    count: number;
  }
  const reconciler: Reconciler<Observed, { do: 'count'; because: string }> = {
    name: 'counter',
    observe: () => {
      const counter = cache.get(at);
      return counter && { counter, count: Number(counter.data?.['count'] ?? 0) };
    },
    plan: ({ count }) => {
      seen.push(count);
      return count < 20 ? [{ do: 'count', because: 'it is not 20' }] : [];
    },
    act: async (_action, { count }, kube: KubeClient) => {
      await kube.patch(ConfigMapKind, at, { data: { count: String(count + 1) } });
    },
  };
  const log = recordedLog();
  const loop = createLoop({
    reconciler,
    client,
    caches: [cache],
    concurrency: 4,
    clock: systemClock,
    log,
  });
  cache.onChange(() => {
    loop.wake(key);
  });
  loop.wake(key);
  const stop = new AbortController();
  const ended = loop.run(stop.signal);
  await eventually(() => seen.includes(20));
  stop.abort();
  await ended;
  expect([...new Set(seen)]).toEqual(Array.from({ length: 21 }, (_, count) => count));
  expect(seen.toSorted((a, b) => a - b)).toEqual(seen);
  expect(log.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
});

test('events of one object and reason are one Event that counts', async ({ client, namespace }) => {
  interface Told extends KubeObject {
    involvedObject: { name: string };
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
  const subject = await client.create(ConfigMapKind, aConfigMap('a', { namespace }));
  const events = createEvents({ client, component: 'muster', ...shared });
  const tell = (message: string): void => {
    events.record(subject, { type: 'Warning', reason: 'Failed', message });
  };
  const told = async (): Promise<Told[]> => {
    const fieldSelector = 'involvedObject.name=a,reason=Failed';
    return (await client.list(EventKind, { namespace, fieldSelector })).items;
  };
  tell('once');
  await eventually(async () => (await told()).length === 1);
  tell('twice');
  tell('three times');
  await events.flush();
  expect((await told()).map(({ count, message }) => ({ count, message }))).toEqual([
    { count: 3, message: 'three times' },
  ]);
});
