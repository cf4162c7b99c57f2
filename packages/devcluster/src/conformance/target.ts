// The cluster that the conformance suite asks: what a kubeconfig names, else a dev cluster in this process.
import { readFile } from 'node:fs/promises';
import { Agent, fetch as fetchFrom } from 'undici';
import type { RequestInit as UndiciInit } from 'undici';
import { parse } from 'yaml';
import { createCluster } from '../cluster.ts';
import { apiUser, userOf } from '../testing.ts';
import type { ApiUser } from '../testing.ts';
import { readConfig } from './config.ts';

export interface Target {
  admin: ApiUser;
  /** The bearer of a token, and of nothing else. */
  as: (token: string) => ApiUser;
  close: () => Promise<void>;
}

export async function openTarget(): Promise<Target> {
  const { kubeconfig } = readConfig();
  if (kubeconfig !== undefined) return reached(await readKubeconfig(kubeconfig));
  const cluster = createCluster();
  return {
    admin: apiUser(cluster),
    as: (token) => apiUser(cluster, token),
    close: () => {
      cluster.close();
      return Promise.resolve();
    },
  };
}

interface Access {
  server: string;
  ca: Buffer | undefined;
  token: string | undefined;
  cert: Buffer | undefined;
  key: Buffer | undefined;
}

interface Kubeconfig {
  'current-context': string;
  contexts: { name: string; context: { cluster: string; user: string } }[];
  clusters: { name: string; cluster: Record<string, string> }[];
  users: { name: string; user: Record<string, string> }[];
}

/** The current context; credentials must be in the file itself. */
async function readKubeconfig(path: string): Promise<Access> {
  const config = parse(await readFile(path, 'utf8')) as Kubeconfig;
  const named = <T extends { name: string }>(list: T[], name: string | undefined): T => {
    const found = list.find((item) => item.name === name);
    if (found === undefined) throw new Error(`${path} has no entry called ${name ?? ''}`);
    return found;
  };
  const { context } = named(config.contexts, config['current-context']);
  const { cluster } = named(config.clusters, context.cluster);
  const { user } = named(config.users, context.user);
  const bytes = (text: string | undefined): Buffer | undefined =>
    text === undefined ? undefined : Buffer.from(text, 'base64');
  return {
    server: cluster['server'] ?? '',
    ca: bytes(cluster['certificate-authority-data']),
    token: user['token'],
    cert: bytes(user['client-certificate-data']),
    key: bytes(user['client-key-data']),
  };
}

function reached({ server, ca, token, cert, key }: Access): Target {
  const agents = {
    admin: new Agent({ connect: { ca, cert, key } }),
    others: new Agent({ connect: { ca } }),
  };
  const user = (dispatcher: Agent, bearer: string | undefined): ApiUser =>
    userOf(async (path, init) => {
      const headers = new Headers(init.headers);
      if (bearer !== undefined) headers.set('authorization', `Bearer ${bearer}`);
      const sent = { ...init, headers: [...headers], dispatcher } as UndiciInit;
      const { status, headers: its, body } = await fetchFrom(`${server}${path}`, sent);
      return new Response(body as ReadableStream<Uint8Array> | null, { status, headers: [...its] });
    });
  return {
    admin: user(agents.admin, token),
    as: (bearer) => user(agents.others, bearer),
    close: async () => {
      await Promise.all([agents.admin.destroy(), agents.others.destroy()]);
    },
  };
}
