// The parts of the dev cluster put together: API, port, node, kubeconfig.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigError } from './config.ts';
import type { Config } from './config.ts';
import { createCluster } from './cluster.ts';
import { kubeconfig } from './kubeconfig.ts';
import { ImageTableError, parseImageTable } from './node/images.ts';
import type { ImageTable } from './node/images.ts';
import type { Log } from './node/log-sink.ts';
import { createNode } from './node/node.ts';
import { serve } from './serve.ts';
import type { Fetch, Listening } from './serve.ts';
import { createTls } from './tls.ts';
import type { ServerTls } from './tls.ts';

export interface Environment {
  hostEnv: { PATH?: string | undefined; LANG?: string | undefined };
  log: Log;
}

export interface Program {
  /** Path of the kubeconfig, which works now. */
  kubeconfig: string;
  /** Ends all pods and the server, and removes what was made below the folder. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const NODE_NAME = 'node-1';

/** Throws `ConfigError` for what the user can mend. Leaves nothing behind when it throws. */
export async function start(config: Config, { hostEnv, log }: Environment): Promise<Program> {
  const images = await readImages(config.images);
  const dir = await makeDir(config.dir);
  const tls = await createTls(Date.now());
  // The cluster must know its own port, and the port must answer before anybody knows it.
  let fetch: Fetch = () => Promise.resolve(new Response('not ready', { status: 503 }));
  const listening = await listen(config.port, tls, (request) => fetch(request));
  const { port } = listening;
  const server = `https://${HOST}:${port}`;
  const cluster = createCluster({
    ca: tls.ca,
    serverUrl: server,
    podLogs: (at, options, signal) => node.podLogs(at, options, signal),
  });
  const node = await createNode({
    fetch: cluster.fetch,
    token: cluster.adminToken,
    name: NODE_NAME,
    dir: join(dir, 'pods'),
    images,
    apiServer: { host: HOST, port },
    hostEnv,
    log,
  });
  ({ fetch } = cluster);
  const path = join(dir, 'kubeconfig');
  const stopping = new AbortController();
  const running = node.run(stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await node.stop();
    await running.catch(() => undefined);
    cluster.close();
    await listening.close();
    await rm(path, { force: true });
  };
  try {
    await Promise.race([node.ready, running]);
    await writeFile(path, kubeconfig({ server, ca: tls.ca, token: cluster.adminToken }), {
      mode: 0o600,
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { kubeconfig: path, stop };
}

async function readImages(path: string): Promise<ImageTable> {
  try {
    return parseImageTable(await readFile(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof ImageTableError) && !isSystemError(error)) throw error;
    throw new ConfigError(`could not read the image table ${path}: ${error.message}`, {
      cause: error,
    });
  }
}

async function makeDir(path: string): Promise<string> {
  const dir = resolve(path);
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    return dir;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new ConfigError(`could not make the folder ${dir}: ${error.message}`, { cause: error });
  }
}

async function listen(port: number, tls: ServerTls, fetch: Fetch): Promise<Listening> {
  try {
    return await serve({ host: HOST, port, tls, fetch });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const why = error.code === 'EADDRINUSE' ? 'it is in use' : error.message;
    throw new ConfigError(`could not listen on ${HOST} port ${port}: ${why}`, { cause: error });
  }
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error;
