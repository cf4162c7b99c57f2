// Structural schemas: taking away what they do not name, and filling in defaults.
import { isObject, objectAt } from '../json.ts';
import type { JsonObject } from '../json.ts';

export type Schema = JsonObject;

export const PRESERVE: Schema = { 'x-kubernetes-preserve-unknown-fields': true };

export const keepsUnknown = (schema: Schema): boolean =>
  schema['x-kubernetes-preserve-unknown-fields'] === true;

/** The schema of a field: its own, or that of a map's values. */
export function fieldSchema(schema: Schema, field: string): Schema | 'unknown' {
  const properties = objectAt(schema, 'properties');
  if (properties && Object.hasOwn(properties, field)) return objectAt(properties, field) ?? {};
  const additional = schema['additionalProperties'];
  if (additional === true) return PRESERVE;
  return isObject(additional) ? additional : 'unknown';
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
