// The image of both programs, from the workspace and Node's npm package, and its papers.
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { archive } from './archive.ts';
import { buildBase, nodePackage } from './base.ts';
import { buildPrograms, UID } from './programs.ts';
import { provenance, SOURCE } from './provenance.ts';
import { sbom } from './sbom.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** As registries call them. */
export const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;

export interface ImageWish {
  /** NAME:TAG */
  name: string;
  version: string;
  /** In seconds since 1970: of every file, and said of the image. */
  created: number;
}

export interface Image {
  bytes: Buffer;
  digest: string;
  /** CycloneDX. */
  sbom: object;
  /** In-toto, SLSA. */
  provenance: object;
}

export async function buildImage({ name, version, created }: ImageWish): Promise<Image> {
  const node = await nodePackage();
  const [base, programs] = await Promise.all([buildBase(node), buildPrograms(node.path)]);
  const { bytes, digest } = await archive({
    name,
    architecture: ARCHITECTURE,
    created,
    layers: [
      { tree: base.tree, createdBy: `node ${node.version} and its libraries` },
      { tree: programs.tree, createdBy: `muster ${version}` },
    ],
    config: {
      User: `${UID}:${UID}`,
      Entrypoint: ['/manager'],
      WorkingDir: '/',
      Labels: {
        'org.opencontainers.image.title': 'muster',
        'org.opencontainers.image.version': version,
        'org.opencontainers.image.source': SOURCE,
        'org.opencontainers.image.licenses': 'Apache-2.0',
      },
    },
  });
  const { libraries } = base;
  return {
    bytes,
    digest,
    sbom: sbom({ name, version, digest, created, node, libraries, packages: programs.packages }),
    provenance: await provenance({ root: ROOT, name, digest, architecture: ARCHITECTURE, node }),
  };
}
