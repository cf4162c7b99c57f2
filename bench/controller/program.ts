// The controller as it is shipped, bundled and started by the image's small file, with the account of a pod.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../images/src/bundle.ts';
import { launcher } from '../../images/src/launcher.ts';
import type { Connection } from '../../packages/kube/src/index.ts';
import { writeAccount } from '../../packages/listener/src/testing/cluster.ts';
import { freePort } from '../../packages/listener/src/testing/pages.ts';
import { memoryOf } from '../memory.ts';

const MAIN = fileURLToPath(new URL('../../packages/controller/src/main.ts', import.meta.url));

interface Requests {
  writes: number;
  reads: number;
}

export interface Program {
  /** From exec to its page saying that it is ready. */
  readyMs: number;
  requests: () => Promise<Requests>;
  memory: () => string;
  stop: () => Promise<void>;
}

/** Bundles it into the folder, and mounts what a pod would have there. */
export async function install(
  folder: string,
  { connection, token }: { connection: Connection; token: string },
): Promise<void> {
  await bundle({ manager: MAIN }, folder);
  const start = launcher({ cache: join(folder, 'compiled'), module: join(folder, 'manager.mjs') });
  await writeFile(join(folder, 'manager'), start);
  await writeAccount(folder, connection, token);
}

export async function start(
  folder: string,
  { connection, namespace }: { connection: Connection; namespace: string },
): Promise<Program> {
  const { hostname, port } = new URL(connection.server);
  const [health, metrics] = await Promise.all([freePort(), freePort()]);
  const args = [
    '--auto-scaling-runner-set-only',
    `--watch-single-namespace=${namespace}`,
    `--health-probe-bind-address=127.0.0.1:${health}`,
    `--metrics-addr=127.0.0.1:${metrics}`,
  ];
  const begun = performance.now();
  const child = spawn(process.execPath, [join(folder, 'manager'), ...args], {
    env: {
      MUSTER_MOUNT_ROOT: folder,
      CONTROLLER_MANAGER_POD_NAMESPACE: namespace,
      CONTROLLER_MANAGER_CONTAINER_IMAGE: 'bench',
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
    },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  await ready(`http://127.0.0.1:${health}/readyz`);
  return {
    readyMs: performance.now() - begun,
    requests: () => requestsOf(`http://127.0.0.1:${metrics}/metrics`),
    memory: () => memory(child),
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'close');
    },
  };
}

async function ready(url: string): Promise<void> {
  for (let tries = 0; tries < 30_000; tries += 1) {
    const isReady = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await sleep(2);
  }
  throw new Error('the controller was never ready');
}

const LINE = /^rest_client_requests_total\{(.*)\} (\d+)$/gm;

async function requestsOf(url: string): Promise<Requests> {
  const text = await (await fetch(url)).text();
  const sum = { writes: 0, reads: 0 };
  for (const [, labels = '', value] of text.matchAll(LINE)) {
    sum[labels.includes('method="GET"') ? 'reads' : 'writes'] += Number(value);
  }
  return sum;
}

/** Resident, and its anonymous part. */
function memory({ pid }: ChildProcess): string {
  const { rss = 0, anonymous = 0 } = memoryOf(pid) ?? {};
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  return `${mib(rss)} MiB (${mib(anonymous)} anonymous)`;
}
