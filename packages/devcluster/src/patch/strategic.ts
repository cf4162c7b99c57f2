// Strategic merge patch: a merge patch that knows which lists are keyed, as kubectl apply uses it.
import { isEqual, isObject, objectsAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { badRequest } from '../status.ts';

/** The merge key of a list by the name of its field. Lists that are not here are replaced whole. */
const MERGE_KEYS: Record<string, string[]> = {
  addresses: ['type'],
  conditions: ['type'],
  containers: ['name'],
  env: ['name'],
  ephemeralContainers: ['name'],
  hostAliases: ['ip'],
  hostIPs: ['ip'],
  imagePullSecrets: ['name'],
  initContainers: ['name'],
  ownerReferences: ['uid'],
  podIPs: ['ip'],
  ports: ['containerPort', 'port'],
  resourceClaims: ['name'],
  schedulingGates: ['name'],
  secrets: ['name'],
  taints: ['key'],
  topologySpreadConstraints: ['topologyKey'],
  volumeDevices: ['devicePath'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
};

/** Lists of plain values that are merged as sets. */
const SETS = new Set(['finalizers', 'podCIDRs']);

const DIRECTIVE = '$patch';
const RETAIN = '$retainKeys';
const ORDER = '$setElementOrder/';
const DELETE_FROM = '$deleteFromPrimitiveList/';

const isDirective = (key: string): boolean =>
  key === DIRECTIVE || key === RETAIN || key.startsWith(ORDER) || key.startsWith(DELETE_FROM);

export function strategicMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) throw badRequest('a strategic merge patch is an object');
  return mergeObject(isObject(target) ? target : {}, patch);
}

function mergeObject(target: JsonObject, patch: JsonObject): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === 'delete') return {};
  if (directive === 'replace') return withoutDirectives(patch);
  const merged = retained(target, patch[RETAIN]);
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM)) dropValues(merged, key.slice(DELETE_FROM.length), value);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (isDirective(key)) continue;
    if (value === null) Reflect.deleteProperty(merged, key);
    else merged[key] = mergeValue(key, merged[key], value);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(ORDER)) order(merged, key.slice(ORDER.length), value);
  }
  return merged;
}

const isList = (value: unknown): value is unknown[] => Array.isArray(value);

function mergeValue(field: string, target: unknown, patch: unknown): unknown {
  if (isObject(patch)) return mergeObject(isObject(target) ? target : {}, patch);
  if (!isList(patch)) return patch;
  const current = isList(target) ? target : [];
  if (SETS.has(field)) {
    return [...current, ...patch.filter((item) => !current.includes(item))];
  }
  const key = mergeKey(field, [...patch, ...current]);
  return key === undefined
    ? patch.map(stripped)
    : mergeList(current.filter(isObject), patch.filter(isObject), key);
}

/** A field name may stand for two lists (a container's ports, a service's): the items tell. */
function mergeKey(field: string, items: unknown[]): string | undefined {
  const keys = Object.hasOwn(MERGE_KEYS, field) ? MERGE_KEYS[field] : undefined;
  return keys?.find((key) => items.some((item) => isObject(item) && key in item));
}

function mergeList(current: JsonObject[], patch: JsonObject[], key: string): JsonObject[] {
  if (patch.some((item) => item[DIRECTIVE] === 'replace')) {
    return patch.filter((item) => item[DIRECTIVE] !== 'replace').map(withoutDirectives);
  }
  const merged = [...current];
  for (const item of patch) {
    const at = merged.findIndex((candidate) => isEqual(candidate[key], item[key]));
    if (item[DIRECTIVE] === 'delete') {
      if (at >= 0) merged.splice(at, 1);
    } else if (at >= 0) merged[at] = mergeObject(merged[at] ?? {}, item);
    else merged.push(mergeObject({}, item));
  }
  return merged;
}

const stripped = (value: unknown): unknown => (isObject(value) ? withoutDirectives(value) : value);

/** Null means absent in a patch, so it does not survive in what the patch brings as a whole. */
function withoutDirectives(patch: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(patch)
      .filter(([key, value]) => !isDirective(key) && value !== null)
      .map(([key, value]) => [key, Array.isArray(value) ? value.map(stripped) : stripped(value)]),
  );
}

function retained(target: JsonObject, keys: unknown): JsonObject {
  if (!Array.isArray(keys)) return { ...target };
  return Object.fromEntries(Object.entries(target).filter(([key]) => keys.includes(key)));
}

function dropValues(target: JsonObject, field: string, values: unknown): void {
  const current = target[field];
  if (!Array.isArray(current) || !Array.isArray(values)) return;
  target[field] = current.filter((item) => !values.includes(item));
}

/** Items named by the order come in that order; others keep their place after the one before them. */
function order(target: JsonObject, field: string, wanted: unknown): void {
  const current = target[field];
  if (!Array.isArray(current) || !Array.isArray(wanted)) return;
  const key = mergeKey(field, objectsAt(target, field));
  const identity = (item: unknown): unknown =>
    key !== undefined && isObject(item) ? item[key] : item;
  const ranks = new Map(wanted.map((item, index) => [identity(item), index]));
  let last = -1;
  const ranked = current.map((item: unknown) => {
    last = ranks.get(identity(item)) ?? last;
    return { item, rank: last };
  });
  target[field] = ranked.sort((a, b) => a.rank - b.rank).map(({ item }) => item);
}
