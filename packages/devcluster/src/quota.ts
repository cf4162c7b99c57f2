// ResourceQuota: counts of objects, and what pods request and may use.
import { isEqual, objectAt, objectsAt, stringAt } from './json.ts';
import type { JsonObject } from './json.ts';
import type { KubeObject } from './object.ts';
import { formatQuantity, parseQuantity } from './quantity.ts';
import type { StoreEvent } from './store.ts';
import { forbidden } from './status.ts';
import { TABLES } from './world.ts';
import type { Target, World } from './world.ts';

/** What a key of a quota is about: objects of a table, or a resource of pods. */
type Measure =
  { of: 'objects'; table: string } | { of: 'pods'; list: 'requests' | 'limits'; resource: string };

const COMPUTED = ['cpu', 'memory', 'ephemeral-storage'];

function measureOf(key: string): Measure {
  const [, list = 'requests', resource = key] = /^(requests|limits)\.(.+)$/.exec(key) ?? [];
  if (list === 'limits' || resource !== key || COMPUTED.includes(key)) {
    return { of: 'pods', list: list === 'limits' ? 'limits' : 'requests', resource };
  }
  return { of: 'objects', table: key.replace(/^count\//, '') };
}

// A pod that has ended no longer counts as `pods`, but still as `count/pods`: it is stored.
function hasEnded(object: KubeObject): boolean {
  const phase = stringAt(objectAt(object, 'status'), 'phase');
  return phase === 'Succeeded' || phase === 'Failed';
}

const containersOf = (pod: KubeObject): JsonObject[] =>
  objectsAt(objectAt(pod, 'spec'), 'containers');

const amountOf = (container: JsonObject, list: string, resource: string): string | undefined =>
  stringAt(objectAt(objectAt(container, 'resources'), list), resource);

const weigh = (pod: KubeObject, list: string, resource: string): number =>
  containersOf(pod).reduce(
    (sum, container) => sum + parseQuantity(amountOf(container, list, resource) ?? '0'),
    0,
  );

/** How much of a key an object takes. */
function share(key: string, table: string, object: KubeObject): number {
  const measure = measureOf(key);
  if (measure.of === 'objects') {
    return measure.table === table && !(key === 'pods' && hasEnded(object)) ? 1 : 0;
  }
  if (table !== TABLES.pods || hasEnded(object)) return 0;
  return weigh(object, measure.list, measure.resource);
}

function used(world: World, namespace: string, key: string): number {
  const measure = measureOf(key);
  const table = measure.of === 'objects' ? measure.table : TABLES.pods;
  return world.store
    .list(table, namespace)
    .reduce((sum, object) => sum + share(key, table, object), 0);
}

const hardOf = (quota: KubeObject): [string, string][] =>
  Object.entries(objectAt(objectAt(quota, 'spec'), 'hard') ?? {}).map(([key, limit]) => [
    key,
    String(limit),
  ]);

const isBinary = (limit: string): boolean => limit.endsWith('i');

/** Comes after validation: only what would really be created counts. */
export function admitToQuotas(world: World, target: Target, draft: KubeObject): void {
  const { resource, namespace } = target;
  if (namespace === undefined || world.store.count(TABLES.quotas, namespace) === 0) return;
  for (const quota of world.store.list(TABLES.quotas, namespace)) {
    const refuse = (why: string): never => {
      throw forbidden({ ...resource, name: draft.metadata.name }, why);
    };
    for (const [key, limit] of hardOf(quota)) {
      const silent = resource.table === TABLES.pods ? withoutAmount(key, draft) : undefined;
      const { name } = quota.metadata;
      if (silent !== undefined) refuse(`failed quota: ${name}: must specify ${key} for: ${silent}`);
      const asked = share(key, resource.table, draft);
      const now = asked === 0 ? 0 : used(world, namespace, key);
      if (asked === 0 || now + asked <= parseQuantity(limit)) continue;
      const told = (value: number): string => `${key}=${formatQuantity(value, isBinary(limit))}`;
      const facts = `requested: ${told(asked)}, used: ${told(now)}, limited: ${key}=${limit}`;
      refuse(`exceeded quota: ${name}, ${facts}`);
    }
  }
}

/** The containers that do not say how much they take of a resource that is limited. */
function withoutAmount(key: string, pod: KubeObject): string | undefined {
  const measure = measureOf(key);
  if (measure.of === 'objects') return undefined;
  const silent = containersOf(pod)
    .filter((container) => amountOf(container, measure.list, measure.resource) === undefined)
    .map((container) => stringAt(container, 'name') ?? '');
  return silent.length === 0 ? undefined : silent.join(',');
}

/** Keeps `status.used` of the quotas in a namespace right after each change in it. */
export function recountQuotas(world: World, { object }: StoreEvent): void {
  const { namespace } = object.metadata;
  if (namespace === undefined || world.store.count(TABLES.quotas, namespace) === 0) return;
  for (const quota of world.store.list(TABLES.quotas, namespace)) {
    const hard = hardOf(quota);
    const amounts = hard.map(([key, limit]) => [
      key,
      formatQuantity(used(world, namespace, key), isBinary(limit)),
    ]);
    const status = {
      hard: Object.fromEntries(hard),
      used: Object.fromEntries(amounts) as JsonObject,
    };
    if (!isEqual(quota['status'], status)) world.store.put(TABLES.quotas, { ...quota, status });
  }
}
