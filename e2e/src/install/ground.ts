// A Kubernetes for the stories: the one that KUBECONFIG names; else a real one of this machine, where everything runs in
// containers of our image; else the dev cluster, where pods are processes.
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONFIG } from './config.ts';
import { devGround } from './dev-ground.ts';
import { localGround } from './local-ground.ts';

export interface Ground {
  /** For people. */
  name: string;
  kubeconfig: string;
  /** Under this name, or address, pods reach this machine. */
  host: string;
  /** Here servers for pods listen. */
  listen: string;
  /** NAME:TAG; the nodes have them. */
  images: { muster: string; runner: string };
  /** Whether pods are containers: with nodes that can be drained, files of their own, a record of who asked for what. */
  isReal: boolean;
  /** One JSON line for each request that the API server was asked, if it keeps that. */
  audit?: string;
}

export interface RunningGround {
  ground: Ground;
  stop: () => Promise<void>;
}

const LAUNCHER = fileURLToPath(new URL('../../../../shared/cluster', import.meta.url));

export async function enterGround(folder: string): Promise<RunningGround> {
  if (CONFIG.KUBECONFIG !== undefined) return givenGround(CONFIG.KUBECONFIG);
  const hasLauncher = await access(join(LAUNCHER, 'up')).then(
    () => true,
    () => false,
  );
  return hasLauncher ? localGround(LAUNCHER, folder) : devGround(folder);
}

function givenGround(kubeconfig: string): RunningGround {
  const {
    MUSTER_E2E_IMAGE: muster,
    MUSTER_E2E_RUNNER_IMAGE: runner,
    MUSTER_E2E_HOST: host,
    MUSTER_E2E_LISTEN: listen = '0.0.0.0',
  } = CONFIG;
  if (muster === undefined || runner === undefined || host === undefined) {
    throw new Error(
      'with KUBECONFIG also set MUSTER_E2E_IMAGE, MUSTER_E2E_RUNNER_IMAGE and MUSTER_E2E_HOST (e2e/README.md)',
    );
  }
  const images = { muster, runner };
  const ground = { name: kubeconfig, kubeconfig, host, listen, images, isReal: true };
  return { ground, stop: () => Promise.resolve() };
}
