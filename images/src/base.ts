// The lower layer: Node, the libraries it needs, certificates, and the few files that programs look for. Nothing
// else: no shell, no package manager.
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { getCACertificates } from 'node:tls';
import { z } from 'zod';
import { librariesOf } from './libraries.ts';
import { NODE, UID } from './programs.ts';
import { file, folder, program, treeOf } from './tree.ts';
import type { Library } from './libraries.ts';
import type { Entry, Tree } from './tree.ts';

export interface NodePackage {
  /** Of the npm package for this machine's platform. */
  name: string;
  version: string;
  /** What npm checked it against. */
  integrity: string;
  path: string;
  binary: Buffer;
  licence: string;
}

export interface Base {
  tree: Tree;
  libraries: Library[];
}

const installedShape = z.object({
  packages: z.record(z.string(), z.object({ version: z.string(), integrity: z.string() })),
});

export async function buildBase(node: NodePackage): Promise<Base> {
  const libraries = await librariesOf(node.path);
  const tree = treeOf([
    [inTree(NODE), program(node.binary)],
    ['usr/share/doc/nodejs/LICENSE', file(node.licence)],
    ...libraries.map((library): [string, Entry] => [
      inTree(library.path),
      program(library.content),
    ]),
    ...copyrights(libraries),
    ['etc/ssl/certs/ca-certificates.crt', file(certificates())],
    ...accounts(),
    ['tmp', folder(0o1777)],
  ]);
  return { tree, libraries };
}

/** The npm package `node` installs the one of the platform below itself, and keeps what npm said of it. */
export async function nodePackage(): Promise<NodePackage> {
  const own = dirname(createRequire(import.meta.url).resolve('node/package.json'));
  const text = await readFile(join(own, 'node_modules', '.package-lock.json'), 'utf8');
  const name = `node-linux-${process.arch}`;
  const installed = installedShape.parse(JSON.parse(text)).packages[`node_modules/${name}`];
  if (installed === undefined)
    throw new Error(`the npm package node brought no ${name}: images are made on Linux`);
  const at = join(own, 'node_modules', name);
  const path = join(at, 'bin', 'node');
  return {
    name,
    ...installed,
    path,
    binary: await readFile(path),
    licence: await readFile(join(at, 'LICENSE'), 'utf8'),
  };
}

const inTree = (path: string): string => path.slice(1);

/** Node has Mozilla's list inside; the file is for what asks OpenSSL, and for people who append theirs. */
const certificates = (): string => `${getCACertificates('bundled').join('\n')}\n`;

const copyrights = (libraries: readonly Library[]): [string, Entry][] =>
  libraries.flatMap(({ package: owner }) =>
    owner === undefined ? [] : [[`usr/share/doc/${owner.name}/copyright`, file(owner.copyright)]],
  );

const accounts = (): [string, Entry][] => [
  [
    'etc/passwd',
    file(
      `root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:${UID}:${UID}:nonroot:/tmp:/sbin/nologin\n`,
    ),
  ],
  ['etc/group', file(`root:x:0:\nnonroot:x:${UID}:\n`)],
  ['etc/nsswitch.conf', file('hosts: files dns\n')],
];
