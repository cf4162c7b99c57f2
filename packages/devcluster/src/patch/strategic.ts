// Strategic merge patch: a merge patch that knows from the schema which lists are keyed, as kubectl apply uses it.
import { isEqual, isObject, objectAt, stringAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { fieldSchema, PRESERVE } from '../schema/shape.ts';
import type { Schema } from '../schema/shape.ts';
import { badRequest } from '../status.ts';

const DIRECTIVE = '$patch';
const RETAIN = '$retainKeys';
const ORDER = '$setElementOrder/';
const DELETE_FROM = '$deleteFromPrimitiveList/';

const isDirective = (key: string): boolean =>
  key === DIRECTIVE || key === RETAIN || key.startsWith(ORDER) || key.startsWith(DELETE_FROM);

export function strategicMergePatch(target: unknown, patch: unknown, schema?: Schema): unknown {
  if (!isObject(patch)) throw badRequest('a strategic merge patch is an object');
  return mergeObject(isObject(target) ? target : {}, patch, schema ?? PRESERVE);
}

function mergeObject(target: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === 'delete') return {};
  if (directive === 'replace') return withoutDirectives(patch);
  const merged = retained(target, patch[RETAIN]);
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM)) dropValues(merged, key.slice(DELETE_FROM.length), value);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(ORDER)) sortOnly(merged, patch, { key, schema });
    if (isDirective(key)) continue;
    if (value === null) Reflect.deleteProperty(merged, key);
    else merged[key] = mergeValue(merged[key], value, listing(schema, key, patch));
  }
  return merged;
}

function mergeValue(target: unknown, patch: unknown, { schema, wanted }: Listing): unknown {
  if (isObject(patch)) return mergeObject(isObject(target) ? target : {}, patch, schema);
  return Array.isArray(patch) ? mergeList(target, patch, { ...keyed(schema), wanted }) : patch;
}

interface Listing {
  schema: Schema;
  /** The order that the patch asks for. */
  wanted: unknown;
}

function listing(schema: Schema, field: string, patch: JsonObject): Listing {
  const inner = fieldSchema(schema, field);
  return { schema: inner === 'unknown' ? PRESERVE : inner, wanted: patch[`${ORDER}${field}`] };
}

/** How a list is merged; without a `key` its items are plain values. */
interface Merging {
  isMerged: boolean;
  key: string | undefined;
  items: Schema;
  /** The order of its items that the patch asks for. */
  wanted?: unknown;
}

const keyed = (schema: Schema): Merging => ({
  isMerged: (stringAt(schema, 'x-kubernetes-patch-strategy') ?? '').includes('merge'),
  key: stringAt(schema, 'x-kubernetes-patch-merge-key'),
  items: objectAt(schema, 'items') ?? PRESERVE,
});

function mergeList(target: unknown, patch: unknown[], merging: Merging): unknown[] {
  if (!merging.isMerged) return patch.map(stripped);
  const current: unknown[] = Array.isArray(target) ? target : [];
  if (patch.some((item) => isObject(item) && item[DIRECTIVE] === 'replace')) {
    return patch.filter((item) => !isObject(item) || item[DIRECTIVE] === undefined).map(stripped);
  }
  const merged = [...current];
  for (const item of patch) mergeItem(merged, item, merging);
  const named = Array.isArray(merging.wanted) ? merging.wanted : patch;
  return ordered(merged, { current, wanted: named, merging });
}

const identity = (item: unknown, { key }: Merging): unknown =>
  key !== undefined && isObject(item) ? item[key] : item;

const indexIn = (list: unknown[], item: unknown, merging: Merging): number =>
  list.findIndex((other) => isEqual(identity(other, merging), identity(item, merging)));

function mergeItem(merged: unknown[], item: unknown, merging: Merging): void {
  const at = indexIn(merged, item, merging);
  if (!isObject(item)) {
    if (at < 0) merged.push(item);
  } else if (item[DIRECTIVE] === 'delete') {
    if (at >= 0) merged.splice(at, 1);
  } else {
    const known = at < 0 ? undefined : merged[at];
    const next = mergeObject(isObject(known) ? known : {}, item, merging.items);
    if (at < 0) merged.push(next);
    else merged[at] = next;
  }
}

interface Ordering {
  current: unknown[];
  wanted: unknown[];
  merging: Merging;
}

/**
 * What the patch names comes in the order of the patch; what only the server has keeps its place before
 * those that were behind it, and else comes last. This is how the real server merges the two.
 */
function ordered(merged: unknown[], { current, wanted, merging }: Ordering): unknown[] {
  const rank = (list: unknown[], item: unknown): number => indexIn(list, item, merging);
  const ranked = (items: unknown[], by: unknown[]): unknown[] =>
    items.sort((a, b) => rank(by, a) - rank(by, b));
  const named = ranked(
    merged.filter((item) => rank(wanted, item) >= 0),
    wanted,
  );
  const others = ranked(
    merged.filter((item) => rank(wanted, item) < 0),
    current,
  );
  const all: unknown[] = [];
  while (named.length > 0 && others.length > 0) {
    const [left, right] = [rank(current, others[0]), rank(current, named[0])];
    all.push(left >= 0 && right >= 0 && left < right ? others.shift() : named.shift());
  }
  return [...all, ...named, ...others];
}

/** An order for a list that the patch does not change otherwise. */
function sortOnly(
  merged: JsonObject,
  patch: JsonObject,
  { key, schema }: { key: string; schema: Schema },
): void {
  const field = key.slice(ORDER.length);
  const current = merged[field];
  const { schema: its, wanted } = listing(schema, field, patch);
  if (patch[field] !== undefined || !Array.isArray(current) || !Array.isArray(wanted)) return;
  const merging = keyed(its);
  merged[field] = ordered([...(current as unknown[])], { current, wanted, merging });
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
