// The dev cluster as a process of its own, with its node, on which images are programs of this machine.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { imageTable } from '@muster/cli';
import { HOST_ENV } from './stories/config.ts';
import { programFile, startProgram } from './stories/program.ts';

export interface DevCluster {
  kubeconfig: string;
  stop: () => Promise<void>;
}

/** `images` are the names of the images, where they are not the charts' own. */
export async function startDevCluster(
  folder: string,
  images?: Parameters<typeof imageTable>[1],
): Promise<DevCluster> {
  const table = join(folder, 'images.json');
  const machine = { node: process.execPath, cache: HOST_ENV.NODE_COMPILE_CACHE };
  await writeFile(table, JSON.stringify(imageTable(machine, images)));
  const directory = join(folder, 'cluster');
  await mkdir(directory);
  const args = [programFile('@muster/devcluster/main'), '--dir', directory, '--images', table];
  const program = startProgram({ args, cwd: folder, env: HOST_ENV });
  const ready = await program.says(/^ready /);
  return {
    kubeconfig: ready.replace('ready ', ''),
    stop: async () => {
      program.kill('SIGTERM');
      await program.ended;
    },
  };
}
