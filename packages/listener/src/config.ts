// What the process is told: its environment, and the file that the controller mounts.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigError, LISTENER_CONFIG, parseListenerConfig } from '@muster/api';
import { podEnvironment } from '@muster/kube';
import type { ListenerConfig } from '@muster/api';
import type { PodEnvironment } from '@muster/kube';

type Env = Record<string, string | undefined>;

export interface ProcessConfig {
  listener: ListenerConfig;
  /** Where its file really is. */
  path: string;
  /** The file as it was read. */
  content: string;
  /** Such as `:8081`; no health is served when absent. */
  healthAddress?: string;
  pod: PodEnvironment;
  instance: string;
  owner: string;
  forceGhes: boolean;
  proxy?: { http?: string; https?: string; noProxy: string[] };
}

/** Throws a ConfigError with every problem. */
export async function loadConfig(env: Env): Promise<ProcessConfig> {
  const path = env[LISTENER_CONFIG.env];
  if (path === undefined || path === '') {
    throw new ConfigError('bad configuration', [`${LISTENER_CONFIG.env} is not set`]);
  }
  const pod = podEnvironment(env);
  const proxy = proxyOf(env);
  const file = pod.mounted(path);
  const content = await contentOf(file, path);
  const health = env[LISTENER_CONFIG.healthEnv];
  return {
    listener: parseListenerConfig(content),
    path: file,
    content,
    ...(health !== undefined && { healthAddress: health }),
    pod,
    instance: env['POD_UID'] ?? randomUUID(),
    owner: pod.hostname,
    // Set to the empty string counts as set (reference/protocol.md 1.2).
    forceGhes: env['GITHUB_ACTIONS_FORCE_GHES'] !== undefined,
    ...(proxy && { proxy }),
  };
}

async function contentOf(file: string, path: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new ConfigError('bad configuration', [
      `${LISTENER_CONFIG.env}: cannot read ${path} (${code})`,
    ]);
  }
}

function proxyOf(env: Env): ProcessConfig['proxy'] {
  const either = (name: string): string | undefined =>
    [env[name], env[name.toUpperCase()]].find((value) => value !== undefined && value !== '');
  const [http, https, none] = ['http_proxy', 'https_proxy', 'no_proxy'].map(either);
  if (http === undefined && https === undefined) return undefined;
  return {
    ...(http !== undefined && { http }),
    ...(https !== undefined && { https }),
    noProxy: none?.split(',').map((host) => host.trim()) ?? [],
  };
}
