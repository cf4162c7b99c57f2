// A real control plane and a real node on this machine, with our image and the runner's on it.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildImage } from '@muster/images';
import { runTool } from '../charts/tool.ts';
import { VERSION, WHOLE_ENV } from './config.ts';
import { buildRunnerImage } from './runner-image.ts';
import type { RunningGround } from './ground.ts';

/** No registry is asked: these lie on the node. */
const IMAGES = { muster: `muster.test/muster:${VERSION}`, runner: 'muster.test/runner:1' } as const;

/** Names this machine; its name server is the node's. */
const HOST = 'host.muster.test';

export async function localGround(launcher: string, folder: string): Promise<RunningGround> {
  const directory = join(folder, 'cluster');
  const tool = (name: string, ...args: string[]): Promise<string> =>
    runTool(join(launcher, name), args, { env: { ...WHOLE_ENV, AUDIT: '1' }, cwd: folder });
  const stop = async (): Promise<void> => {
    await tool('down', directory);
  };
  try {
    const [kubeconfig] = await Promise.all([start(), packImages(folder)]);
    await tool('load-image', directory, ...archivesIn(folder));
    await Promise.all(archivesIn(folder).map((archive) => rm(archive)));
    const slot = (await readFile(join(directory, 'slot'), 'utf8')).trim();
    return {
      ground: {
        name: 'a real Kubernetes on this machine',
        kubeconfig,
        host: HOST,
        listen: `10.213.${slot}.1`,
        images: IMAGES,
        isReal: true,
        audit: join(directory, 'logs', 'audit.log'),
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }

  async function start(): Promise<string> {
    const kubeconfig = (await tool('up', directory)).trim();
    await tool('node-up', directory);
    return kubeconfig;
  }
}

const archivesIn = (folder: string): string[] =>
  ['muster', 'runner'].map((name) => join(folder, `${name}.tar`));

async function packImages(folder: string): Promise<void> {
  const [muster = '', runner = ''] = archivesIn(folder);
  const built = await Promise.all([
    buildImage({ name: IMAGES.muster, version: VERSION, created: 0 }),
    buildRunnerImage(IMAGES.runner),
  ]);
  await Promise.all([writeFile(muster, built[0].bytes), writeFile(runner, built[1])]);
}
