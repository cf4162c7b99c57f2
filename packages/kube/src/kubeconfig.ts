// Kubeconfig files to a connection. The one file that loads @kubernetes/client-node.
import { dirname, resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { rememberedFor } from './connection.ts';
import { KubeError } from './errors.ts';
import type { RequestOptions } from 'node:https';
import type { Connection, ConnectionTls } from './connection.ts';

export interface KubeconfigFile {
  path: string;
  text: string;
}

// client-node keeps a token's file for as long; exec plugins say themselves when theirs ends.
const HEADERS_MS = 30_000;

/** Several files are one, as kubectl has it: the first to name a thing wins. */
function merged(files: readonly KubeconfigFile[]): KubeConfig {
  const all = new KubeConfig();
  files.forEach(({ path, text }, index) => {
    const one = index === 0 ? all : new KubeConfig();
    try {
      one.loadFromString(text);
      one.makePathsAbsolute(dirname(resolve(path)));
      if (one !== all) all.mergeConfig(one, true);
    } catch (cause) {
      const words = cause instanceof Error ? firstLine(cause.message) : 'it is not readable';
      throw new KubeError('bad-config', `the kubeconfig ${path} is broken: ${words}`, { cause });
    }
  });
  // The library refuses what `kubectl proxy` offers, unless told that there is no TLS to verify.
  all.clusters = all.clusters.map((cluster) =>
    cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster,
  );
  return all;
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? text;

function chosen(config: KubeConfig, files: readonly KubeconfigFile[], context?: string): string {
  const where = files.map(({ path }) => path).join(', ');
  if (context !== undefined) config.setCurrentContext(context);
  const name = config.getCurrentContext();
  if (config.getContextObject(name) === null) {
    const words = name ? `has no context "${name}"` : 'names no current context';
    throw new KubeError('bad-config', `the kubeconfig ${where} ${words}`);
  }
  const server = config.getCurrentCluster()?.server;
  if (server === undefined || !URL.canParse(server)) {
    throw new KubeError('bad-config', `the kubeconfig ${where} has no server for "${name}"`);
  }
  return server;
}

/** Headers and TLS as client-node works them out: tokens, files, exec plugins, OIDC. */
async function applied(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (cause) {
    const words = cause instanceof Error ? firstLine(cause.message) : String(cause);
    throw new KubeError('bad-config', `could not get credentials: ${words}`, { cause });
  }
  return options;
}

function headersOf({ headers = {}, auth }: RequestOptions): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) all[name.toLowerCase()] = String(value);
  if (auth) all['authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
  return all;
}

function tlsOf(options: RequestOptions): ConnectionTls {
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const all = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

export async function connectionFrom(
  files: readonly KubeconfigFile[],
  context?: string,
): Promise<Connection> {
  const config = merged(files);
  const server = chosen(config, files, context);
  const proxyUrl = config.getCurrentCluster()?.proxyUrl;
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  const first = await applied(config);
  let unused: RequestOptions | undefined = first;
  const credentials = rememberedFor(HEADERS_MS, async () => {
    // The first were just worked out; an exec plugin need not run twice for them.
    const options = unused ?? (await applied(config));
    unused = undefined;
    return headersOf(options);
  });
  return {
    server: server.replace(/\/+$/, ''),
    namespace: namespace ?? 'default',
    tls: tlsOf(first),
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    ...credentials,
  };
}
