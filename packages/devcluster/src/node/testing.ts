// A dev cluster with one node for tests, and what they say to it. Tests alone import it.
import { mkdtemp, rm } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCluster } from '../cluster.ts';
import type { Cluster } from '../cluster.ts';
import { createNode } from './node.ts';
import type { NodeOptions } from './node.ts';
import type { Container, Pod, PodStatus } from './pod.ts';

export type Mounts = NonNullable<NodeOptions['mounts']>;

/** What can be had on this machine. */
export const MOUNTS: Mounts[] =
  process.platform === 'linux' && process.getuid?.() === 0 ? ['namespaces', 'links'] : ['links'];

const ORIGIN = 'https://127.0.0.1:6443';
const IMAGES = {
  images: {
    'muster.test/busybox:1.35': {},
    node: {
      entrypoint: [process.execPath],
      programs: { '/bin/program': [process.execPath, '-p'] },
    },
    sh: { entrypoint: ['/bin/sh', '-c'], env: { FROM_IMAGE: 'yes' } },
  },
};

export interface PodUser {
  call(method: string, path: string, body?: unknown): Promise<Response>;
  createPod(name: string, spec: object): Promise<void>;
  /** Watches the pod until its status is as asked; the reason of a pod that is gone is `Gone`. */
  podWhen(name: string, is: (status: PodStatus) => boolean): Promise<PodStatus>;
  logOf(name: string, query?: string): Promise<string>;
}

export interface NodeWorld extends PodUser {
  /** The folder that holds the node's, and nothing else. */
  dir: string;
  /** The same in another namespace. */
  as(namespace: string): PodUser;
  stopNode(): Promise<void>;
  close(): Promise<void>;
}

export async function openWorld(options: Partial<NodeOptions> = {}): Promise<NodeWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-node-'));
  const cluster = createCluster({
    serverUrl: ORIGIN,
    podLogs: (at, wanted, signal) => node.podLogs(at, wanted, signal),
  });
  const node = await createNode({
    fetch: cluster.fetch,
    token: cluster.adminToken,
    name: 'node-1',
    dir: join(dir, 'pods'),
    images: IMAGES,
    apiServer: { host: '127.0.0.1', port: 6443 },
    hostEnv: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    ...options,
  });
  const stopping = new AbortController();
  const running = node.run(stopping.signal);
  await node.ready;

  return {
    dir,
    ...podUser(sendTo(cluster)),
    as: (namespace) => podUser(sendTo(cluster), namespace),
    stopNode: () => node.stop(),
    async close() {
      stopping.abort();
      await node.stop();
      await running;
      cluster.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const sendTo =
  ({ fetch, adminToken }: Cluster): Send =>
  (path, init) => {
    const request = new Request(`${ORIGIN}${path}`, init);
    request.headers.set('authorization', `Bearer ${adminToken}`);
    return fetch(request);
  };

export type Send = (path: string, init: RequestInit) => Promise<Response>;

/** Somebody who makes pods in that namespace. */
export function podUser(send: Send, namespace = 'default'): PodUser {
  const pods = `namespaces/${namespace}/pods`;
  const call: NodeWorld['call'] = (method, path, body) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const text = body === undefined ? null : JSON.stringify(body);
    return send(`/api/v1/${path}`, { method, headers: { 'content-type': type }, body: text });
  };
  return {
    call,
    async createPod(name, spec) {
      const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec };
      const response = await call('POST', pods, body);
      if (!response.ok) throw new Error(await response.text());
    },
    async podWhen(name, is) {
      const response = await call(
        'GET',
        `${pods}?watch=true&fieldSelector=metadata.name%3D${name}`,
      );
      for await (const { type, object } of eventsOf(response)) {
        const status = type === 'DELETED' ? { reason: 'Gone' } : (object.status ?? {});
        if (is(status)) return status;
      }
      throw new Error('the watch ended');
    },
    logOf: async (name, query = '') => (await call('GET', `${pods}/${name}/log${query}`)).text(),
  };
}

async function* eventsOf(response: Response): AsyncGenerator<{ type: string; object: Pod }> {
  let rest = '';
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as { type: string; object: Pod };
  }
}

export const shell = (script: string, more: Partial<Container> = {}): Container => ({
  name: 'main',
  image: 'sh',
  args: [script],
  ...more,
});

/** A shell that ends on SIGTERM, at once. */
export const FOREVER = 'trap "exit 0" TERM; while :; do sleep 0.02; done';

export const isOver = ({ phase }: PodStatus): boolean =>
  phase === 'Succeeded' || phase === 'Failed';
export const isRunning = ({ phase }: PodStatus): boolean => phase === 'Running';
export const isGone = ({ reason }: PodStatus): boolean => reason === 'Gone';
export const isWaitingFor =
  (reason: string) =>
  ({ containerStatuses }: PodStatus): boolean =>
    containerStatuses?.[0]?.state.waiting?.reason === reason;

/** A process that ended and that nobody has collected yet is not alive. */
export const isAlive = (pid: number): boolean => {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
};
