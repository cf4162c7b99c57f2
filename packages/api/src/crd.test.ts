import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { crdFileName, customResourceDefinitions } from './crd.ts';

const CHART = new URL('../../../charts/gha-runner-scale-set-controller/crds/', import.meta.url);
const CLIENT_SIDE_APPLY_LIMIT = 262_144;

const definitions = customResourceDefinitions().map((definition) => ({
  name: definition.metadata.name,
  definition,
}));

describe.each(definitions)('$name', ({ definition }) => {
  test('is in the chart as generated (pnpm generate)', async () => {
    const content = await readFile(new URL(crdFileName(definition), CHART), 'utf8');
    expect(parse(content)).toEqual(definition);
  });

  test('can be applied by the client', async () => {
    const content = await readFile(new URL(crdFileName(definition), CHART), 'utf8');
    expect(content.length).toBeLessThan(CLIENT_SIDE_APPLY_LIMIT);
  });

  test('shows no column without a field behind it', () => {
    const [version] = (definition as unknown as Definition).spec.versions;
    const schema = version?.schema.openAPIV3Schema;
    const missing = version?.additionalPrinterColumns
      .map(({ jsonPath }) => jsonPath)
      .filter((path) => !path.startsWith('.metadata') && !hasField(schema, path));
    expect(missing).toEqual([]);
  });

  test('is a structural schema: every field has a type', () => {
    const [version] = (definition as unknown as Definition).spec.versions;
    expect(untyped(version?.schema.openAPIV3Schema, '')).toEqual([]);
  });
});

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema;
}

interface Definition {
  spec: {
    versions: {
      schema: { openAPIV3Schema: Schema };
      additionalPrinterColumns: { jsonPath: string }[];
    }[];
  };
}

function hasField(schema: Schema | undefined, path: string): boolean {
  let at = schema;
  for (const name of path.split('.').slice(1)) at = at?.properties?.[name];
  return at !== undefined;
}

function untyped(schema: Schema | undefined, path: string): string[] {
  if (schema === undefined) return [];
  return [
    ...(schema.type === undefined ? [path] : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
      untyped(field, `${path}.${name}`),
    ),
    ...untyped(schema.items, `${path}[]`),
    ...untyped(schema.additionalProperties, `${path}{}`),
  ];
}
