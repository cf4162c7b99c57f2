// ResourceQuota: counts of objects are enforced; amounts of cpu and the like are not.
import { isEqual, objectAt, stringAt } from './json.ts';
import type { KubeObject } from './object.ts';
import type { StoreEvent } from './store.ts';
import { forbidden } from './status.ts';
import { TABLES } from './world.ts';
import type { Target, World } from './world.ts';

const tableOf = (key: string): string =>
  key.startsWith('count/') ? key.slice('count/'.length) : key;

// A pod that has ended no longer counts as `pods`, but still as `count/pods`: it is stored.
function counts(key: string, object: KubeObject): boolean {
  const phase = stringAt(objectAt(object, 'status'), 'phase');
  return key !== 'pods' || (phase !== 'Succeeded' && phase !== 'Failed');
}

const hardOf = (quota: KubeObject): [string, number][] =>
  Object.entries(objectAt(objectAt(quota, 'spec'), 'hard') ?? {}).map(([key, limit]) => [
    key,
    Number(limit),
  ]);

const used = (world: World, namespace: string, key: string): number =>
  world.store.list(tableOf(key), namespace).filter((object) => counts(key, object)).length;

/** Comes after validation: only what would really be created counts. */
export function admitToQuotas(
  world: World,
  { resource, namespace }: Target,
  draft: KubeObject,
): void {
  if (namespace === undefined || world.store.count(TABLES.quotas, namespace) === 0) return;
  for (const quota of world.store.list(TABLES.quotas, namespace)) {
    for (const [key, limit] of hardOf(quota)) {
      if (tableOf(key) !== resource.table) continue;
      const now = used(world, namespace, key);
      if (now + 1 <= limit) continue;
      const facts = `requested: ${key}=1, used: ${key}=${now}, limited: ${key}=${limit}`;
      throw forbidden(
        { ...resource, name: draft.metadata.name },
        `exceeded quota: ${quota.metadata.name}, ${facts}`,
      );
    }
  }
}

/** Keeps `status.used` of the quotas in a namespace right after each change in it. */
export function recountQuotas(world: World, { object }: StoreEvent): void {
  const { namespace } = object.metadata;
  if (namespace === undefined || world.store.count(TABLES.quotas, namespace) === 0) return;
  for (const quota of world.store.list(TABLES.quotas, namespace)) {
    const hard = hardOf(quota);
    const status = {
      hard: Object.fromEntries(hard.map(([key, limit]) => [key, String(limit)])),
      used: Object.fromEntries(hard.map(([key]) => [key, String(used(world, namespace, key))])),
    };
    if (!isEqual(quota['status'], status)) world.store.put(TABLES.quotas, { ...quota, status });
  }
}
