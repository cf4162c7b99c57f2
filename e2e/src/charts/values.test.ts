// The schemas, the comments of values.yaml and the page made of them say the same.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { findProgram } from '../programs.ts';
import { HOST_ENV } from '../stories/config.ts';
import { CHARTS, CONTROLLER, rendererOf, SCALE_SET } from './helm.ts';
import type { Files } from './helm.ts';
import { OURS } from './ours.ts';
import { describedIn, placesOf, withExamples } from './reference/values.ts';
import type { Schema } from './reference/values.ts';
import { runTool } from './tool.ts';

const helm = await findProgram('helm');

describe.each([CONTROLLER, SCALE_SET] as const)('the values of %s', (chart) => {
  const file = (name: string): Promise<string> => readFile(join(CHARTS, chart, name), 'utf8');
  const schema = async (): Promise<Schema> =>
    JSON.parse(await file('values.schema.json')) as Schema;

  test('are each explained, and none but those', async () => {
    const places = placesOf(await schema()).filter(({ isDeprecated }) => !isDeprecated);
    const paths = new Set(places.map(({ path }) => path));
    const described = describedIn(await file('values.yaml'), (path) => paths.has(path));
    const found = new Map(described.map((value) => [value.path, value]));
    // The parts of `resourceMeta` are alike, and so are those of a kind.
    const wanted = places.filter(({ path }) => !/^resourceMeta\.\w+\./.test(path));
    expect(wanted.filter(({ path }) => !found.has(path))).toEqual([]);
    const unexplained = wanted.filter(
      ({ path, hasPlaces }) => !hasPlaces && found.get(path)?.meaning === '',
    );
    expect(unexplained).toEqual([]);
    const written = Object.keys(parse(withExamples(await file('values.yaml'))) as object);
    expect(written.filter((key) => !paths.has(key))).toEqual([]);
  });

  const render = (values: object): Promise<Files> =>
    rendererOf(helm ?? '')({ chart, release: 'test', values });

  test.skipIf(helm === undefined)('are such that Helm finds nothing wrong', async () => {
    const args = ['lint', join(CHARTS, chart), '--strict', '--values', '-'];
    const more = { controllerServiceAccount: { name: 'a', namespace: 'b' } };
    const input = JSON.stringify(chart === SCALE_SET ? { ...REQUIRED[chart], ...more } : {});
    const said = await runTool(helm ?? '', args, { env: HOST_ENV, input });
    expect(said).toContain('1 chart(s) linted, 0 chart(s) failed');
    expect(said).not.toMatch(/\[(WARNING|ERROR)\]/);
  });

  // `helm upgrade --reuse-values` gives the chart the values of the one before it.
  test.skipIf(helm === undefined)("render with ARC's alone", async () => {
    const more = { ...REQUIRED[chart], controllerServiceAccount: { name: 'a', namespace: 'b' } };
    const values = { ...(chart === SCALE_SET && more), ...MODE[chart] };
    const absent = Object.fromEntries(OURS[chart].filter(isTop).map((key) => [key, null]));
    const [withOurs, without] = [await render(values), await render({ ...values, ...absent })];
    expect(without.names).toEqual(withOurs.names);
    for (const name of without.names.filter((one) => one !== 'autoscalingrunnerset')) {
      expect(without.all(name)).toEqual(withOurs.all(name));
    }
  });

  test.skipIf(helm === undefined)('render with every example put in', async () => {
    const examples = parse(withExamples(await file('values.yaml'))) as Record<string, unknown>;
    const values = { ...examples, ...REQUIRED[chart] };
    const files = await render(values);
    expect(files.names).toContain(chart === CONTROLLER ? 'deployment' : 'autoscalingrunnerset');
  });
});

const isTop = (path: string): boolean => !path.includes('.') && path !== 'global';

const MODE = { [CONTROLLER]: {}, [SCALE_SET]: { containerMode: { type: 'dind' } } };

const REQUIRED = {
  [CONTROLLER]: {},
  [SCALE_SET]: {
    githubConfigUrl: 'https://github.com/my-org',
    githubConfigSecret: { github_token: 'test' },
  },
};
