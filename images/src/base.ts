// The lower layer: Node, the libraries it needs, certificates, and the few files that programs look for. Nothing
// else: no shell, no package manager.
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { getCACertificates } from 'node:tls';
import { librariesOf } from './libraries.ts';
import { packagesAt } from './packages.ts';
import { NODE, UID } from './programs.ts';
import { file, folder, program, treeOf } from './tree.ts';
import type { Library } from './libraries.ts';
import type { Entry, Tree } from './tree.ts';

export interface NodePackage {
  /** Of the npm package for this machine's platform. */
  name: string;
  version: string;
  /** What pnpm checked it against. */
  integrity: string;
  path: string;
  binary: Buffer;
  licence: string;
}

export interface Base {
  tree: Tree;
  libraries: Library[];
}

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

/** The npm package of this machine's platform, an optional dependency: pnpm installs the one that fits. */
export async function nodePackage(): Promise<NodePackage> {
  const name = `node-linux-${process.arch}`;
  const folder = dirname(manifestOf(name));
  const [found] = await packagesAt([folder]);
  if (found?.integrity === undefined || found.text === undefined)
    throw new Error(`${folder}: not as in the lockfile, or without a licence`);
  const { version, integrity, text } = found;
  const path = join(folder, 'bin', 'node');
  return { name, version, integrity, path, binary: await readFile(path), licence: `${text}\n` };
}

function manifestOf(name: string): string {
  try {
    return createRequire(import.meta.url).resolve(`${name}/package.json`);
  } catch (error) {
    throw new Error(`the npm package ${name} is not installed: images are made on Linux`, {
      cause: error,
    });
  }
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
