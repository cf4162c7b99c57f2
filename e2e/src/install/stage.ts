// What a story acts with: Helm and kubectl as a user has them, the charts in a registry, and a look at the cluster.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { createKubeClient, loadConnection, PodKind } from '@muster/kube';
import type { Kind, KubeClient, KubeObject } from '@muster/kube';
import { afterEach, vi } from 'vitest';
import { CHARTS, CONTROLLER, SCALE_SET } from '../charts/helm.ts';
import { runTool } from '../charts/tool.ts';
import { findProgram } from '../programs.ts';
import { HOST_ENV, PARENT } from '../stories/config.ts';
import { VERSION } from './config.ts';
import { thisGround } from './ground-file.ts';
import { startRegistry } from './registry.ts';
import type { Ground } from './ground.ts';

type Chart = typeof CONTROLLER | typeof SCALE_SET;

/** A release of one of the charts. */
export interface Release {
  name: string;
  namespace: string;
  chart: Chart;
  values: object;
}

export interface Stage {
  ground: Ground;
  /** A folder of its own. */
  desk: string;
  kube: KubeClient;
  helm: (...args: string[]) => Promise<string>;
  kubectl: (args: readonly string[], input?: string) => Promise<string>;
  /** What a user types into a shell. */
  type: (script: string) => Promise<string>;
  /** Makes it, unless this stage did; it goes with the stage. One of another's is not touched. */
  makeNamespace: (name: string) => Promise<void>;
  /** Where a chart is, and how Helm comes to it. */
  chart(name: Chart): string[];
  /** `helm upgrade --install` from the registry. */
  install(release: Release, ...options: string[]): Promise<string>;
  uninstall(release: Pick<Release, 'name' | 'namespace'>, ...options: string[]): Promise<string>;
  /** Names of all objects of a kind, of one namespace or of all. */
  names(kind: Kind, namespace?: string): Promise<string[]>;
  list<K extends KubeObject>(kind: Kind<K>, namespace?: string): Promise<K[]>;
  end(): Promise<void>;
}

type Helm = (args: readonly string[], input?: string) => Promise<string>;

async function publishCharts(
  helm: Helm,
  { desk, repository }: { desk: string; repository: string },
): Promise<void> {
  for (const chart of [CONTROLLER, SCALE_SET]) await helm(['package', join(CHARTS, chart)]);
  for (const archive of (await readdir(desk)).filter((name) => name.endsWith('.tgz'))) {
    await helm(['push', archive, repository, '--plain-http']);
  }
}

async function program(name: string): Promise<string> {
  const found = await findProgram(name);
  if (found === undefined) throw new Error(`end to end needs ${name} on PATH`);
  return found;
}

interface Namespaces {
  make: (name: string) => Promise<void>;
  remove: () => Promise<void>;
}

function namespacesOf(kubectl: Stage['kubectl']): Namespaces {
  const made = new Map<string, Promise<string>>();
  return {
    async make(name) {
      // One of an earlier story may still be going.
      const making = made.get(name) ?? eventually(() => kubectl(['create', 'namespace', name]));
      made.set(name, making);
      await making;
    },
    async remove() {
      if (made.size === 0) return;
      await kubectl(['delete', 'namespace', ...made.keys(), '--ignore-not-found', '--wait=false']);
    },
  };
}

export async function enterStage(): Promise<Stage> {
  const ground = await thisGround();
  const desk = await mkdtemp(join(PARENT, 'muster-e2e-stage-'));
  const env = { ...HOST_ENV, HOME: desk, KUBECONFIG: ground.kubeconfig };
  const [helmFile, kubectlFile] = await Promise.all([program('helm'), program('kubectl')]);
  const PATH = [dirname(helmFile), dirname(kubectlFile), HOST_ENV.PATH].join(delimiter);
  const helm: Helm = (args, input = '') => runTool(helmFile, args, { env, cwd: desk, input });
  const kubectl: Stage['kubectl'] = (args, input = '') =>
    runTool(kubectlFile, args, { env, cwd: desk, input });
  const namespaces = namespacesOf(kubectl);
  const registry = await startRegistry();
  const repository = `oci://${registry.address}/charts`;
  await publishCharts(helm, { desk, repository });
  const kube = createKubeClient({
    connection: await loadConnection({ env: { KUBECONFIG: ground.kubeconfig } }),
  });
  const list: Stage['list'] = async (kind, namespace) =>
    (await kube.list(kind, namespace === undefined ? {} : { namespace })).items;
  const chartAt = (chart: Chart): string[] => [
    ...[`${repository}/${chart}`, '--version', VERSION, '--plain-http'],
  ];
  return {
    ground,
    desk,
    kube,
    chart: chartAt,
    list,
    helm: (...args) => helm(args),
    kubectl,
    makeNamespace: namespaces.make,
    type: (script) => runTool('sh', ['-euc', script], { env: { ...env, PATH }, cwd: desk }),
    install: async ({ name, namespace, chart, values }, ...options) => {
      await namespaces.make(namespace);
      const args = ['upgrade', '--install', name, ...chartAt(chart), '--namespace', namespace];
      return helm([...args, '--values', '-', ...options], JSON.stringify(values));
    },
    uninstall: ({ name, namespace }, ...options) =>
      helm(['uninstall', name, '--namespace', namespace, ...options]),
    names: async (kind, namespace) =>
      (await list(kind, namespace)).map(({ metadata }) => metadata.name),
    async end() {
      await namespaces.remove();
      await Promise.all([kube.close(), registry.close()]);
      await rm(desk, { recursive: true, force: true });
    },
  };
}

/** How long anything may take, on a busy machine, unless a story says otherwise. */
const PATIENCE = { timeout: 90_000, interval: 250 };

/** Waits for what the check expects; fails with its last complaint. */
export const eventually = <T>(check: () => T | Promise<T>, options = {}): Promise<T> =>
  vi.waitFor(check, { ...PATIENCE, ...options });

/** What an engineer would look at first, printed when a test of the file has failed. */
export function explainFailures(stage: () => Stage): void {
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    const pods = (await stage().list(PodKind)).map(({ metadata }) => metadata);
    const kinds = 'pods,autoscalingrunnersets,ephemeralrunnersets,ephemeralrunners';
    const looks = [
      ['get', kinds, '--all-namespaces', '--output', 'wide'],
      ['get', 'events', '--all-namespaces', '--sort-by=.lastTimestamp'],
      ...pods.map(({ namespace, name }) => ['logs', name, '--namespace', namespace ?? 'default']),
    ];
    for (const look of looks) {
      const lines = (await stage().kubectl(look).catch(String)).split('\n').slice(-LINES);
      process.stderr.write(`--- kubectl ${look.join(' ')}\n${lines.join('\n')}\n`);
    }
  });
}

const LINES = 25;
