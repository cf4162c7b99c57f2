// The image as it is shipped. It is made of what this machine has, which must be Linux.
import { execFile } from 'node:child_process';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodePackage } from './base.ts';
import { buildImage } from './image.ts';
import { buildPrograms, UID } from './programs.ts';
import { unpack } from './testing/unpack.ts';
import type { Image } from './image.ts';
import type { Unpacked } from './testing/unpack.ts';

const run = promisify(execFile);
const BUILDING = 120_000;
const WISH = { name: 'muster.test/muster:1', version: '1', created: 0 };

/** As the image's user, with nothing but what is in a folder. */
const WITHIN = ['--map-user', String(UID), '--keep-caps', 'chroot'];
const ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

/** User namespaces may be off. */
const mayChangeRoot = await run('unshare', [...WITHIN, '/', 'true'], { env: ENV }).then(
  () => true,
  () => false,
);

describe.skipIf(process.platform !== 'linux')('the image', () => {
  let image: Image;
  let unpacked: Unpacked;

  beforeAll(async () => {
    image = await buildImage(WISH);
    unpacked = await unpack(image.bytes);
  }, BUILDING);

  afterAll(() => unpacked.remove());

  const filesOf = async (): Promise<string[]> => {
    const paths = await readdir(unpacked.root, { recursive: true });
    const kept = await Promise.all(
      paths.map(async (path) =>
        (await lstat(join(unpacked.root, path))).isDirectory() ? [] : [path],
      ),
    );
    return kept.flat().sort();
  };

  test('holds both programs, Node and its libraries, and nothing else that can be run', async () => {
    const runnable: string[] = [];
    for (const path of await filesOf()) {
      const { mode } = await lstat(join(unpacked.root, path));
      if ((mode & 0o111) !== 0 && !/\.so\.\d+$/.test(path)) runnable.push(path);
    }
    expect(runnable).toEqual(['ghalistener', 'manager', 'nodejs/bin/node']);
  });

  test('is under 150 MB, unpacked too', async () => {
    let bytes = 0;
    for (const path of await filesOf()) bytes += (await lstat(join(unpacked.root, path))).size;
    expect(bytes).toBeLessThan(150e6);
    expect(image.bytes.length).toBeLessThan(60e6);
  });

  test('runs the manager, as nobody in particular', async () => {
    const [described] = (await unpacked.json('manifest.json')) as [{ Config: string }];
    expect(await unpacked.json(described.Config)).toMatchObject({
      config: { User: '65532:65532', Entrypoint: ['/manager'], WorkingDir: '/' },
    });
  });

  test.skipIf(!mayChangeRoot).each([
    { program: '/manager', asksFor: 'CONTROLLER_MANAGER_CONTAINER_IMAGE is not set' },
    { program: '/ghalistener', asksFor: 'LISTENER_CONFIG_PATH is not set' },
  ])("$program starts with no file but the image's", async ({ program, asksFor }) => {
    const args = [...WITHIN, unpacked.root, program];
    await expect(run('unshare', args, { env: ENV })).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining(asksFor) as string,
    });
  });

  test(
    'the programs are the same bytes when they are built again',
    async () => {
      const { tree } = await buildPrograms((await nodePackage()).path);
      const again = new Map(tree);
      const differing: string[] = [];
      for (const path of (await filesOf()).filter((one) => one.startsWith('app/'))) {
        const entry = again.get(path);
        const content = await readFile(join(unpacked.root, path));
        if (entry?.is !== 'file' || !entry.content.equals(content)) differing.push(path);
      }
      expect(differing).toEqual([]);
    },
    BUILDING,
  );

  test('holds compiled code for the user that runs it', async () => {
    for (const folder of await readdir(join(unpacked.root, 'app/compiled'))) {
      expect(folder).toMatch(/-65532$/);
    }
  });

  // In a root of its own: where a program may write, what it compiled is there for the next.
  test.skipIf(!mayChangeRoot).each(['/manager', '/ghalistener'])(
    '%s compiles nothing of what it loads',
    async (program) => {
      const fresh = await unpack(image.bytes);
      const env = { ...ENV, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
      const told = await run('unshare', [...WITHIN, fresh.root, program], { env })
        .catch((error: unknown) => error as { stderr: string })
        .finally(() => fresh.remove());
      const loaded = told.stderr.match(
        /(?<=^\[compile cache\] reading cache .* for ESM )\S+(?=\.\.\.)/gm,
      );
      const accepted = told.stderr.match(/(?<= for ESM )\S+(?= was accepted)/g);
      expect(loaded).toContainEqual(`file:///app${program}.mjs`);
      expect(accepted).toEqual(loaded);
    },
  );

  test('its SBOM names each library and Node, with version, licence and hash', async () => {
    const { components } = image.sbom as {
      components: { name: string; version: string; licenses: object[]; hashes: object[] }[];
    };
    const incomplete = components.filter(
      ({ version, licenses, hashes }) =>
        version === '' || licenses.length === 0 || hashes.length === 0,
    );
    expect(incomplete).toEqual([]);
    const libraries = (await filesOf()).filter((path) => /\.so\.\d+$/.test(path));
    expect(components.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        ...libraries.map((path) => `/${path}`),
        `node-linux-${process.arch}`,
        'undici',
      ]),
    );
  });

  test('the licences of what is bundled are in it', async () => {
    const text = await readFile(join(unpacked.root, 'usr/share/doc/muster/THIRD-PARTY'), 'utf8');
    const { components } = image.sbom as {
      components: { name: string; version: string; purl: string }[];
    };
    const bundled = components.filter(
      ({ name, purl }) => purl.startsWith('pkg:npm/') && !name.startsWith('node-linux'),
    );
    expect(bundled.length).toBeGreaterThan(20);
    for (const { name, version } of bundled) expect(text).toContain(`${name} ${version} (`);
  });

  test('its provenance is of this image, and names the lockfile and Node', () => {
    expect(image.provenance).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: WISH.name, digest: { sha256: image.digest.slice('sha256:'.length) } }],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: {
        buildDefinition: {
          resolvedDependencies: expect.arrayContaining([
            expect.objectContaining({ name: 'pnpm-lock.yaml' }),
            expect.objectContaining({
              uri: expect.stringMatching(/^pkg:npm\/node-linux-/) as string,
            }),
          ]) as object[],
        },
      },
    });
  });
});
