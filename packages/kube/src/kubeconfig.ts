// Kubeconfig files to a connection. The one file that loads @kubernetes/client-node.
import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';
import { rememberedFor } from './connection.ts';
import { KubeError } from './errors.ts';
import { proxyFor } from './proxy.ts';
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

// What a plugin reads to learn what is asked of it; client-go always sets it, the library does not.
const EXEC_INFO = 'KUBERNETES_EXEC_INFO';

function informPlugin(config: KubeConfig): void {
  const exec = config.getCurrentUser()?.exec as ExecPlugin | undefined;
  if (exec === undefined) return;
  const { apiVersion = 'client.authentication.k8s.io/v1' } = exec;
  const info = { kind: 'ExecCredential', apiVersion, spec: { interactive: false } };
  exec.env = [...(exec.env ?? []), { name: EXEC_INFO, value: JSON.stringify(info) }];
}

interface ExecPlugin {
  apiVersion?: string;
  env?: { name: string; value: string }[];
}

interface Choice {
  env: Record<string, string | undefined>;
  context: string | undefined;
}

/** Credentials as the kubeconfig's plugins and files say they are now. */
class Credentials {
  readonly #load: () => KubeConfig;
  #config: KubeConfig;
  /** Worked out and not used yet: an exec plugin need not run twice for them. */
  #unused: RequestOptions | undefined;
  tls: ConnectionTls = {};

  constructor(load: () => KubeConfig, config: KubeConfig) {
    this.#load = load;
    this.#config = config;
  }

  async begin(): Promise<void> {
    this.#unused = await this.#work();
  }

  async headers(): Promise<Record<string, string>> {
    const options = this.#unused ?? (await this.#work());
    this.#unused = undefined;
    return headersOf(options);
  }

  /** The library keeps a plugin's answer until it ends, however often the server refuses it. */
  forget(): void {
    this.#config = this.#load();
  }

  async #work(): Promise<RequestOptions> {
    const options = await applied(this.#config);
    const tls = tlsOf(options);
    // The same object while it says the same: connections are made anew for another.
    if (!isDeepStrictEqual(tls, this.tls)) this.tls = tls;
    return options;
  }
}

export async function connectionFrom(
  files: readonly KubeconfigFile[],
  { env, context }: Choice,
): Promise<Connection> {
  const load = (): KubeConfig => {
    const config = merged(files);
    if (context !== undefined) config.setCurrentContext(context);
    informPlugin(config);
    return config;
  };
  const config = merged(files);
  const server = chosen(config, files, context).replace(/\/+$/, '');
  const proxyUrl = config.getCurrentCluster()?.proxyUrl ?? proxyFor(server, env);
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  const credentials = new Credentials(load, load());
  await credentials.begin();
  const remembered = rememberedFor(HEADERS_MS, () => credentials.headers());
  return {
    server,
    namespace: namespace ?? 'default',
    get tls() {
      return credentials.tls;
    },
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    headers: remembered.headers,
    renew() {
      credentials.forget();
      remembered.renew();
    },
  };
}
