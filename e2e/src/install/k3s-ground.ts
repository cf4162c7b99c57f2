// k3s in a container of Docker, with our image and the runner's on it. All but the container's start is as on any other cluster.
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { StartedK3sContainer } from '@testcontainers/k3s';
import type { RunningGround } from './ground.ts';
import { archivesIn, IMAGES, packImages } from './images.ts';

/** What of it is used once it runs. */
export type Node = Pick<
  StartedK3sContainer,
  'copyFilesToContainer' | 'exec' | 'getKubeConfig' | 'stop'
>;

const K3S = {
  image: 'rancher/k3s:v1.34.1-k3s1',
  /** Docker knows its address, which is the bridge's gateway or, where Docker is in a virtual machine, that machine's host. */
  extraHosts: [{ host: 'this-machine', ipAddress: 'host-gateway' }],
  startupTimeoutMs: 180_000,
};

/** Asks Docker itself: neither a program called `docker` nor a socket proves that somebody answers. */
export async function hasDocker(): Promise<boolean> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
}

async function startNode(): Promise<Node> {
  const { K3sContainer } = await import('@testcontainers/k3s');
  return new K3sContainer(K3S.image)
    .withExtraHosts(K3S.extraHosts)
    .withStartupTimeout(K3S.startupTimeoutMs)
    .start();
}

export async function k3sGround(folder: string): Promise<RunningGround> {
  await packImages(folder);
  const node = await startNode();
  try {
    return await groundOn(node, folder);
  } catch (error) {
    await node.stop();
    throw error;
  }
}

/** `folder` has the archives of the images. */
export async function groundOn(node: Node, folder: string): Promise<RunningGround> {
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, node.getKubeConfig(), { mode: 0o600 });
  for (const archive of archivesIn(folder)) await load(node, archive);
  return {
    ground: {
      ...{ name: `${K3S.image} in Docker`, kubeconfig, host: await addressOfThisMachine(node) },
      ...{ listen: '0.0.0.0', images: IMAGES, isReal: true },
    },
    stop: async () => {
      await node.stop();
    },
  };
}

async function load(node: Node, archive: string): Promise<void> {
  const target = `/tmp/${basename(archive)}`;
  await node.copyFilesToContainer([{ source: archive, target }]);
  await run(node, ['ctr', '--namespace', 'k8s.io', 'images', 'import', target]);
  await run(node, ['rm', target]);
}

/** A name in the node's hosts file is none for its pods; an address is. */
async function addressOfThisMachine(node: Node): Promise<string> {
  const [{ host: wanted } = { host: '' }] = K3S.extraHosts;
  const lines = (await run(node, ['cat', '/etc/hosts'])).split('\n');
  const entries = lines.map((line) => line.trim().split(/\s+/));
  // Of two families the older one: it needs no brackets in a URL.
  const [address] =
    entries.find(([first = '', ...names]) => names.includes(wanted) && !first.includes(':')) ?? [];
  if (address === undefined) throw new Error(`the node does not know the address of ${wanted}`);
  return address;
}

async function run(node: Node, command: string[]): Promise<string> {
  const { exitCode, output } = await node.exec(command);
  if (exitCode !== 0) throw new Error(`${command.join(' ')} on the node: ${output.trim()}`);
  return output;
}
