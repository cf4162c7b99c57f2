// Writes what follows from the charts' schemas and values: the page of every value, and the list by which NOTES name a key
// that nothing reads. `pnpm generate`; CI fails when a file differs.
import { readFile, writeFile } from 'node:fs/promises';
import { describedIn, placesOf } from './values.ts';
import type { Described, Place, Schema } from './values.ts';

const ROOT = new URL('../../../../', import.meta.url);
const CHARTS = ['gha-runner-scale-set-controller', 'gha-runner-scale-set'] as const;

const HEAD = `# Every value of the charts

Made of each chart's \`values.yaml\` by \`pnpm generate\`. All of ARC's values are here with their meaning; what is ours says so. A key
that neither chart reads breaks nothing: NOTES name it after \`helm install\`, with the nearest one that is read.
`;

const cell = (text: string): string => text.replaceAll('|', '\\|');

function row({ path, meaning, byDefault }: Described): string {
  const value =
    byDefault === undefined || byDefault === null ? '' : `\`${JSON.stringify(byDefault)}\``;
  return `| \`${path}\` | ${cell(value)} | ${cell(meaning)} |`;
}

/** A part that is explained by its own parts alone needs no line; nor does its default. */
const rows = (values: readonly Described[], hasPlaces: (path: string) => boolean): string[] =>
  values
    .filter(({ path, meaning }) => meaning !== '' || !hasPlaces(path))
    .map((value) => row(hasPlaces(value.path) ? { ...value, byDefault: undefined } : value));

const knownKeys = (places: readonly Place[]): string =>
  JSON.stringify(Object.fromEntries(places.map(({ path, isOpen }) => [path, !isOpen])));

const template = await readFile(new URL('unknown.tpl', import.meta.url), 'utf8');
const sections: string[] = [];
for (const chart of CHARTS) {
  const folder = new URL(`charts/${chart}/`, ROOT);
  const schema = JSON.parse(
    await readFile(new URL('values.schema.json', folder), 'utf8'),
  ) as Schema;
  const places = placesOf(schema);
  const byPath = new Map(places.map((place) => [place.path, place]));
  const file = await readFile(new URL('values.yaml', folder), 'utf8');
  const values = describedIn(file, (path) => byPath.get(path)?.isDeprecated === false);
  const table = rows(values, (path) => byPath.get(path)?.hasPlaces === true);
  sections.push(
    `## ${chart}`,
    ['| value | default | meaning |', '| --- | --- | --- |', ...table].join('\n'),
  );
  await writeFile(
    new URL('templates/_unknown.tpl', folder),
    template.replace('@KNOWN@', () => knownKeys(places)),
  );
}
await writeFile(new URL('docs/values.md', ROOT), `${[HEAD.trimEnd(), ...sections].join('\n\n')}\n`);
