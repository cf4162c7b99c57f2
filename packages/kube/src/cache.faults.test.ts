// Whatever the network and the server do, a cache ends up as the server's list, and what it told of
// changes adds up to the same.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCache } from './cache.ts';
import { createKubeClient } from './client.ts';
import { isKubeError } from './errors.ts';
import { ConfigMapKind } from './kinds.ts';
import { metadataOnly } from './object.ts';
import { aCluster, aConfigMap } from './testing/cluster.ts';
import { createFaults } from './testing/faults.ts';
import { createSteppedClock, settle, silentLog } from './testing/index.ts';
import type { CacheOptions } from './cache.ts';
import type { KubeObject } from './object.ts';
import type { Fault } from './testing/faults.ts';
import type { Cache, KubeClient } from './types.ts';

const FAULTS: Fault[] = ['lost', 'refused', 'unavailable', 'throttled', 'expired', 'late', 'torn'];
const SPACES = ['default', 'kube-system'];

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('put' as const, 'delete' as const, 'unlabel' as const),
      namespace: fc.constantFrom(...SPACES),
      name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      value: fc.nat(99).map(String),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('fault' as const), fault: fc.constantFrom(...FAULTS) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('cut' as const, 'drop' as const, 'compact' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('mute' as const) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(0, 300, 3_000, 40_000),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const shown = (objects: readonly KubeObject[]): string[] =>
  objects
    .map(
      ({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}@${metadata.resourceVersion}`,
    )
    .sort();

/** A cache, and what it told put together again. */
function followed(options: CacheOptions<KubeObject>) {
  const cache: Cache<KubeObject> = createCache(options);
  const told = new Map<string, KubeObject>();
  const wrong: string[] = [];
  cache.onChange(({ type, object }) => {
    const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    if (told.has(key) === (type === 'added')) wrong.push(`${type} ${key}`);
    if (type === 'deleted') told.delete(key);
    else told.set(key, object);
  });
  return { cache, told, wrong };
}

async function write(
  client: KubeClient,
  { do: what, namespace, name, value }: Extract<Step, { name: string }>,
): Promise<void> {
  const at = { namespace, name };
  if (what === 'delete') {
    await client.delete(ConfigMapKind, at);
    return;
  }
  const labels = { mine: what === 'put' ? 'yes' : null };
  const changed = await client.patch(ConfigMapKind, at, { data: { value }, metadata: { labels } });
  if (changed !== undefined || what === 'unlabel') return;
  await client.create(ConfigMapKind, aConfigMap(name, { namespace, labels: { mine: 'yes' } }));
}

async function live(steps: readonly Step[]): Promise<void> {
  const clock = createSteppedClock();
  const { client: direct, cluster, fetch } = aCluster();
  const faults = createFaults(fetch, clock);
  const client = createKubeClient({ fetch: faults.fetch, clock, pageSize: 2 });
  const shared = { client, clock, log: silentLog, labelSelector: 'mine=yes' };
  const all = [
    followed({ ...shared, kind: ConfigMapKind }),
    followed({ ...shared, kind: ConfigMapKind, namespaces: SPACES }),
    followed({ ...shared, kind: metadataOnly(ConfigMapKind), namespaces: ['default'] }),
  ];
  const stop = new AbortController();
  const ended = Promise.all(all.map(({ cache }) => cache.run(stop.signal)));
  const happens = {
    cut: () => {
      faults.cut();
    },
    mute: () => {
      faults.mute();
    },
    drop: () => {
      cluster.dropWatches();
    },
    compact: () => {
      cluster.compact();
    },
    restart: () => {
      cluster.dropWatches();
      cluster.compact();
      for (let request = 0; request < 4; request += 1) faults.next('refused');
    },
  };
  const pass = async (ms: number): Promise<void> => {
    await settle(6);
    clock.advance(ms);
    await settle(6);
  };
  for (const each of steps) {
    if (each.do === 'fault') faults.next(each.fault);
    else if (each.do === 'pass') await pass(each.ms);
    else if ('name' in each) await write(direct, each);
    else happens[each.do]();
  }
  faults.clear();
  // Longer than a silence goes unnoticed and than the longest back-off.
  for (let round = 0; round < 10; round += 1) await pass(40_000);
  for (const { cache, told, wrong } of all) {
    expect(cache.synced).toBe(true);
    expect(wrong).toEqual([]);
    expect(shown([...told.values()])).toEqual(shown(cache.list()));
  }
  const { items } = await direct.list(ConfigMapKind, { labelSelector: 'mine=yes' });
  const inDefault = items.filter(({ metadata }) => metadata.namespace === 'default');
  expect(all.map(({ cache }) => shown(cache.list()))).toEqual([
    shown(items),
    shown(items),
    shown(inDefault),
  ]);
  stop.abort();
  await ended;
}

test('after any history of faults a cache equals the list of the server', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), live), {
    numRuns: 30,
  });
}, 60_000);

test('a fault that is not one of the network is not taken for one', async () => {
  const { fetch } = aCluster();
  const faults = createFaults(fetch, createSteppedClock());
  const client = createKubeClient({ fetch: faults.fetch });
  for (const fault of ['refused', 'expired', 'torn'] as const) {
    faults.next(fault);
    const call = client.create(ConfigMapKind, aConfigMap(`made-while-${fault}`));
    await expect(call).rejects.toSatisfy((error) => isKubeError(error));
  }
});
