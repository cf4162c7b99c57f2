// Layers as an image archive: an OCI image layout in a tar, with the file beside it that `docker load`
// reads, so that containerd, Docker, podman, skopeo and scanners take the same file.
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { tar } from './tar.ts';
import { file, treeOf } from './tree.ts';
import type { Entry, Tree } from './tree.ts';

const compress = promisify(gzip);

const TYPES = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

export interface ImageSpec {
  /** NAME:TAG */
  name: string;
  architecture: string;
  /** From the lowest to the highest, each with what history says of it. */
  layers: readonly { tree: Tree; createdBy: string }[];
  config: {
    User: string;
    Entrypoint: readonly string[];
    Env?: readonly string[];
    WorkingDir: string;
    Labels?: Readonly<Record<string, string>>;
  };
  /** In seconds since 1970; of every file too. */
  created: number;
}

export interface Archive {
  bytes: Buffer;
  /** `sha256:…` of the manifest: what a registry calls the image. */
  digest: string;
}

interface Blob {
  digest: string;
  content: Buffer;
}

export async function archive(spec: ImageSpec): Promise<Archive> {
  const layers = await Promise.all(spec.layers.map(({ tree }) => layerOf(tree, spec.created)));
  const config = json(configOf(spec, layers));
  const manifest = json({
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    config: descriptor(TYPES.config, config),
    layers: layers.map((layer) => descriptor(TYPES.layer, layer)),
  });
  const blobs = [config, manifest, ...layers];
  const entries: (readonly [string, Entry])[] = [
    ['oci-layout', file(JSON.stringify({ imageLayoutVersion: '1.0.0' }))],
    ['index.json', file(JSON.stringify(indexOf(spec, manifest)))],
    ['manifest.json', file(JSON.stringify(dockerManifest(spec, config, layers)))],
    ...blobs.map(({ digest, content }) => [pathOf(digest), file(content)] as const),
  ];
  return { bytes: tar(treeOf(entries), spec.created), digest: manifest.digest };
}

interface Layer extends Blob {
  /** Of the layer before it was compressed. */
  diffId: string;
}

async function layerOf(tree: Tree, created: number): Promise<Layer> {
  const plain = tar(tree, created);
  return { diffId: digestOf(plain), ...blob(await compress(plain)) };
}

function configOf(
  { architecture, config, created, layers: made }: ImageSpec,
  layers: Layer[],
): object {
  const time = new Date(created * 1000).toISOString();
  return {
    created: time,
    architecture,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: made.map(({ createdBy }) => ({ created: time, created_by: createdBy })),
  };
}

const indexOf = ({ name, architecture }: ImageSpec, manifest: Blob): object => ({
  schemaVersion: 2,
  mediaType: TYPES.index,
  manifests: [
    {
      ...descriptor(TYPES.manifest, manifest),
      platform: { architecture, os: 'linux' },
      annotations: {
        // The first is containerd's, which wants the whole name; the second is the standard's.
        'io.containerd.image.name': name,
        'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
      },
    },
  ],
});

const dockerManifest = ({ name }: ImageSpec, config: Blob, layers: Blob[]): object => [
  {
    Config: pathOf(config.digest),
    RepoTags: [name],
    Layers: layers.map(({ digest }) => pathOf(digest)),
  },
];

const descriptor = (mediaType: string, { digest, content }: Blob): object => ({
  mediaType,
  digest,
  size: content.length,
});

export const digestOf = (content: Buffer | string): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;

const blob = (content: Buffer): Blob => ({ digest: digestOf(content), content });
const json = (value: object): Blob => blob(Buffer.from(JSON.stringify(value)));
const pathOf = (digest: string): string => `blobs/${digest.replace(':', '/')}`;
