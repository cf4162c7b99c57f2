// The two images of the stories, as archives in a folder. No registry is asked: they are loaded onto the nodes.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildImage } from '@muster/images';
import { VERSION } from './config.ts';
import { buildRunnerImage } from './runner-image.ts';

export const IMAGES = {
  muster: `muster.test/muster:${VERSION}`,
  runner: 'muster.test/runner:1',
} as const;

export const archivesIn = (folder: string): string[] =>
  Object.keys(IMAGES).map((name) => join(folder, `${name}.tar`));

export async function packImages(folder: string): Promise<void> {
  const [muster, runner] = await Promise.all([
    buildImage({ name: IMAGES.muster, version: VERSION, created: 0 }),
    buildRunnerImage(IMAGES.runner),
  ]);
  const contents = [muster.bytes, runner];
  const archives = archivesIn(folder);
  await Promise.all(archives.map((path, index) => writeFile(path, contents[index] ?? '')));
}
