// Everything that the demo needs, started: simulator, dev cluster, operator, one scale set.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKubeClient } from '@muster/kube';
import { createControl } from '@muster/simulator';
import { create, createCrds } from './apply.ts';
import { administrator } from './connection.ts';
import { imageTable, programFile } from './images.ts';
import { saveKept } from './kept.ts';
import { operatorManifests, scaleSetManifests } from './manifests.ts';
import { startProgram } from './program.ts';
import type { KubeClient } from '@muster/kube';
import type { Control } from '@muster/simulator';
import type { Program, ProgramSpec } from './program.ts';

export const OWNER = 'my-org';

export interface WorldWish {
  keep: boolean;
  minRunners: number;
  maxRunners: number;
  env: NodeJS.ProcessEnv;
}

export interface World {
  directory: string;
  kubeconfig: string;
  kube: KubeClient;
  control: Control;
  /** Resolves when a program has ended although nobody stopped it. */
  broken: Promise<string>;
  /** Stops everything and removes the folder. */
  stop(): Promise<void>;
  /** Lets go of everything, which stays. */
  leave(): Promise<void>;
}

/** Leaves nothing behind when it fails, or when the signal fires while it starts. */
export async function startWorld(wish: WorldWish, signal: AbortSignal): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'muster-'));
  const programs: Program[] = [];
  const clients: KubeClient[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(clients.map((client) => client.close()));
    // The cluster first: the listener takes leave of the service.
    for (const program of programs.toReversed()) await program.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const [simulator, cluster] = await startPrograms(directory, wish, programs);
    if (signal.aborted) throw new Error('stopped');
    const kube = createKubeClient({ connection: await administrator(cluster.address) });
    clients.push(kube);
    await createCrds(kube);
    await create(kube, operatorManifests());
    const { minRunners, maxRunners } = wish;
    const configUrl = `${simulator.address}/${OWNER}`;
    await create(kube, scaleSetManifests({ configUrl, minRunners, maxRunners }));
    const ends = programs.map((program) => program.ended);
    return {
      directory,
      kubeconfig: cluster.address,
      kube,
      control: createControl(simulator.address),
      broken: Promise.race(ends),
      stop,
      async leave() {
        await saveKept(
          directory,
          programs.map(({ pid }) => pid),
        );
        await kube.close();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startPrograms(
  directory: string,
  { keep, env }: WorldWish,
  programs: Program[],
): Promise<[Program, Program]> {
  const cache = join(programFile('@muster/simulator/main'), '../../node_modules/.cache/muster');
  const images = join(directory, 'images.json');
  await mkdir(join(directory, 'cluster'));
  await writeFile(images, JSON.stringify(imageTable(process.execPath, cache)));
  const start = async (spec: Pick<ProgramSpec, 'name' | 'main' | 'args'>): Promise<Program> => {
    const logFile = join(directory, `${spec.name}.log`);
    const program = await startProgram({
      ...spec,
      logFile,
      keep,
      env: { ...env, NODE_COMPILE_CACHE: cache },
    });
    programs.push(program);
    return program;
  };
  const all = await Promise.allSettled([
    start({ name: 'simulator', main: programFile('@muster/simulator/main'), args: [] }),
    start({
      name: 'devcluster',
      main: programFile('@muster/devcluster/main'),
      args: ['--dir', join(directory, 'cluster'), '--images', images],
    }),
  ]);
  const [simulator, cluster] = all.map((one) => {
    if (one.status === 'rejected') throw one.reason as Error;
    return one.value;
  });
  if (simulator === undefined || cluster === undefined) throw new Error('a program is missing');
  return [simulator, cluster];
}
