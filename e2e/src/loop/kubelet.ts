// Stands for a scheduler and a node: a pod that is made is bound, runs its one container as a program
// of this process, and says in its status how that goes. It goes when it is deleted and has ended.
import { PodKind } from '@muster/kube';
import type { Cache, Clock, JsonObject, KubeClient, Log, Pod, PodStatus } from '@muster/kube';
import { containerOf, furnished } from './container.ts';
import type { Container } from './container.ts';

export interface Running {
  /** Its exit code. */
  readonly ended: Promise<number>;
  /** As SIGTERM. */
  stop: () => void;
  /** As SIGKILL. */
  kill: () => void;
}

export type Program = (container: Container) => Promise<Running>;

export interface KubeletOptions {
  kube: KubeClient;
  pods: Cache<Pod>;
  clock: Clock;
  log: Log;
  /** By the name of the container. */
  programs: Record<string, Program>;
  /** POST of what the client has no verb for. */
  post: (path: string, body: JsonObject) => Promise<unknown>;
}

export interface Kubelet {
  /** What runs in a container of that name. */
  running: (container: string) => Running | undefined;
  /** What runs in the pod of that uid. */
  runningIn: (uid: string) => Running | undefined;
  stop: () => void;
}

export function startKubelet(options: KubeletOptions): Kubelet {
  const { pods } = options;
  const workers = new Map<string, Worker>();
  const unlisten = pods.onChange(({ type, object: pod }) => {
    const { uid, deletionTimestamp } = pod.metadata;
    const known = workers.get(uid);
    if (type === 'deleted') {
      known?.running?.kill();
      workers.delete(uid);
    } else if (deletionTimestamp !== undefined) known?.end();
    else if (known === undefined) workers.set(uid, new Worker(pod, options));
  });
  return {
    running: (container) =>
      [...workers.values()].find(({ pod }) => containerOf(pod).name === container)?.running,
    runningIn: (uid) => workers.get(uid)?.running,
    stop() {
      unlisten();
      for (const { running } of workers.values()) running?.kill();
    },
  };
}

const START_MS = 1_000;
const NODE = 'node-1';

/** One pod. Its steps come one after another. */
class Worker {
  readonly pod: Pod;
  running: Running | undefined;
  readonly #options: KubeletOptions;
  #steps = Promise.resolve();

  constructor(pod: Pod, options: KubeletOptions) {
    this.pod = pod;
    this.#options = options;
    this.#then(() => this.#bind());
    this.#startLater();
  }

  end(): void {
    this.#then(() => this.#remove());
  }

  #then(step: () => Promise<unknown>): void {
    this.#steps = this.#steps.then(step).then(
      () => undefined,
      (error: unknown) => {
        this.#options.log.warn('a step failed', { pod: this.pod.metadata.name, error });
      },
    );
  }

  get #at(): { namespace: string; name: string } {
    const { namespace = '', name } = this.pod.metadata;
    return { namespace, name };
  }

  /** As far as is known; the API server has the last word. */
  get #isWanted(): boolean {
    const known = this.#options.pods.get(this.#at)?.metadata;
    return known?.uid === this.pod.metadata.uid && known.deletionTimestamp === undefined;
  }

  async #bind(): Promise<void> {
    if (!this.#isWanted) return;
    const { namespace, name } = this.#at;
    await this.#options.post(`/api/v1/namespaces/${namespace}/pods/${name}/binding`, {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace },
      target: { apiVersion: 'v1', kind: 'Node', name: NODE },
    });
  }

  #startLater(): void {
    this.#options.clock.setTimeout(() => {
      this.#then(() => this.#start());
    }, START_MS);
  }

  async #start(): Promise<void> {
    const { kube, programs } = this.#options;
    if (!this.#isWanted) return;
    const { name } = containerOf(this.pod);
    const program = programs[name];
    if (program === undefined) throw new Error(`there is no program for the container ${name}`);
    const container = await furnished(this.pod, kube);
    if (container === undefined) {
      this.#startLater();
      return;
    }
    const startedAt = this.#timestamp();
    const running = await program(container);
    this.running = running;
    await this.#tell({
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: startedAt }],
      containerStatuses: [{ name, ready: true, state: { running: { startedAt } } }],
    });
    void running.ended.then((exitCode) => {
      if (this.pod.spec.restartPolicy === 'Never') this.#then(() => this.#tellEnd(exitCode));
      else this.#startLater();
    });
  }

  async #tellEnd(exitCode: number): Promise<void> {
    const { name } = containerOf(this.pod);
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    const terminated = { exitCode, reason, finishedAt: this.#timestamp() };
    await this.#tell({
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      containerStatuses: [{ name, ready: false, state: { terminated } }],
    });
  }

  async #tell(status: PodStatus): Promise<void> {
    const { uid } = this.pod.metadata;
    await this.#options.kube.patchStatus(PodKind, this.#at, { metadata: { uid }, status });
  }

  /** Whoever deleted it waits for its container. */
  async #remove(): Promise<void> {
    this.running?.stop();
    await this.running?.ended;
    const { uid } = this.pod.metadata;
    await this.#options.kube.delete(PodKind, this.#at, { uid, gracePeriodSeconds: 0 });
  }

  #timestamp(): string {
    return `${new Date(this.#options.clock.now()).toISOString().slice(0, 19)}Z`;
  }
}
