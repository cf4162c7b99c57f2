// What a merge patch must say to turn one value into another.
import type { JsonObject } from '@muster/kube';

/** Undefined when they are the same. A key that is gone is set to null; arrays are replaced whole. */
export function mergePatch(before: JsonObject, after: JsonObject): JsonObject | undefined {
  const patch: JsonObject = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const change = changeOf(before[key], after[key]);
    if (change !== undefined) patch[key] = change;
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}

function changeOf(was: unknown, is: unknown): unknown {
  if (is === undefined) return was === undefined ? undefined : null;
  if (isObject(was) && isObject(is)) return mergePatch(was, is);
  return isSame(was, is) ? undefined : is;
}

function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isSame(item, b[index]));
  }
  if (isObject(a) && isObject(b)) return mergePatch(a, b) === undefined;
  return a === b;
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
