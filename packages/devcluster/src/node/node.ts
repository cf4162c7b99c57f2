// One node: takes pods, runs them as processes of this machine, and leaves nothing behind.
import { mkdir, rm } from 'node:fs/promises';
import type { LogOptions } from '../logs.ts';
import { addressesOf } from './addresses.ts';
import { NodeApi } from './api.ts';
import type { Fetch } from './api.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import type { ImageTable } from './images.ts';
import { hireJanitor } from './janitor.ts';
import type { Log } from './log-sink.ts';
import { hasNamespaces, namespaceRoom } from './namespace.ts';
import { isTerminal } from './pod.ts';
import type { Pod } from './pod.ts';
import { readPodLog } from './pod-logs.ts';
import type { PodLogAnswer } from './pod-logs.ts';
import { PodWorker } from './pod-worker.ts';
import type { NodeSetting } from './pod-worker.ts';
import { keepRegistered, nodeLabels, register } from './registration.ts';
import { linkedRoom } from './room.ts';
import { schedule } from './scheduler.ts';
import type { NodeView } from './scheduler.ts';
import { Strays } from './strays.ts';
import { follow } from './watch.ts';

export interface NodeOptions {
  fetch: Fetch;
  /** A bearer token of somebody who may do what a kubelet and a scheduler do. */
  token: string;
  name: string;
  /** A folder of the node's own; it is removed when the node stops. */
  dir: string;
  images: ImageTable;
  /** Where pods find the API. */
  apiServer: { host: string; port: number };
  hostEnv: { PATH?: string | undefined; LANG?: string | undefined };
  log?: Log;
  clock?: Clock;
  platform?: string;
  /** How containers see their volumes; found out when left out. */
  mounts?: 'namespaces' | 'links';
}

export interface Node {
  /** Registers the node and serves pods until the signal fires; then `stop`. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when the Node object is there and pods are heard of. */
  ready: Promise<void>;
  podLogs(
    at: { namespace: string; name: string },
    options: LogOptions,
    signal: AbortSignal,
  ): Promise<PodLogAnswer>;
  /** Kills all pods' processes and removes their folders. */
  stop(): Promise<void>;
}

interface NodeObject {
  metadata: { name: string; labels?: Record<string, string>; resourceVersion?: string };
  spec?: { unschedulable?: boolean };
}

const quiet: Log = { info: () => undefined, error: () => undefined };

/** Makes the node's folder, and finds out what this machine lets us do. */
export async function createNode(options: NodeOptions): Promise<Node> {
  const { dir, mounts } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const isTrue = mounts === undefined ? await hasNamespaces(dir) : mounts === 'namespaces';
  return new ProcessNode(options, isTrue);
}

class ProcessNode implements Node {
  readonly ready: Promise<void>;
  readonly #setting: NodeSetting;
  readonly #workers = new Map<string, PodWorker>();
  readonly #lives = new Set<Promise<void>>();
  readonly #binding = new Set<string>();
  /** Pods that do not fit as the node is now. */
  readonly #waiting = new Map<string, Pod>();
  #view: NodeView;
  #announceReady: () => void = () => undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: NodeOptions, hasNamespaces: boolean) {
    const sign = hasNamespaces ? 'root' : 'variable';
    const { fetch, token, apiServer, images, log = quiet, clock = systemClock } = options;
    const platform = options.platform ?? process.platform;
    this.#view = { labels: nodeLabels(options.name), isCordoned: false };
    const host = apiServer.host.includes(':') ? `[${apiServer.host}]` : apiServer.host;
    this.#setting = {
      api: new NodeApi({ fetch, token, server: `https://${host}:${apiServer.port}` }),
      nodeName: options.name,
      dir: options.dir,
      image: (name) => images.images[name],
      addresses: addressesOf(platform, apiServer.port),
      isAddressShared: platform !== 'linux',
      apiServer,
      hostEnv: options.hostEnv,
      log,
      clock,
      makeRoom: hasNamespaces ? namespaceRoom : linkedRoom,
      janitor: hireJanitor(options.dir, sign),
      strays: new Strays(sign),
    };
    this.ready = new Promise((resolve) => {
      this.#announceReady = resolve;
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { api, clock, nodeName: name } = this.#setting;
    await register({ api, clock, name });
    await Promise.all([
      keepRegistered({ api, clock, name }, signal),
      this.#followNode(signal),
      follow<Pod>(
        { api, clock, signal, path: '/api/v1/pods' },
        {
          listed: (pods) => {
            this.#listed(pods);
            this.#announceReady();
          },
          changed: (pod) => {
            this.#changed(pod);
          },
          gone: (pod) => {
            this.#waiting.delete(pod.metadata.uid);
            this.#workers.get(pod.metadata.uid)?.vanished();
          },
        },
      ),
    ]);
    await this.stop();
  }

  podLogs: Node['podLogs'] = ({ namespace, name }, options, signal) => {
    const worker = [...this.#workers.values()].find(
      ({ pod }) => pod.metadata.namespace === namespace && pod.metadata.name === name,
    );
    if (worker !== undefined) return Promise.resolve(readPodLog(worker, options, signal));
    return Promise.resolve({ problem: `pod "${name}" is not on this node (yet)` });
  };

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    for (const worker of this.#workers.values()) worker.kill();
    while (this.#lives.size > 0) await Promise.all(this.#lives);
    await this.#setting.strays.end(this.#setting.dir);
    await rm(this.#setting.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    await this.#setting.janitor.dismiss();
  }

  /** What is said of the Node object counts: its labels, and whether new pods may come. */
  async #followNode(signal: AbortSignal): Promise<void> {
    const { api, clock, nodeName } = this.#setting;
    const changed = ({ metadata, spec }: NodeObject): void => {
      if (metadata.name !== nodeName) return;
      this.#view = { labels: metadata.labels ?? {}, isCordoned: spec?.unschedulable === true };
      for (const pod of this.#waiting.values()) this.#schedule(pod);
    };
    await follow<NodeObject>(
      { api, clock, signal, path: '/api/v1/nodes' },
      {
        listed: (nodes) => {
          nodes.forEach(changed);
        },
        changed,
        gone: () => undefined,
      },
    );
  }

  #listed(pods: readonly Pod[]): void {
    const there = new Set(pods.map(({ metadata }) => metadata.uid));
    for (const [uid, worker] of this.#workers) if (!there.has(uid)) worker.vanished();
    for (const pod of pods) this.#changed(pod);
  }

  #changed(pod: Pod): void {
    if (this.#stopping) return;
    const worker = this.#workers.get(pod.metadata.uid);
    if (worker !== undefined) worker.update(pod);
    else if (pod.spec.nodeName === undefined) this.#schedule(pod);
    else if (pod.spec.nodeName === this.#setting.nodeName) this.#adopt(pod);
  }

  #schedule(pod: Pod): void {
    const { api, clock, nodeName, log } = this.#setting;
    const { uid, name } = pod.metadata;
    if (this.#binding.has(uid)) return;
    this.#binding.add(uid);
    this.#waiting.delete(uid);
    const node = this.#view;
    void schedule(pod, { api, clock, nodeName, node })
      .then((outcome) => {
        if (outcome === 'waits') this.#waiting.set(uid, pod);
      })
      .catch((error: unknown) => {
        log.info('could not bind a pod', { pod: name, error: String(error) });
      })
      .finally(() => {
        this.#binding.delete(uid);
        // The node may have changed while this was found out.
        if (this.#view !== node && this.#waiting.has(uid)) this.#schedule(pod);
      });
  }

  #adopt(pod: Pod): void {
    const worker = new PodWorker(pod, this.#setting);
    const { uid } = pod.metadata;
    this.#workers.set(uid, worker);
    worker.update(pod);
    const life = live(worker, pod)
      .catch((error: unknown) => {
        this.#setting.log.error('lost a pod', { pod: pod.metadata.name, error: String(error) });
      })
      .finally(() => {
        this.#workers.delete(uid);
        this.#lives.delete(life);
      });
    this.#lives.add(life);
  }
}

async function live(worker: PodWorker, pod: Pod): Promise<void> {
  // A pod that ended before we came has nothing to run, only to be removed once it is deleted.
  if (!isTerminal(pod)) await worker.run();
  await worker.removed();
  await worker.forget();
}
