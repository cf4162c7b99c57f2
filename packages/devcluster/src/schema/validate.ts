// Structural schemas: what is wrong with a value, in the words of the real server.
import { isEqual, isObject, objectAt, objectsAt, stringAt, stringsAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import {
  duplicate,
  invalidValue,
  required,
  tooLong,
  tooMany,
  unsupportedValue,
  wrongFormat,
  wrongType,
} from '../status.ts';
import type { Cause } from '../status.ts';
import type { Schema } from './shape.ts';

export function violations(schema: Schema, value: unknown, path = ''): Cause[] {
  if (value === null && schema['nullable'] === true) return [];
  const mismatch = typeCauses(schema, value, path);
  if (mismatch.length > 0) return mismatch;
  return [
    ...enumCauses(schema, value, path),
    ...combinedCauses(schema, value, path),
    ...innerCauses(schema, value, path),
  ];
}

function innerCauses(schema: Schema, value: unknown, path: string): Cause[] {
  if (typeof value === 'string') return stringCauses(schema, value, path);
  if (typeof value === 'number') return numberCauses(schema, value, path);
  if (Array.isArray(value)) return listCauses(schema, value, path);
  return isObject(value) ? objectCauses(schema, value, path) : [];
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function typeCauses(schema: Schema, value: unknown, path: string): Cause[] {
  const given = typeOf(value);
  if (schema['x-kubernetes-int-or-string'] === true) {
    const fits = given === 'integer' || given === 'string';
    return fits ? [] : [wrongType(path, given, 'integer,string')];
  }
  const wanted = stringAt(schema, 'type');
  if (wanted === undefined || wanted === given) return [];
  if (wanted === 'number' && given === 'integer') return [];
  return [wrongType(path, given, wanted)];
}

function enumCauses(schema: Schema, value: unknown, path: string): Cause[] {
  const allowed = schema['enum'];
  if (!Array.isArray(allowed) || allowed.some((item) => isEqual(item, value))) return [];
  return [unsupportedValue(path, value, allowed)];
}

const body = (path: string, rule: string): string => `${path} in body should ${rule}`;

/** Only the checks that a schema asks for, each with its limit. */
function limits(
  schema: Schema,
  checks: Record<string, (limit: number) => string | undefined>,
): string[] {
  return Object.entries(checks).flatMap(([keyword, check]) => {
    const limit = schema[keyword];
    const problem = typeof limit === 'number' ? check(limit) : undefined;
    return problem === undefined ? [] : [problem];
  });
}

function numberCauses(schema: Schema, value: number, path: string): Cause[] {
  const above = schema['exclusiveMinimum'] === true;
  const below = schema['exclusiveMaximum'] === true;
  const problems = limits(schema, {
    minimum: (limit) =>
      value < limit || (above && value === limit)
        ? `be greater than ${above ? '' : 'or equal to '}${limit}`
        : undefined,
    maximum: (limit) =>
      value > limit || (below && value === limit)
        ? `be less than ${below ? '' : 'or equal to '}${limit}`
        : undefined,
    multipleOf: (factor) => (value % factor === 0 ? undefined : `be a multiple of ${factor}`),
  });
  return problems.map((problem) => invalidValue(path, value, body(path, problem)));
}

/** Formats with one well-known shape; the others are accepted as they are. */
const FORMATS: Record<string, RegExp> = {
  'date-time': /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/,
  date: /^\d{4}-\d\d-\d\d$/,
  uuid: /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
  byte: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
};

function stringCauses(schema: Schema, value: string, path: string): Cause[] {
  const pattern = stringAt(schema, 'pattern');
  const characters = Array.from(value).length;
  const problems = limits(schema, {
    minLength: (limit) => (characters < limit ? `be at least ${limit} chars long` : undefined),
  }).map((problem) => body(path, problem));
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) {
    problems.push(body(path, `match '${pattern}'`));
  }
  const longest = schema['maxLength'];
  return [
    ...(typeof longest === 'number' && characters > longest ? [tooLong(path, longest)] : []),
    ...problems.map((problem) => invalidValue(path, value, problem)),
    ...formatCauses(schema, value, path),
  ];
}

function formatCauses(schema: Schema, value: string, path: string): Cause[] {
  const format = stringAt(schema, 'format') ?? '';
  const shape = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  return !shape || shape.test(value) ? [] : [wrongFormat(path, value, format)];
}

/** More items than allowed are told apart from all other limits. */
function surplus(path: string, has: number, limit: unknown): Cause[] {
  return typeof limit === 'number' && has > limit ? [tooMany(path, { has, limit })] : [];
}

function listCauses(schema: Schema, list: unknown[], path: string): Cause[] {
  const items = objectAt(schema, 'items');
  const problems = limits(schema, {
    minItems: (limit) => (list.length < limit ? `have at least ${limit} items` : undefined),
  });
  return [
    ...surplus(path, list.length, schema['maxItems']),
    ...problems.map((problem) => invalidValue(path, list.length, body(path, problem))),
    ...duplicateCauses(schema, list, path),
    ...(items ? list.flatMap((item, index) => violations(items, item, `${path}[${index}]`)) : []),
  ];
}

function duplicateCauses(schema: Schema, list: unknown[], path: string): Cause[] {
  const kind = schema['x-kubernetes-list-type'];
  if (kind !== 'map' && kind !== 'set') return [];
  const keys = stringsAt(schema, 'x-kubernetes-list-map-keys');
  const identity = (item: unknown): unknown =>
    kind === 'map' && isObject(item)
      ? Object.fromEntries(keys.map((key) => [key, item[key]]))
      : item;
  return list.flatMap((item, index) =>
    list.slice(0, index).some((other) => isEqual(identity(other), identity(item)))
      ? [duplicate(`${path}[${index}]`, identity(item))]
      : [],
  );
}

function objectCauses(schema: Schema, value: JsonObject, path: string): Cause[] {
  const field = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const properties = objectAt(schema, 'properties') ?? {};
  const additional = schema['additionalProperties'];
  const size = Object.keys(value).length;
  const problems = limits(schema, {
    minProperties: (limit) => (size < limit ? `have at least ${limit} properties` : undefined),
  });
  return [
    ...surplus(path, size, schema['maxProperties']),
    ...problems.map((problem) => invalidValue(path, size, body(path, problem))),
    ...stringsAt(schema, 'required')
      .filter((name) => value[name] === undefined)
      .map((name) => required(field(name))),
    ...Object.entries(value).flatMap(([name, item]) => {
      if (item === undefined) return [];
      const inner = Object.hasOwn(properties, name) ? properties[name] : additional;
      return isObject(inner) ? violations(inner, item, field(name)) : [];
    }),
  ];
}

function combinedCauses(schema: Schema, value: unknown, path: string): Cause[] {
  const fits = (alternative: Schema): boolean => violations(alternative, value, path).length === 0;
  const all = objectsAt(schema, 'allOf').flatMap((part) => violations(part, value, path));
  const anyOf = objectsAt(schema, 'anyOf');
  const oneOf = objectsAt(schema, 'oneOf');
  const not = objectAt(schema, 'not');
  return [
    ...all,
    ...(anyOf.length > 0 && !anyOf.some(fits)
      ? [invalidValue(path, value, `${path} in body must validate at least one schema (anyOf)`)]
      : []),
    ...(oneOf.length > 0 && oneOf.filter(fits).length !== 1
      ? [invalidValue(path, value, `${path} in body must validate one and only one schema (oneOf)`)]
      : []),
    ...(not && fits(not)
      ? [invalidValue(path, value, `${path} in body must not validate the schema (not)`)]
      : []),
  ];
}
