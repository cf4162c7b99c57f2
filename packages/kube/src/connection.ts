// How to reach the API server: from a kubeconfig file, or from inside a pod.
import { readFile as readFileOf } from 'node:fs/promises';
import { join } from 'node:path';
import { podEnvironment } from './environment.ts';
import { KubeError } from './errors.ts';
import { proxyFor } from './proxy.ts';
import type { ConnectionOptions } from 'node:tls';

/** What the TLS layer needs to know of the server and of us. */
export type ConnectionTls = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'
>;

/** Where the API server is, and how to prove who we are. */
export interface Connection {
  /** Without a slash at its end. */
  readonly server: string;
  /** The namespace of the context, or of the pod. */
  readonly namespace: string;
  /** Another object after a client certificate was renewed; connections are made anew then. */
  readonly tls: ConnectionTls;
  /** An HTTP or SOCKS5 proxy on the way to the server. */
  readonly proxyUrl?: string;
  /** The headers that carry the credentials, as they are now. */
  headers(): Promise<Record<string, string>>;
  /** Forgets what was remembered of the credentials, since the server refused them. */
  renew(): void;
}

export interface ConnectionSources {
  env: Record<string, string | undefined>;
  readFile?: (path: string) => Promise<string>;
  /** A context of the kubeconfig other than its current one. */
  context?: string;
}

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

type ReadFile = (path: string) => Promise<string>;

/** `what` reads on from "could not read": `the kubeconfig`. */
async function readOrExplain(readFile: ReadFile, path: string, what: string): Promise<string> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const words = code === 'ENOENT' ? 'there is no such file' : message;
    throw new KubeError('bad-config', `could not read ${what} ${path}: ${words}`, { cause });
  }
}

async function inCluster(env: ConnectionSources['env'], readFile: ReadFile): Promise<Connection> {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = env;
  const pod = podEnvironment(env);
  const tokenPath = pod.mounted(`${ACCOUNT}/token`);
  const readToken = async (): Promise<string> =>
    (await readOrExplain(readFile, tokenPath, "the pod's token")).trim();
  const ca = await readOrExplain(readFile, pod.mounted(`${ACCOUNT}/ca.crt`), "the cluster's CA");
  const namespace = await readOrExplain(
    readFile,
    pod.mounted(`${ACCOUNT}/namespace`),
    "the pod's namespace",
  );
  const remembered = rememberedFor(TOKEN_MS, async () => ({
    authorization: `Bearer ${await readToken()}`,
  }));
  await remembered.headers();
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const proxyUrl = proxyFor(server, env);
  return {
    server,
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    namespace: namespace.trim(),
    tls: { ca },
    ...remembered,
  };
}

// client-go's: a rotated token is found within a minute, and the old one is good for longer.
const TOKEN_MS = 60_000;

/** Credentials that are made anew now and then; while that fails the last ones are used on. */
export function rememberedFor(
  ms: number,
  make: () => Promise<Record<string, string>>,
): Pick<Connection, 'headers' | 'renew'> {
  let last: Record<string, string> | undefined;
  let madeAt = -Infinity;
  let making: Promise<Record<string, string>> | undefined;

  async function remake(): Promise<Record<string, string>> {
    try {
      last = await make();
      madeAt = performance.now();
      return last;
    } catch (error) {
      if (last === undefined) throw error;
      return last;
    } finally {
      making = undefined;
    }
  }
  return {
    headers() {
      if (last !== undefined && performance.now() - madeAt < ms) return Promise.resolve(last);
      making ??= remake();
      return making;
    },
    renew() {
      madeAt = -Infinity;
    },
  };
}

function kubeconfigPaths(env: ConnectionSources['env']): string[] {
  const { KUBECONFIG: named = '', HOME: home = '', USERPROFILE: profile = '' } = env;
  const separator = process.platform === 'win32' ? ';' : ':';
  const paths = named.split(separator).filter((path) => path !== '');
  return paths.length > 0 ? paths : [join(home === '' ? profile : home, '.kube', 'config')];
}

/**
 * The kubeconfig that KUBECONFIG names; else, in a pod, the pod's ServiceAccount; else
 * `~/.kube/config`.
 *
 * Throws `bad-config`, in one line that names the file.
 */
export async function loadConnection(sources: ConnectionSources): Promise<Connection> {
  const { env, readFile = (path: string) => readFileOf(path, 'utf8'), context } = sources;
  const { KUBECONFIG: named = '', KUBERNETES_SERVICE_HOST: host = '' } = env;
  if (named === '' && host !== '') return inCluster(env, readFile);
  const files: { path: string; text: string }[] = [];
  for (const path of kubeconfigPaths(env)) {
    files.push({ path, text: await readOrExplain(readFile, path, 'the kubeconfig') });
  }
  // Only here, since loading the library takes longer than starting a program in a cluster may.
  const { connectionFrom } = await import('./kubeconfig.ts');
  return connectionFrom(files, { env, context });
}
