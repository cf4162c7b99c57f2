// Archives as other programs see them: unpacked by the machine's `tar`.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

interface Descriptor {
  digest: string;
  size: number;
}

export interface Unpacked {
  /** With `oci-layout`, `index.json`, `blobs/`. */
  layout: string;
  /** All layers, one on the other. */
  root: string;
  json: (path: string) => Promise<unknown>;
  blob: (digest: string) => Promise<Buffer>;
  remove: () => Promise<void>;
}

export async function unpack(archive: Buffer): Promise<Unpacked> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-unpack-'));
  const [layout, root] = [join(folder, 'layout'), join(folder, 'root')];
  await Promise.all([layout, root].map((one) => mkdir(one)));
  const packed = join(folder, 'image.tar');
  await writeFile(packed, archive);
  await run('tar', ['--extract', '--file', packed, '--directory', layout]);
  const blobFile = (digest: string): string => join(layout, 'blobs', digest.replace(':', '/'));
  const blob = (digest: string): Promise<Buffer> => readFile(blobFile(digest));
  const json = async (path: string): Promise<unknown> =>
    JSON.parse(await readFile(join(layout, path), 'utf8'));
  const { manifests } = (await json('index.json')) as { manifests: [Descriptor] };
  const manifest = JSON.parse((await blob(manifests[0].digest)).toString()) as {
    layers: Descriptor[];
  };
  for (const { digest } of manifest.layers) {
    await run('tar', ['--extract', '--gzip', '--file', blobFile(digest), '--directory', root]);
  }
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  return { layout, root, json, blob, remove };
}
