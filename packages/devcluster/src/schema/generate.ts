// Writes `kinds.json`: the schemas of the built-in kinds as the cluster of MUSTER_TEST_KUBECONFIG, a real one,
// describes them, without prose. Run it when the dev cluster is to be as a later Kubernetes:
// `MUSTER_TEST_KUBECONFIG=… pnpm generate:kinds`
import { writeFile } from 'node:fs/promises';
import { builtinResources } from '../builtin.ts';
import { openTarget } from '../conformance/target.ts';
import { isObject, objectAt, objectsAt, stringAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { apiVersionOf } from '../resource.ts';

const REF = '#/components/schemas/';

/** Types that are more to the API than their schema says. */
const SPECIAL: Record<string, JsonObject> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: 'string', format: 'quantity' },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { 'x-kubernetes-int-or-string': true },
};

const KEPT = [
  'type',
  'format',
  'properties',
  'items',
  'additionalProperties',
  '$ref',
  'x-kubernetes-patch-merge-key',
  'x-kubernetes-patch-strategy',
  'x-kubernetes-group-version-kind',
];

/** The part of a schema that the dev cluster asks for. What has no shape is kept as it comes. */
function distilled(schema: JsonObject): JsonObject {
  const [whole] = objectsAt(schema, 'allOf');
  const all: JsonObject = { ...schema, ...whole };
  const name = stringAt(all, '$ref')?.slice(REF.length);
  if (name !== undefined && Object.hasOwn(SPECIAL, name)) return SPECIAL[name] ?? {};
  const entries = KEPT.filter((key) => all[key] !== undefined).map((key) => [key, part(key, all)]);
  const small = Object.fromEntries(entries) as JsonObject;
  const isShapeless =
    ['properties', 'additionalProperties', '$ref', 'items'].every((key) => !(key in small)) &&
    (small['type'] ?? 'object') === 'object';
  return isShapeless ? { ...small, 'x-kubernetes-preserve-unknown-fields': true } : small;
}

function part(key: string, schema: JsonObject): unknown {
  const value = schema[key];
  if (key !== 'properties') return isObject(value) ? distilled(value) : value;
  const fields = Object.entries(objectAt(schema, key) ?? {});
  return Object.fromEntries(
    fields.map(([name, field]) => [name, isObject(field) ? distilled(field) : field]),
  );
}

const named = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(named);
  if (!isObject(value)) return [];
  const ref = stringAt(value, '$ref');
  return [
    ...(ref === undefined ? [] : [ref.slice(REF.length)]),
    ...Object.values(value).flatMap(named),
  ];
};

async function main(): Promise<void> {
  const { admin, close } = await openTarget();
  const kinds = new Map<string, string>();
  const found: Record<string, JsonObject> = {};
  for (const resource of builtinResources(Date.now)) {
    const { group, version, kind } = resource;
    kinds.set(`${group}/${version}/${kind}`, kind);
    const path = `${group === '' ? 'api' : 'apis'}/${apiVersionOf(resource)}`;
    const { body } = await admin.get<JsonObject>(`/openapi/v3/${path}`);
    Object.assign(found, objectAt(objectAt(body, 'components'), 'schemas'));
  }
  await close();
  const isOurs = (schema: JsonObject): boolean =>
    objectsAt(schema, 'x-kubernetes-group-version-kind').some(({ group, version, kind }) =>
      kinds.has(`${String(group)}/${String(version)}/${String(kind)}`),
    );
  const wanted = Object.keys(found).filter((name) => isOurs(found[name] ?? {}));
  const schemas: Record<string, JsonObject> = {};
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (Object.hasOwn(schemas, name)) continue;
    const schema = distilled(found[name] ?? {});
    // Metadata and options are of every group; that list would be all that the file holds.
    if (!isOurs(schema)) delete schema['x-kubernetes-group-version-kind'];
    schemas[name] = schema;
    wanted.push(...named(schema));
  }
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  const lines = Object.entries(sorted).map(
    ([name, schema]) => `${JSON.stringify(name)}: ${JSON.stringify(schema)}`,
  );
  await writeFile(new URL('kinds.json', import.meta.url), `{\n${lines.join(',\n')}\n}\n`);
}

await main();
