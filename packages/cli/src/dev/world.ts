// Everything that jobs need, started: simulator, dev cluster, operator; scale sets as they are wished.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKubeClient } from '@muster/kube';
import { createControl } from '@muster/simulator';
import { CliError, reasonOf } from '../errors.ts';
import { create, readCrds } from './apply.ts';
import { administrator } from './connection.ts';
import { imageTable, programFile } from './images.ts';
import { saveKept } from './kept.ts';
import { operatorManifests, scaleSetManifests } from './manifests.ts';
import { startProgram } from './program.ts';
import type { KubeClient } from '@muster/kube';
import type { Control } from '@muster/simulator';
import type { ScaleSetWish } from './manifests.ts';
import type { Program } from './program.ts';

export interface WorldWish {
  /** The programs stay when we end. */
  keep: boolean;
  env: NodeJS.ProcessEnv;
  /** The world's folder is made in here. */
  parent: string;
}

export interface ScaleSetPlace extends Omit<ScaleSetWish, 'configUrl'> {
  /** The organization at the service. */
  owner: string;
}

export interface World {
  directory: string;
  kubeconfig: string;
  kube: KubeClient;
  control: Control;
  /** Makes a scale set as its chart does, in a namespace that is not there yet. */
  install(scaleSet: ScaleSetPlace): Promise<void>;
  /** Resolves when a program has ended although nobody stopped it. */
  broken: Promise<string>;
  /** Stops everything and removes the folder. */
  stop(): Promise<void>;
  /** Lets go of everything, which stays. */
  leave(): Promise<void>;
}

type ProgramName = 'simulator' | 'devcluster';

/** Leaves nothing behind when it fails, or when the signal fires while it starts. */
export async function startWorld(wish: WorldWish, signal: AbortSignal): Promise<World> {
  const directory = await folderIn(wish.parent);
  const programs = new Map<ProgramName, Program>();
  const clients: KubeClient[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(clients.map((client) => client.close()));
    // The cluster first: the listener takes leave of the service.
    for (const name of ['devcluster', 'simulator'] as const) await programs.get(name)?.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const [simulator, cluster] = await startPrograms(directory, wish, programs);
    if (signal.aborted) throw new Error('stopped');
    const kube = createKubeClient({ connection: await administrator(cluster.address) });
    clients.push(kube);
    await create(kube, await readCrds());
    await create(kube, operatorManifests());
    const ends = [...programs.values()].map((program) => program.ended);
    return {
      directory,
      kubeconfig: cluster.address,
      kube,
      control: createControl(simulator.address),
      async install({ owner, ...scaleSet }) {
        const configUrl = `${simulator.address}/${owner}`;
        await create(kube, scaleSetManifests({ ...scaleSet, configUrl }));
      },
      broken: Promise.race(ends),
      stop,
      leave: () => kube.close(),
    };
  } catch (error) {
    await stop();
    // At Ctrl-C a program that is only just being forked is still of our group, and ends by it.
    if (signal.aborted) throw new Error('stopped', { cause: error });
    throw error;
  }
}

async function folderIn(parent: string): Promise<string> {
  try {
    return await mkdtemp(join(parent, 'muster-'));
  } catch (error) {
    const message = `cannot make a folder in ${parent}: ${reasonOf(error)} (TMPDIR names another)`;
    throw new CliError('user', message, error);
  }
}

async function startPrograms(
  directory: string,
  { keep, env }: WorldWish,
  programs: Map<ProgramName, Program>,
): Promise<[Program, Program]> {
  const cache = join(programFile('@muster/simulator/main'), '../../node_modules/.cache/muster');
  const images = join(directory, 'images.json');
  await mkdir(join(directory, 'cluster'));
  await writeFile(images, JSON.stringify(imageTable({ node: process.execPath, cache })));
  const start = async (name: ProgramName, args: readonly string[]): Promise<Program> => {
    const program = await startProgram({
      name,
      main: programFile(`@muster/${name}/main`),
      args,
      logFile: join(directory, `${name}.log`),
      keep,
      env: { ...env, NODE_COMPILE_CACHE: cache },
    });
    programs.set(name, program);
    return program;
  };
  const all = await Promise.allSettled([
    start('simulator', []),
    start('devcluster', ['--dir', join(directory, 'cluster'), '--images', images]),
  ]);
  const [simulator, cluster] = all.map((one) => {
    if (one.status === 'rejected') throw one.reason as Error;
    return one.value;
  });
  if (simulator === undefined || cluster === undefined) throw new Error('a program is missing');
  // From the start: whatever becomes of us, what stays can be stopped.
  if (keep) await saveKept(directory, [simulator.pid, cluster.pid]);
  return [simulator, cluster];
}
