// The controller as it is shipped, bundled and started by the image's small file, with the account of a pod.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../images/src/bundle.ts';
import { launcher } from '../../images/src/launcher.ts';
import type { Connection } from '../../packages/kube/src/index.ts';

const MAIN = fileURLToPath(new URL('../../packages/controller/src/main.ts', import.meta.url));
const ACCOUNT = 'var/run/secrets/kubernetes.io/serviceaccount';

interface Requests {
  writes: number;
  reads: number;
}

export interface Program {
  /** From exec to its page saying that it is ready. */
  readyMs: number;
  requests: () => Promise<Requests>;
  memory: () => Promise<string>;
  stop: () => Promise<void>;
}

/** Bundles it into the folder, and mounts what a pod would have there. */
export async function install(
  folder: string,
  { connection, token, namespace }: { connection: Connection; token: string; namespace: string },
): Promise<void> {
  await bundle({ manager: MAIN }, folder);
  const start = launcher({ cache: join(folder, 'compiled'), module: join(folder, 'manager.mjs') });
  await writeFile(join(folder, 'manager'), start);
  await mkdir(join(folder, ACCOUNT), { recursive: true });
  const files = { token, 'ca.crt': String(connection.tls.ca), namespace };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, ACCOUNT, name), content);
  }
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
    memory: () => memoryOf(child),
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'close');
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
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

/** Resident, and its anonymous part: the rest is the text of Node, which all processes of a machine share. */
async function memoryOf({ pid }: ChildProcess): Promise<string> {
  const status = await readFile(`/proc/${pid ?? 0}/status`, 'utf8');
  const mib = (name: string): string =>
    (Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024).toFixed(0);
  return `${mib('VmRSS')} MiB (${mib('RssAnon')} anonymous)`;
}
