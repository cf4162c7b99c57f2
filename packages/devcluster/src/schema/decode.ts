// From what was sent to an object of its kind: unknown fields are left out, wrong types found.
import { isObject, objectAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { METADATA_SCHEMA } from './kinds.ts';
import { fieldSchema, keepsUnknown } from './shape.ts';
import type { Schema } from './shape.ts';

export interface Decoded {
  /** New all through, but for what the schema says nothing of. */
  value: JsonObject;
  /** Paths of fields that the schema does not name. */
  unknown: string[];
  /** What could not be read, for built-in kinds: custom ones are told so by validation. */
  wrong: string[];
}

const TEXT: Schema = { type: 'string' };
const ROOT: Record<string, Schema> = {
  apiVersion: TEXT,
  kind: TEXT,
  metadata: METADATA_SCHEMA,
};

/** What a text of a format looks like; other formats are any text. */
const FORMATS: Record<string, RegExp> = {
  byte: /^(?:[A-Za-z0-9+/\s]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\s*$/,
  'date-time': /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/,
  quantity: /^[+-]?(\d+|\d+\.\d*|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/,
};

interface Spot {
  schema: Schema;
  path: string;
}

/** For what is kept as it comes. */
const PRESERVE_WHOLE: Schema = {};

/** `isCustom`: its schema is for pruning only, and a null is a value. */
export function decode(schema: Schema, root: JsonObject, isCustom: boolean): Decoded {
  const unknown: string[] = [];
  const wrong: string[] = [];

  const fieldOf = (at: Schema, field: string): Schema | 'unknown' => {
    const isWhole = at === schema || at['x-kubernetes-embedded-resource'] === true;
    const inner = (isWhole ? ROOT[field] : undefined) ?? fieldSchema(at, field);
    return inner === 'unknown' && keepsUnknown(at) ? PRESERVE_WHOLE : inner;
  };

  const objectOf = (value: JsonObject, { schema: at, path }: Spot): JsonObject => {
    const decoded: JsonObject = {};
    for (const [field, item] of Object.entries(value)) {
      const its = path === '' ? field : `${path}.${field}`;
      const inner = fieldOf(at, field);
      // Go reads a null as no value; only custom kinds know it.
      if (item === undefined || (item === null && !isCustom)) continue;
      if (inner === PRESERVE_WHOLE) decoded[field] = item;
      else if (inner !== 'unknown') decoded[field] = valueOf(item, { schema: inner, path: its });
      else unknown.push(its);
    }
    return decoded;
  };

  const valueOf = (value: unknown, spot: Spot): unknown => {
    if (!isCustom) {
      const problem = mismatch(spot.schema, value);
      if (problem !== undefined) wrong.push(`${spot.path}: ${problem}`);
    }
    if (isObject(value)) return objectOf(value, spot);
    if (Array.isArray(value)) {
      const items = objectAt(spot.schema, 'items');
      if (items === undefined) return value;
      return value.map((item, index) =>
        valueOf(item, { schema: items, path: `${spot.path}[${index}]` }),
      );
    }
    return spot.schema['format'] === 'quantity' ? String(value) : value;
  };

  return { value: objectOf(root, { schema, path: '' }), unknown, wrong };
}

const isWhole = (value: unknown): boolean => Number.isInteger(value) || typeof value === 'bigint';

const typeOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value);

/** Why Go would not read this value into a field of that type. */
function mismatch(schema: Schema, value: unknown): string | undefined {
  const given = typeOf(value);
  const { type, format } = schema;
  const told = (wanted: string): string => `json: cannot unmarshal ${given} into a ${wanted}`;
  if (schema['x-kubernetes-int-or-string'] === true) {
    return given === 'string' || isWhole(value) ? undefined : told('number or string');
  }
  // A quantity may be a plain number.
  if (format === 'quantity') return misshapen(format, String(value));
  if (type === 'integer') return isWhole(value) ? undefined : told('whole number');
  if (typeof type === 'string' && type !== given) return told(type);
  return typeof value === 'string' ? misshapen(format, value) : undefined;
}

function misshapen(format: unknown, text: string): string | undefined {
  const shape = typeof format === 'string' ? FORMATS[format] : undefined;
  return shape && !shape.test(text) ? `${JSON.stringify(text)} is no ${String(format)}` : undefined;
}
