// The schemas of the built-in kinds: what `generate.ts` took from a real server.
import { isObject, objectsAt, stringAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import file from './kinds.json' with { type: 'json' };
import type { Schema } from './shape.ts';

/** By the names they have in OpenAPI documents, with references between them. */
export const KIND_SCHEMAS: Record<string, JsonObject> = file;

const REF = '#/components/schemas/';
const resolved = new Map<string, Schema>();

/** A schema with its references followed. A schema may hold itself, so each is made once. */
function whole(name: string): Schema {
  const known = resolved.get(name);
  if (known) return known;
  const schema: Schema = {};
  resolved.set(name, schema);
  return Object.assign(schema, followed(KIND_SCHEMAS[name] ?? {}));
}

function followed(value: JsonObject): Schema {
  const ref = stringAt(value, '$ref');
  const own = Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== ref || ref === undefined)
      .map(([key, item]) => [key, isObject(item) ? followed(item) : item]),
  );
  if (ref === undefined) return own;
  const target = whole(ref.slice(REF.length));
  return Object.keys(own).length === 0
    ? target
    : Object.assign(Object.create(target) as Schema, own);
}

export const METADATA_SCHEMA = whole('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');

const NAMES = new Map(
  Object.entries(KIND_SCHEMAS).flatMap(([name, schema]) =>
    objectsAt(schema, 'x-kubernetes-group-version-kind').map(
      ({ group, version, kind }) => [[group, version, kind].join('/'), name] as const,
    ),
  ),
);

interface Kind {
  group: string;
  version: string;
  kind: string;
}

/** The name of a kind's schema in OpenAPI documents; undefined for kinds that are not built in. */
export const kindSchemaName = ({ group, version, kind }: Kind): string | undefined =>
  NAMES.get([group, version, kind].join('/'));

export const kindSchema = (kind: Kind): Schema | undefined => {
  const name = kindSchemaName(kind);
  return name === undefined ? undefined : whole(name);
};
