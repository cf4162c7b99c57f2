// A real control plane and a real node on this machine, with our image and the runner's on it.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../charts/tool.ts';
import { WHOLE_ENV } from './config.ts';
import { archivesIn, IMAGES, packImages } from './images.ts';
import type { RunningGround } from './ground.ts';

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
