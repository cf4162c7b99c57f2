import { describe, expect, onTestFinished, test } from 'vitest';
import { createCache } from './cache.ts';
import { systemClock } from './clock.ts';
import { KubeError } from './errors.ts';
import { ConfigMapKind } from './kinds.ts';
import { createMetrics } from './metrics.ts';
import { aCluster, aConfigMap } from './testing/cluster.ts';
import { createSteppedClock, recordedLog, settle, silentLog, until } from './testing/index.ts';
import type { CacheOptions } from './cache.ts';
import type { ConfigMap } from './kinds.ts';
import type { Cache, KubeClient, WatchEvent } from './types.ts';

function running(options: Partial<CacheOptions<ConfigMap>> & { client: KubeClient }): {
  cache: Cache<ConfigMap>;
  told: string[];
  stop: () => Promise<void>;
} {
  const cache = createCache({
    kind: ConfigMapKind,
    clock: systemClock,
    log: silentLog,
    ...options,
  });
  const told: string[] = [];
  cache.onChange(({ type, object }) => told.push(`${type} ${object.metadata.name}`));
  const end = new AbortController();
  const ended = cache.run(end.signal);
  const stop = async (): Promise<void> => {
    end.abort();
    await ended;
  };
  onTestFinished(stop);
  return { cache, told, stop };
}

const names = (objects: ConfigMap[]): string[] =>
  objects.map(({ metadata }) => metadata.name).sort();
const mine = 'mine=yes';
const labelled = (name: string, data: Record<string, string> = {}): ReturnType<typeof aConfigMap> =>
  aConfigMap(name, { data, labels: { mine: 'yes' } });

describe('the cache on the dev cluster', () => {
  test('holds what was there and what comes, changes and goes', async () => {
    const { client } = aCluster();
    await client.create(ConfigMapKind, labelled('a'));
    const { cache, told } = running({ client, labelSelector: mine });
    expect(cache.synced).toBe(false);
    await cache.whenSynced();
    expect(names(cache.list())).toEqual(['a']);
    await client.create(ConfigMapKind, labelled('b'));
    await client.patch(ConfigMapKind, { namespace: 'default', name: 'a' }, { data: { x: '1' } });
    await client.delete(ConfigMapKind, { namespace: 'default', name: 'b' });
    await until(() => told.length === 4);
    expect(told).toEqual(['added a', 'added b', 'modified a', 'deleted b']);
    expect(cache.get({ namespace: 'default', name: 'a' })?.data).toEqual({ x: '1' });
  });

  test('lets go of an object that its selector no longer matches', async () => {
    const { client } = aCluster();
    await client.create(ConfigMapKind, labelled('a'));
    const { cache } = running({ client, labelSelector: mine });
    await cache.whenSynced();
    const at = { namespace: 'default', name: 'a' };
    await client.patch(ConfigMapKind, at, { metadata: { labels: { mine: null } } });
    await until(() => cache.list().length === 0);
  });

  test('holds only the namespaces that it was given', async () => {
    const { client } = aCluster();
    await client.create(ConfigMapKind, labelled('a'));
    await client.create(ConfigMapKind, {
      ...labelled('b'),
      metadata: { name: 'b', namespace: 'kube-system', labels: { mine: 'yes' } },
    });
    const { cache } = running({ client, labelSelector: mine, namespaces: ['kube-system'] });
    await cache.whenSynced();
    expect(names(cache.list())).toEqual(['b']);
  });

  test('misses nothing while its watches are dropped and history is forgotten', async () => {
    const clock = createSteppedClock();
    const { client, cluster } = aCluster();
    const { cache } = running({ client, labelSelector: mine, clock });
    await cache.whenSynced();
    await settle();
    cluster.dropWatches();
    await client.create(ConfigMapKind, labelled('a'));
    await client.create(ConfigMapKind, labelled('b'));
    await client.delete(ConfigMapKind, { namespace: 'default', name: 'a' });
    cluster.compact();
    for (let turn = 0; turn < 20; turn += 1) {
      await settle();
      clock.advance(1_000);
    }
    expect(names(cache.list())).toEqual(['b']);
  });
});

describe('the state machine', () => {
  type Watch = (
    signal: AbortSignal,
    resourceVersion: string,
  ) => AsyncIterable<WatchEvent<ConfigMap>>;

  const aMap = (name: string, resourceVersion: string): ConfigMap => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      resourceVersion,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...{ managedFields: [{ manager: 'kubectl' }] },
    },
  });

  /** A server as bad as each row needs it; `calls` says what it was asked. */
  function scripted(
    lists: (() => ConfigMap[])[],
    watches: Watch[],
  ): { client: KubeClient; calls: string[] } {
    const calls: string[] = [];
    const { client } = aCluster();
    const faulty = {
      ...client,
      list: () => {
        calls.push('list');
        const items = (lists.length > 1 ? lists.shift() : lists[0])?.() ?? [];
        return Promise.resolve({ items, resourceVersion: '10' });
      },
      watch: (
        _kind: unknown,
        { signal, resourceVersion }: { signal?: AbortSignal; resourceVersion: string },
      ) => {
        calls.push(`watch ${resourceVersion}`);
        const watch = watches.length > 1 ? watches.shift() : watches[0];
        return (watch ?? silent)(signal ?? new AbortController().signal, resourceVersion);
      },
    };
    return { client: faulty as unknown as KubeClient, calls };
  }

  async function* silent(signal: AbortSignal): AsyncGenerator<WatchEvent<ConfigMap>> {
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
    });
    throw new KubeError('aborted', 'aborted');
  }
  const failing = (error: KubeError, ...before: WatchEvent<ConfigMap>[]): Watch =>
    async function* () {
      await Promise.resolve();
      yield* before;
      throw error;
    };
  const ending = (...events: WatchEvent<ConfigMap>[]): Watch =>
    async function* () {
      await Promise.resolve();
      yield* events;
    };
  const broken = new KubeError('unreachable', 'the connection broke');
  const expired = new KubeError('expired', 'too old');
  const bookmark = (resourceVersion: string): WatchEvent<ConfigMap> => ({
    type: 'BOOKMARK',
    resourceVersion,
  });

  test('resumes from the last event or bookmark, without a new list', async () => {
    const clock = createSteppedClock();
    const { client, calls } = scripted(
      [() => []],
      [
        failing(broken, { type: 'ADDED', object: aMap('a', '12') }),
        failing(broken, bookmark('20')),
        ending(bookmark('30')),
        silent,
      ],
    );
    const { cache } = running({ client, clock });
    for (let turn = 0; turn < 5; turn += 1) {
      await settle();
      clock.advance(1_000);
    }
    expect(calls).toEqual(['list', 'watch 10', 'watch 12', 'watch 20', 'watch 30']);
    expect(names(cache.list())).toEqual(['a']);
  });

  test('lists anew at once when its version is forgotten, and backs off when that repeats', async () => {
    const clock = createSteppedClock();
    const { client, calls } = scripted([() => []], [failing(expired)]);
    running({ client, clock });
    await settle();
    expect(calls).toEqual(['list', 'watch 10', 'list', 'watch 10']);
    expect(clock.untilNext()).toBeGreaterThan(0);
  });

  test.each([
    { name: 'an event', told: { type: 'ADDED' as const, object: aMap('b', '3') } },
    { name: 'a bookmark', told: bookmark('9') },
  ])('lists anew when $name shows that the server went back', async ({ told }) => {
    const { client, calls } = scripted(
      [() => [aMap('a', '10')], () => [aMap('b', '3')]],
      [ending(told), silent],
    );
    const { cache } = running({ client, clock: createSteppedClock() });
    await settle();
    expect(calls).toEqual(['list', 'watch 10', 'list', 'watch 10']);
    expect(names(cache.list())).toEqual(['b']);
  });

  test('tells of a new list only what differs, and never empties in between', async () => {
    const { client } = scripted(
      [() => [aMap('a', '1'), aMap('b', '2')], () => [aMap('a', '1'), aMap('c', '3')]],
      [failing(expired), silent],
    );
    const { told } = running({ client });
    await until(() => told.length === 4);
    expect(told).toEqual(['added a', 'added b', 'deleted b', 'added c']);
  });

  test('never gives up: an outage of an hour is some warnings, then it goes on', async () => {
    const clock = createSteppedClock();
    const log = recordedLog();
    let down = true;
    const { client, calls } = scripted(
      [
        () => {
          if (down) throw new KubeError('unavailable', 'the server is down');
          return [aMap('a', '1')];
        },
      ],
      [(signal) => silent(signal)],
    );
    const { cache } = running({ client, clock, log });
    for (let minute = 0; minute < 60; minute += 1) {
      for (let second = 0; second < 60; second += 10) {
        await settle(3);
        clock.advance(10_000);
      }
    }
    const warnings = log.lines.filter(({ level }) => level === 'warn').length;
    expect(warnings).toBeGreaterThan(50);
    expect(warnings).toBeLessThanOrEqual(61);
    expect(calls.length).toBeLessThan(400);
    down = false;
    await settle();
    clock.advance(30_000);
    await until(() => cache.synced);
    expect(names(cache.list())).toEqual(['a']);
  });

  test('notices a silent connection and replaces it', async () => {
    const clock = createSteppedClock();
    const { client, calls } = scripted([() => []], [silent]);
    running({ client, clock });
    await settle();
    clock.advance(149_000);
    await settle();
    expect(calls).toEqual(['list', 'watch 10']);
    clock.advance(1_000);
    await settle();
    clock.advance(1_000);
    await settle();
    expect(calls).toEqual(['list', 'watch 10', 'watch 10']);
  });

  test('does not spin on a server that ends each watch at once', async () => {
    const clock = createSteppedClock();
    const { client, calls } = scripted(
      [() => []],
      [
        async function* () {
          await Promise.resolve();
          yield* [];
        },
      ],
    );
    running({ client, clock });
    for (let second = 0; second < 60; second += 1) {
      await settle(3);
      clock.advance(1_000);
    }
    expect(calls.length).toBeLessThan(20);
  });

  test('drops managedFields, and shows in metrics that it is synced', async () => {
    const metrics = createMetrics();
    const { client } = scripted([() => [aMap('a', '1')]], [silent]);
    const { cache } = running({ client, metrics });
    await cache.whenSynced();
    expect(cache.list()[0]?.metadata).not.toHaveProperty('managedFields');
    const { body } = await metrics.expose();
    expect(body).toContain('muster_cache_synced{kind="ConfigMap"} 1');
    expect(body).toContain('muster_cache_objects{kind="ConfigMap"} 1');
  });

  test('leaves no timer when it stops', async () => {
    const clock = createSteppedClock();
    const { client } = scripted([() => []], [failing(broken)]);
    const { stop } = running({ client, clock });
    await settle();
    await stop();
    expect(clock.untilNext()).toBeUndefined();
  });
});
