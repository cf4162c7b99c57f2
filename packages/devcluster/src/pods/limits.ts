// What a namespace's LimitRanges give containers, and what they refuse them.
import { objectAt, objectsAt, stringAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../object.ts';
import { parseQuantity } from '../quantity.ts';
import { forbidden } from '../status.ts';
import { TABLES } from '../world.ts';
import type { Target, World } from '../world.ts';

const texts = (amounts: JsonObject | undefined): [string, string][] =>
  Object.entries(amounts ?? {}).map(([name, amount]) => [name, String(amount)]);

const limitsOf = (world: World, namespace: string | undefined): JsonObject[] =>
  world.store
    .list(TABLES.limitRanges, namespace)
    .flatMap((range) => objectsAt(objectAt(range, 'spec'), 'limits'))
    .filter(({ type }) => type === 'Container');

/** Limits of containers only; those of whole pods and of claims are left to larger clusters. */
export function admitToLimits(world: World, target: Target, pod: KubeObject): void {
  const { resource, namespace } = target;
  if (namespace === undefined || world.store.count(TABLES.limitRanges, namespace) === 0) return;
  const spec = objectAt(pod, 'spec');
  const containers = [...objectsAt(spec, 'initContainers'), ...objectsAt(spec, 'containers')];
  for (const limit of limitsOf(world, namespace)) {
    for (const container of containers) {
      complete(container, limit);
      const problem = transgression(container, limit);
      if (problem) throw forbidden({ ...resource, name: pod.metadata.name }, problem);
    }
  }
}

function complete(container: JsonObject, limit: JsonObject): void {
  const given = objectAt(container, 'resources') ?? {};
  const limits = { ...objectAt(limit, 'default'), ...objectAt(given, 'limits') };
  const requests = { ...objectAt(limit, 'defaultRequest'), ...objectAt(given, 'requests') };
  const some = (amounts: JsonObject, key: string): JsonObject =>
    Object.keys(amounts).length === 0 ? {} : { [key]: amounts };
  container['resources'] = { ...given, ...some(limits, 'limits'), ...some(requests, 'requests') };
}

function transgression(container: JsonObject, limit: JsonObject): string | undefined {
  const resources = objectAt(container, 'resources');
  const amount = (list: string, name: string): string | undefined =>
    stringAt(objectAt(resources, list), name);
  for (const [name, max] of texts(objectAt(limit, 'max'))) {
    const has = amount('limits', name);
    const told = `maximum ${name} usage per Container is ${max}`;
    if (has === undefined) return `${told}.  No limit is specified`;
    if (parseQuantity(has) > parseQuantity(max)) return `${told}, but limit is ${has}`;
  }
  for (const [name, min] of texts(objectAt(limit, 'min'))) {
    const has = amount('requests', name);
    const told = `minimum ${name} usage per Container is ${min}`;
    if (has === undefined) return `${told}.  No request is specified`;
    if (parseQuantity(has) < parseQuantity(min)) return `${told}, but request is ${has}`;
  }
  return undefined;
}
