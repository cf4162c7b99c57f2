// All but the container itself, which needs Docker.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { groundOn } from './k3s-ground.ts';
import type { Node } from './k3s-ground.ts';
import { IMAGES } from './images.ts';

const HOSTS = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost
fd00::1\tthis-machine
172.17.0.1\tthis-machine
172.17.0.2\t0a1b2c3d
`;

type Answer = Awaited<ReturnType<Node['exec']>>;

const said = (output: string, exitCode = 0): Answer => ({
  ...{ output, exitCode, stdout: output, stderr: '' },
});

/** A node that writes down what is asked of it. */
function aNode(answers: Record<string, Answer> = {}): { node: Node; asked: string[] } {
  const asked: string[] = [];
  const node = {
    getKubeConfig: () => 'a kubeconfig',
    copyFilesToContainer: (files: { source: string; target: string }[]) => {
      for (const { source, target } of files) asked.push(`copy ${source} ${target}`);
      return Promise.resolve();
    },
    exec: (command: string[]) => {
      asked.push(command.join(' '));
      const [program = ''] = command;
      return Promise.resolve(answers[program] ?? said(program === 'cat' ? HOSTS : ''));
    },
    stop: () => {
      asked.push('stop');
      return Promise.resolve();
    },
  } as unknown as Node;
  return { node, asked };
}

describe('k3s', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-k3s-'));
    return () => rm(folder, { recursive: true });
  });

  test('has both images, and pods that reach this machine by its address', async () => {
    const { node, asked } = aNode();
    const { ground } = await groundOn(node, folder);
    expect(ground).toEqual({
      name: 'rancher/k3s:v1.34.1-k3s1 in Docker',
      kubeconfig: join(folder, 'kubeconfig'),
      host: '172.17.0.1',
      listen: '0.0.0.0',
      images: IMAGES,
      isReal: true,
    });
    const loaded = (name: string): string[] => [
      `copy ${join(folder, name)} /tmp/${name}`,
      `ctr --namespace k8s.io images import /tmp/${name}`,
      `rm /tmp/${name}`,
    ];
    expect(asked).toEqual([...loaded('muster.tar'), ...loaded('runner.tar'), 'cat /etc/hosts']);
    expect(await readFile(ground.kubeconfig, 'utf8')).toBe('a kubeconfig');
  });

  test('is stopped with its container', async () => {
    const { node, asked } = aNode();
    const { stop } = await groundOn(node, folder);
    await stop();
    expect(asked.at(-1)).toBe('stop');
  });

  test.each([
    {
      name: 'that takes no image says why',
      answers: { ctr: said('ctr: no space left on device\n', 1) },
      error: /images import \/tmp\/muster\.tar on the node: ctr: no space left on device$/,
    },
    {
      name: 'that does not know this machine is of no use',
      answers: { cat: said('127.0.0.1\tlocalhost\n') },
      error: /does not know the address of this-machine/,
    },
  ])('$name', async ({ answers, error }) => {
    await expect(groundOn(aNode(answers).node, folder)).rejects.toThrow(error);
  });
});
