// A Kubernetes for the stories: the one that KUBECONFIG names; else a real one of this machine, by Docker or by its launcher, where everything
// runs in containers of our image; else the dev cluster, where pods are processes.
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONFIG } from './config.ts';
import { devGround } from './dev-ground.ts';
import { hasDocker, k3sGround } from './k3s-ground.ts';
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

/** What there is; asked in this order, and no further than needed. */
export interface Around {
  kubeconfig: string | undefined;
  hasDocker: () => Promise<boolean>;
  hasLauncher: () => Promise<boolean>;
}

type Choice = { is: 'given'; kubeconfig: string } | { is: 'k3s' | 'local' | 'dev' };

export async function chooseGround({ kubeconfig, ...has }: Around): Promise<Choice> {
  if (kubeconfig !== undefined) return { is: 'given', kubeconfig };
  if (await has.hasDocker()) return { is: 'k3s' };
  return { is: (await has.hasLauncher()) ? 'local' : 'dev' };
}

const hasLauncher = (): Promise<boolean> =>
  access(join(LAUNCHER, 'up')).then(
    () => true,
    () => false,
  );

export async function enterGround(folder: string): Promise<RunningGround> {
  const choice = await chooseGround({ kubeconfig: CONFIG.KUBECONFIG, hasDocker, hasLauncher });
  switch (choice.is) {
    case 'given':
      return givenGround(choice.kubeconfig);
    case 'k3s':
      return k3sGround(folder);
    case 'local':
      return localGround(LAUNCHER, folder);
    case 'dev':
      return devGround(folder);
  }
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
