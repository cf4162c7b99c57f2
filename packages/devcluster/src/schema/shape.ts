// Structural schemas: taking away what they do not name, and filling in defaults.
import { isObject, objectAt } from '../json.ts';
import type { JsonObject } from '../json.ts';

export type Schema = JsonObject;

const keepsUnknown = (schema: Schema): boolean =>
  schema['x-kubernetes-preserve-unknown-fields'] === true;

/** The fields that every object has, whatever its schema says of them. */
const ROOT = ['apiVersion', 'kind', 'metadata'];

/** The schema of a field: its own, or that of a map's values. */
function fieldSchema(schema: Schema, field: string): Schema | 'unknown' {
  const properties = objectAt(schema, 'properties');
  if (properties && Object.hasOwn(properties, field)) return objectAt(properties, field) ?? {};
  const additional = schema['additionalProperties'];
  if (additional === true) return { 'x-kubernetes-preserve-unknown-fields': true };
  return isObject(additional) ? additional : 'unknown';
}

/** The value without what its schema does not name. Tells the paths of what it left out. */
export function prune(schema: Schema, root: JsonObject): { value: JsonObject; dropped: string[] } {
  const dropped: string[] = [];
  const pruneObject = (at: Schema, value: JsonObject, path: string): JsonObject => {
    const isWhole = at === schema || at['x-kubernetes-embedded-resource'] === true;
    const entries = Object.entries(value).flatMap(([field, item]) => {
      if (isWhole && ROOT.includes(field)) return [[field, item] as const];
      const inner = fieldSchema(at, field);
      const its = path === '' ? field : `${path}.${field}`;
      if (inner !== 'unknown') return [[field, pruneValue(inner, item, its)] as const];
      if (keepsUnknown(at)) return [[field, item] as const];
      dropped.push(its);
      return [];
    });
    return Object.fromEntries(entries);
  };
  const pruneValue = (at: Schema, value: unknown, path: string): unknown => {
    if (isObject(value)) return pruneObject(at, value, path);
    const items = objectAt(at, 'items');
    if (!Array.isArray(value) || !items) return value;
    return value.map((item, index) => pruneValue(items, item, `${path}[${index}]`));
  };
  return { value: pruneObject(schema, root, ''), dropped };
}

/** Fills in defaults, in place; a null where null is not allowed counts as absent. */
export function fill(schema: Schema, value: unknown): void {
  if (Array.isArray(value)) {
    const items = objectAt(schema, 'items');
    if (items) for (const item of value) fill(items, item);
  } else if (isObject(value)) fillObject(schema, value);
}

function fillObject(schema: Schema, value: JsonObject): void {
  for (const [field, inner] of Object.entries(objectAt(schema, 'properties') ?? {})) {
    if (!isObject(inner) || inner['default'] === undefined) continue;
    const isMissing =
      value[field] === undefined || (value[field] === null && inner['nullable'] !== true);
    if (isMissing) value[field] = structuredClone(inner['default']);
  }
  for (const [field, item] of Object.entries(value)) {
    const inner = fieldSchema(schema, field);
    if (inner !== 'unknown') fill(inner, item);
  }
}
