// What the image is made of, as CycloneDX 1.6: the bundled npm packages, Node, and the machine's libraries.
import { createHash } from 'node:crypto';
import type { NodePackage } from './base.ts';
import type { Library } from './libraries.ts';
import type { NpmPackage } from './packages.ts';

export interface Contents {
  /** NAME:TAG */
  name: string;
  version: string;
  /** `sha256:…` */
  digest: string;
  node: NodePackage;
  packages: readonly NpmPackage[];
  libraries: readonly Library[];
  created: number;
}

interface Component {
  type: 'application' | 'library';
  name: string;
  version: string;
  purl?: string;
  'bom-ref': string;
  licenses: object[];
  hashes: object[];
}

export function sbom(contents: Contents): object {
  const { name, version, digest, created, node, libraries, packages } = contents;
  const components = [
    nodeComponent(node),
    ...packages.map(npmComponent),
    ...libraries.map(libraryComponent),
  ];
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(digest)}`,
    version: 1,
    metadata: {
      timestamp: new Date(created * 1000).toISOString(),
      component: {
        type: 'container',
        'bom-ref': name,
        name,
        version,
        licenses: [{ license: { id: 'Apache-2.0' } }],
        hashes: [{ alg: 'SHA-256', content: digest.slice('sha256:'.length) }],
      },
    },
    components,
    dependencies: [{ ref: name, dependsOn: components.map((one) => one['bom-ref']) }],
  };
}

function nodeComponent({ name, version, binary, integrity }: NodePackage): Component {
  const purl = npmUrl(name, version);
  return {
    type: 'application',
    name,
    version,
    purl,
    'bom-ref': purl,
    licenses: [{ license: { id: 'MIT' } }],
    hashes: [sha512(integrity), sha256(binary)],
  };
}

function npmComponent({ name, version, licence, integrity }: NpmPackage): Component {
  const purl = npmUrl(name, version);
  return {
    type: 'library',
    name,
    version,
    purl,
    'bom-ref': purl,
    licenses: [{ expression: licence }],
    hashes: integrity === undefined ? [] : [sha512(integrity)],
  };
}

/** Several files may come from one package: the file tells them apart. */
function libraryComponent({ path, content, licence, project, package: owner }: Library): Component {
  return {
    type: 'library',
    name: path,
    version: owner?.version ?? '',
    ...(owner && { purl: debianUrl(owner) }),
    'bom-ref': `${project}:${path}`,
    licenses: [{ expression: licence }],
    hashes: [sha256(content)],
  };
}

const npmUrl = (name: string, version: string): string =>
  `pkg:npm/${name.replace('@', '%40')}@${version}`;

const debianUrl = ({ name, version, architecture }: NonNullable<Library['package']>): string =>
  `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`;

const sha256 = (content: Buffer): object => ({
  alg: 'SHA-256',
  content: createHash('sha256').update(content).digest('hex'),
});

const sha512 = (integrity: string): object => ({
  alg: 'SHA-512',
  content: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex'),
});

/** The same image has the same number: a version 8 UUID (whose bits are ours to choose) of its digest. */
function uuidOf(digest: string): string {
  const hex = digest.slice('sha256:'.length);
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join('-');
}
