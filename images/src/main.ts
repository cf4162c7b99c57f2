// `pnpm image [--out FILE] [--name NAME:TAG]`: the image as an OCI archive, its SBOM and its provenance beside it.
// `--files FOLDER`: only the programs' layer, as files, for the Node that runs this: the Dockerfile's part.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { ARCHITECTURE, buildImage } from './image.ts';
import { buildPrograms } from './programs.ts';
import type { Tree } from './tree.ts';

const REPOSITORY = 'ghcr.io/muster-runners/muster';

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')));

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join('dist', `muster-${version}-linux-${ARCHITECTURE}.tar`) },
    name: { type: 'string', default: `${REPOSITORY}:${version}` },
    files: { type: 'string' },
  },
});

/** The time that reproducible builds give to all they make (reproducible-builds.org). */
const created = z.coerce
  .number()
  .int()
  .min(0)
  .parse(process.env['SOURCE_DATE_EPOCH'] ?? 0);

/** From where it was called, which under pnpm is not the working directory. */
const at = (path: string): string => resolve(process.env['INIT_CWD'] ?? process.cwd(), path);

async function writeImage(): Promise<void> {
  const out = at(values.out);
  const image = await buildImage({ name: values.name, version, created });
  await mkdir(dirname(out), { recursive: true });
  const papers = { 'sbom.cdx.json': image.sbom, 'provenance.json': image.provenance };
  await writeFile(out, image.bytes);
  for (const [ending, paper] of Object.entries(papers)) {
    await writeFile(
      `${out.replace(/\.tar$/, '')}.${ending}`,
      `${JSON.stringify(paper, null, 2)}\n`,
    );
  }
  const size = (image.bytes.length / 1e6).toFixed(1);
  process.stdout.write(`${out}\n${values.name} ${ARCHITECTURE} ${image.digest} ${size} MB\n`);
}

async function writeFiles(tree: Tree, folder: string): Promise<void> {
  for (const [path, entry] of tree) {
    const target = join(folder, path);
    if (entry.is === 'folder') await mkdir(target, { recursive: true });
    if (entry.is === 'file') await writeFile(target, entry.content, { mode: entry.mode });
  }
}

if (values.files === undefined) await writeImage();
else {
  const folder = at(values.files);
  await mkdir(folder, { recursive: true });
  await writeFiles((await buildPrograms(process.execPath)).tree, folder);
}
