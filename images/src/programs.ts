// The upper layer: both programs, where ARC's charts start them, and what they load.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.ts';
import { compileCache } from './compile-cache.ts';
import { launcher } from './launcher.ts';
import { licencesOf, packagesIn } from './packages.ts';
import { file, program, treeOf } from './tree.ts';
import type { NpmPackage } from './packages.ts';
import type { Entry, Tree } from './tree.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Where the image has Node; the first line of each program says so to the kernel, no shell is needed. */
export const NODE = '/nodejs/bin/node';

/** The user that distroless calls nonroot. */
export const UID = 65532;

/** Command in the image, and the file it is made from. */
const PROGRAMS = {
  manager: fileURLToPath(import.meta.resolve('@muster/controller/main')),
  ghalistener: fileURLToPath(import.meta.resolve('@muster/listener/main')),
} as const;

const NAMES = Object.keys(PROGRAMS);

/** Where the image has what they load. */
const HOME = '/app';
const CACHE = 'compiled';

export interface Programs {
  tree: Tree;
  /** What is in the bundles that is not ours. */
  packages: NpmPackage[];
}

/** `node` is the program that the image starts them with: compiled code is for one version. */
export async function buildPrograms(node: string): Promise<Programs> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-image-'));
  try {
    const metafile = await bundle(PROGRAMS, folder);
    const modules = await modulesIn(folder);
    const compiled = await compileCache({
      node,
      folder,
      home: HOME,
      programs: NAMES.map((name) => `${name}.mjs`),
      uid: UID,
    });
    const packages = await packagesIn(metafile, process.cwd());
    return {
      packages,
      tree: treeOf([...modules, ...launchers(), ...cached(compiled), ...(await papers(packages))]),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function modulesIn(folder: string): Promise<[string, Entry][]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.mjs'));
  return Promise.all(
    names.map(async (name) => [inHome(name), file(await readFile(join(folder, name)))]),
  );
}

const inHome = (path: string): string => join(HOME, path).slice(1);

const launchers = (): [string, Entry][] =>
  NAMES.map((name) => {
    const start = launcher({ cache: join(HOME, CACHE), module: join(HOME, `${name}.mjs`) });
    return [name, program(`#!${NODE}\n${start}`)];
  });

const cached = (files: ReadonlyMap<string, Buffer>): [string, Entry][] =>
  [...files].map(([path, content]) => [inHome(join(CACHE, path)), file(content)]);

const papers = async (packages: readonly NpmPackage[]): Promise<[string, Entry][]> => [
  ['usr/share/doc/muster/LICENSE', file(await readFile(join(ROOT, 'LICENSE')))],
  ['usr/share/doc/muster/THIRD-PARTY', file(licencesOf(packages))],
];
