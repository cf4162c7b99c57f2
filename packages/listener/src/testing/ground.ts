// The program over real sockets: the simulator as GitHub, the dev cluster's program as Kubernetes, and
// listeners as processes that are told of both as a pod is. Each way between them can be cut.
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EphemeralRunnerKind, EphemeralRunnerSetKind, formatListenerConfig } from '@muster/api';
import { createActionsClient } from '@muster/actions';
import { createKubeClient } from '@muster/kube';
import { createSimulator, listen } from '@muster/simulator';
import type { ActionsClient } from '@muster/actions';
import type { EphemeralRunnerSet, ListenedScaleSet } from '@muster/api';
import type { KubeClient } from '@muster/kube';
import type { RunningServer, Simulator } from '@muster/simulator';
import { bundleListener } from './bundle.ts';
import {
  allowed,
  devCluster,
  makeSet,
  NAMESPACE,
  prepare,
  template,
  writeAccount,
} from './cluster.ts';
import { startProgram } from './program.ts';
import { aWire } from './wire.ts';
import type { Rule } from './arc.ts';
import type { DevCluster } from './cluster.ts';
import type { Program } from './program.ts';
import type { Wire } from './wire.ts';

const OWNER = 'my-org';

export interface ProcessWish {
  instance: string;
  /** Its config file, which may be written anew. */
  config: string;
  env?: Record<string, string>;
}

interface Parts {
  folder: string;
  simulator: Simulator;
  server: RunningServer;
  cluster: DevCluster;
  github: Wire;
  kubernetes: Wire;
  /** The file to start. */
  program: string;
}

export async function aGround({ holdMs = 2_000 } = {}): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-listener-'));
  const simulator = createSimulator({ holdMs });
  const onError = (error: unknown): void => {
    throw error;
  };
  const server = await listen(simulator.serve, { host: '127.0.0.1', port: 0, onError });
  const [cluster, program] = await Promise.all([devCluster(folder), bundleListener(folder)]);
  const wireTo = (url: string): Promise<Wire> => aWire(Number(new URL(url).port));
  const github = await wireTo(server.url);
  const kubernetes = await wireTo(cluster.connection.server);
  await writeAccount(folder, cluster.connection);
  const ground = new Ground({ folder, simulator, server, cluster, github, kubernetes, program });
  await prepare(ground.kube);
  return ground;
}

export class Ground {
  readonly simulator: Simulator;
  /** As an operator of Kubernetes: never cut. */
  readonly kube: KubeClient;
  readonly github: Wire;
  readonly kubernetes: Wire;
  /** Goes with the ground. */
  readonly folder: string;
  readonly #parts: Parts;
  readonly #operators = new Map<string, ActionsClient>();
  readonly #started = new Set<Program>();
  readonly #ticking: NodeJS.Timeout;

  constructor(parts: Parts) {
    const { simulator, github, kubernetes, cluster } = parts;
    this.simulator = simulator;
    this.github = github;
    this.kubernetes = kubernetes;
    this.folder = parts.folder;
    this.kube = createKubeClient({ connection: cluster.connection });
    this.#parts = parts;
    this.#ticking = setInterval(simulator.tick, 250);
  }

  /** As an operator of an organization: never cut. */
  operatorOf(owner = OWNER): ActionsClient {
    const known =
      this.#operators.get(owner) ??
      createActionsClient({
        configUrl: `${this.#parts.server.url}/${owner}`,
        credentials: { kind: 'token', token: 'ghp_operator' },
        userAgent: { version: 'test', subsystem: 'test' },
      });
    this.#operators.set(owner, known);
    return known;
  }

  /** A scale set at GitHub, and its EphemeralRunnerSet. */
  async addSet(
    name: string,
    { owner = OWNER, ...change }: Partial<ListenedScaleSet> & { owner?: string } = {},
  ): Promise<ListenedScaleSet> {
    const wish = { name, runnerGroupId: 1 };
    const { id: scaleSetId } = await this.operatorOf(owner).createScaleSet(wish);
    await this.makeSet(name);
    return {
      configUrl: `http://127.0.0.1:${this.github.port}/${owner}`,
      credentials: { kind: 'token', token: 'ghp_planted' },
      scaleSetId,
      runnerSetName: name,
      setNamespace: NAMESPACE,
      setName: name,
      minRunners: 0,
      maxRunners: 50,
      settleSeconds: 0.2,
      ...change,
    };
  }

  set(name: string): Promise<EphemeralRunnerSet | undefined> {
    return this.kube.get(EphemeralRunnerSetKind, { namespace: NAMESPACE, name });
  }

  makeSet(name: string): Promise<void> {
    return makeSet(this.kube, name);
  }

  async makeRunner(name: string): Promise<void> {
    await this.kube.create(EphemeralRunnerKind, {
      ...template,
      kind: 'EphemeralRunner',
      metadata: { namespace: NAMESPACE, name },
    });
  }

  async writeConfig(
    name: string,
    scaleSets: ListenedScaleSet[],
    metricsAddress?: string,
  ): Promise<string> {
    const path = join(this.#parts.folder, `${name}.json`);
    const content = formatListenerConfig({
      scaleSets,
      logLevel: 'debug',
      logFormat: 'json',
      metricsEndpoint: '/metrics',
      ...(metricsAddress !== undefined && { metricsAddress }),
    });
    // All of it at once, as a kubelet does.
    await writeFile(`${path}.next`, content);
    await rename(`${path}.next`, path);
    return path;
  }

  /** The folder of a pod whose ServiceAccount may do that, and nothing else. */
  async accountWith(name: string, rules: readonly Rule[]): Promise<string> {
    const folder = join(this.folder, name);
    const token = await allowed(this.kube, name, rules);
    await writeAccount(folder, this.#parts.cluster.connection, token);
    return folder;
  }

  start({ instance, config, env }: ProcessWish): Program {
    const { program, folder } = this.#parts;
    const one = startProgram(program, {
      LISTENER_CONFIG_PATH: config,
      POD_UID: instance,
      HOSTNAME: 'listener',
      POD_IP: '127.0.0.1',
      MUSTER_MOUNT_ROOT: folder,
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(this.kubernetes.port),
      ...env,
    });
    this.#started.add(one);
    void one.ended.then(() => this.#started.delete(one));
    return one;
  }

  async end(): Promise<void> {
    const { server, cluster, folder } = this.#parts;
    const alive = [...this.#started];
    for (const one of alive) one.kill('SIGKILL');
    await Promise.all(alive.map(({ ended }) => ended));
    clearInterval(this.#ticking);
    this.simulator.stop();
    await Promise.all([...this.#operators.values()].map((client) => client.close()));
    await Promise.all([this.github.close(), this.kubernetes.close(), this.kube.close()]);
    await Promise.all([server.close(), cluster.end()]);
    await rm(folder, { recursive: true, force: true });
  }
}
