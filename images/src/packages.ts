// Which npm packages a bundle holds, with their licences: from the bundler's own account of it.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { parse } from 'yaml';
import { z } from 'zod';

export interface NpmPackage {
  name: string;
  version: string;
  licence: string;
  /** The text of its licence, when it carries one. */
  text?: string;
  /** As in the lockfile: `sha512-` and base64. */
  integrity?: string;
}

const manifestShape = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string(),
});

const lockfileShape = z.object({
  packages: z.record(z.string(), z.object({ resolution: z.object({ integrity: z.string() }) })),
});

const FOLDER = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

const LOCKFILE = new URL('../../pnpm-lock.yaml', import.meta.url);

/** Of all inputs that the bundle kept something of; paths in the account are relative to `root`. */
export async function packagesIn({ outputs }: Metafile, root: string): Promise<NpmPackage[]> {
  const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
  const folders = inputs.map((input) => FOLDER.exec(input)?.[0]).filter((one) => one !== undefined);
  const packages = await packagesAt([...new Set(folders)].map((folder) => join(root, folder)));
  return packages.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Of the folders where they are installed. */
export async function packagesAt(folders: readonly string[]): Promise<NpmPackage[]> {
  const locked = lockfileShape.parse(parse(await readFile(LOCKFILE, 'utf8'))).packages;
  return Promise.all(
    folders.map(async (folder) => {
      const found = await packageAt(folder);
      const integrity = locked[`${found.name}@${found.version}`]?.resolution.integrity;
      return { ...found, ...(integrity !== undefined && { integrity }) };
    }),
  );
}

async function packageAt(folder: string): Promise<NpmPackage> {
  const text = await readFile(join(folder, 'package.json'), 'utf8');
  const { name, version, license } = manifestShape.parse(JSON.parse(text));
  const file = (await readdir(folder)).find((one) => /^licen[cs]e(\.\w+)?$/i.test(one));
  return {
    name,
    version,
    licence: license,
    ...(file !== undefined && { text: (await readFile(join(folder, file), 'utf8')).trim() }),
  };
}

/** What the licences ask for: each package's text, in one file. */
export const licencesOf = (packages: readonly NpmPackage[]): string =>
  packages
    .map(({ name, version, licence, text }) =>
      [`${name} ${version} (${licence})`, '', text ?? `Licence: ${licence}`, ''].join('\n'),
    )
    .join(`\n${'-'.repeat(80)}\n\n`);
