// The dev cluster with its node, where an image is a program of this machine.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { HOST_ENV } from '../stories/config.ts';
import { programFile, startProgram } from '../stories/program.ts';
import { IMAGES } from './images.ts';
import type { RunningGround } from './ground.ts';

export async function devGround(folder: string): Promise<RunningGround> {
  const table = join(folder, 'images.json');
  await writeFile(table, JSON.stringify(imageTable()));
  const directory = join(folder, 'cluster');
  await mkdir(directory);
  const args = [programFile('@muster/devcluster/main'), '--dir', directory, '--images', table];
  const program = startProgram({ args, cwd: folder, env: HOST_ENV });
  const ready = await program.says(/^ready /);
  return {
    ground: {
      name: 'the dev cluster',
      kubeconfig: ready.replace('ready ', ''),
      host: '127.0.0.1',
      listen: '127.0.0.1',
      images: IMAGES,
      isReal: false,
    },
    stop: async () => {
      program.kill('SIGTERM');
      await program.ended;
    },
  };
}

function imageTable(): object {
  const [manager, listener, runner] = [
    '@muster/controller/main',
    '@muster/listener/main',
    '@muster/simulator/runner',
  ].map((name) => [process.execPath, programFile(name)]);
  const env = { NODE_COMPILE_CACHE: HOST_ENV.NODE_COMPILE_CACHE };
  return {
    images: {
      [IMAGES.muster]: {
        entrypoint: manager,
        programs: { '/manager': manager, '/ghalistener': listener },
        env,
      },
      [IMAGES.runner]: {
        entrypoint: runner,
        programs: { '/home/runner/run.sh': runner },
        env: { ...env, NODE_USE_ENV_PROXY: '1' },
      },
    },
  };
}
