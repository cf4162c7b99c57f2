import { expect, test } from 'vitest';
import { gunzipSync } from 'node:zlib';
import { archive, digestOf } from './archive.ts';
import { file, treeOf } from './tree.ts';
import { unpack } from './testing/unpack.ts';
import type { ImageSpec } from './archive.ts';

const AN_IMAGE: ImageSpec = {
  name: 'registry.test:5000/team/app:1.2',
  architecture: 'arm64',
  layers: [
    { tree: treeOf([['low', file('1')]]), createdBy: 'below' },
    { tree: treeOf([['high', file('2')]]), createdBy: 'above' },
  ],
  config: { User: '65532:65532', Entrypoint: ['/low'], WorkingDir: '/' },
  created: 1_700_000_000,
};

test('the same image gives the same bytes', async () => {
  const [first, second] = await Promise.all([archive(AN_IMAGE), archive(AN_IMAGE)]);
  expect(second.bytes.equals(first.bytes)).toBe(true);
});

test('another time is another image', async () => {
  const later = await archive({ ...AN_IMAGE, created: AN_IMAGE.created + 1 });
  expect(later.digest).not.toBe((await archive(AN_IMAGE)).digest);
});

test('it is an OCI layout whose every digest and size is true', async ({ onTestFinished }) => {
  const { bytes, digest } = await archive(AN_IMAGE);
  const { json, blob, remove } = await unpack(bytes);
  onTestFinished(remove);
  expect(await json('oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' });
  const index = (await json('index.json')) as { manifests: [object] };
  expect(index.manifests).toEqual([
    {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest,
      size: (await blob(digest)).length,
      platform: { architecture: 'arm64', os: 'linux' },
      annotations: {
        'io.containerd.image.name': 'registry.test:5000/team/app:1.2',
        'org.opencontainers.image.ref.name': '1.2',
      },
    },
  ]);
  const manifest = JSON.parse((await blob(digest)).toString()) as {
    config: { digest: string };
    layers: { digest: string; size: number }[];
  };
  const config = JSON.parse((await blob(manifest.config.digest)).toString()) as unknown;
  const layers = await Promise.all(manifest.layers.map((layer) => blob(layer.digest)));
  expect(layers.map((layer) => ({ digest: digestOf(layer), size: layer.length }))).toMatchObject(
    manifest.layers.map(({ digest: one, size }) => ({ digest: one, size })),
  );
  const time = '2023-11-14T22:13:20.000Z';
  expect(config).toEqual({
    created: time,
    architecture: 'arm64',
    os: 'linux',
    config: AN_IMAGE.config,
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => digestOf(gunzipSync(layer))) },
    history: [
      { created: time, created_by: 'below' },
      { created: time, created_by: 'above' },
    ],
  });
});

test('`docker load` finds config and layers by their paths', async ({ onTestFinished }) => {
  const { json, remove } = await unpack((await archive(AN_IMAGE)).bytes);
  onTestFinished(remove);
  const [image] = (await json('manifest.json')) as [
    { Config: string; Layers: string[]; RepoTags: string[] },
  ];
  expect(image.RepoTags).toEqual(['registry.test:5000/team/app:1.2']);
  expect(await json(image.Config)).toMatchObject({ architecture: 'arm64' });
  expect(image.Layers).toHaveLength(2);
});
