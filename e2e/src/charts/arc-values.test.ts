// A values file with every option that ARC documents renders, and each of its values arrives in an object.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { findProgram } from '../programs.ts';
import { CHARTS, CONTROLLER, rendererOf, SCALE_SET } from './helm.ts';
import type { Files } from './helm.ts';
import { OURS } from './ours.ts';
import { placesOf } from './reference/values.ts';
import type { Schema } from './reference/values.ts';

const helm = await findProgram('helm');

const CASES = [
  { chart: CONTROLLER, file: 'controller.yaml', variants: [{}] },
  // Modes exclude each other.
  {
    chart: SCALE_SET,
    file: 'scale-set.yaml',
    variants: [
      {},
      { containerMode: { type: 'dind' } },
      { containerMode: { type: 'kubernetes-novolume' } },
      { containerMode: { type: 'none' } },
      { githubConfigSecret: 'the-name-of-a-secret' },
    ],
  },
] as const;

describe.each(CASES)("ARC's values of $chart", ({ chart, file, variants }) => {
  const values = async (): Promise<Record<string, unknown>> => {
    const text = await readFile(new URL(`arc-values/${file}`, import.meta.url), 'utf8');
    return parse(text) as Record<string, unknown>;
  };

  test('are all in the file', async () => {
    const schema = await readFile(join(CHARTS, chart, 'values.schema.json'), 'utf8');
    const places = placesOf(JSON.parse(schema) as Schema);
    const isArcs = (path: string): boolean =>
      !OURS[chart].some((own) => path === own || path.startsWith(`${own}.`));
    const given = await values();
    const missing = places
      .filter(({ path, isDeprecated }) => !isDeprecated && isArcs(path))
      .filter(({ path }) => at(given, path) === undefined);
    expect(missing.map(({ path }) => path)).toEqual([]);
  });

  // It starts Helm once a variant.
  test.skipIf(helm === undefined)('arrive, each of them', { timeout: 30_000 }, async () => {
    const given = await values();
    const texts: string[] = [];
    for (const variant of variants) {
      const files = await rendererOf(helm ?? '')({
        chart,
        release: 'test',
        values: { ...given, ...variant },
      });
      texts.push(textOf(files));
    }
    const all = texts.join('\n');
    const lost = scalarsIn(given).filter(
      (scalar) => typeof scalar !== 'boolean' && !all.includes(String(scalar)),
    );
    expect(lost).toEqual([]);
  });
});

const at = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((found, key) => (found as Record<string, unknown> | undefined)?.[key], value);

const scalarsIn = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value).flatMap(scalarsIn) : [value];

/** With what Secrets hold as it is. */
const textOf = (files: Files): string =>
  files.names
    .flatMap((name) => files.all(name))
    .map((object) => {
      const held = object.kind === 'Secret' ? Object.values(object.data) : [];
      const plain = held.map((text) => Buffer.from(text, 'base64').toString());
      return [JSON.stringify(object), ...plain].join('\n');
    })
    .join('\n');
