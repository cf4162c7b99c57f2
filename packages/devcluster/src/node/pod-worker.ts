// The life of one pod on this node: prepared, run, ended, removed.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from './addresses.ts';
import type { Addresses } from './addresses.ts';
import { podPath } from './api.ts';
import type { NodeApi } from './api.ts';
import { fired, sleep, timestamp } from './clock.ts';
import type { ContainerRunner, PodSetting } from './container.ts';
import { eventsOf } from './events.ts';
import type { PodEvent } from './events.ts';
import type { Image } from './images.ts';
import type { Log } from './log-sink.ts';
import { PodContainers } from './pod-containers.ts';
import { machineEnv, serviceEnv } from './pod-env.ts';
import { allContainers } from './pod.ts';
import type { Pod, PodStatus } from './pod.ts';
import type { ProcessDeps } from './process.ts';
import type { MakeRoom } from './room.ts';
import { isMissing, sourcesOf } from './sources.ts';
import type { Sources } from './sources.ts';
import { podStatus } from './status.ts';
import { StatusWriter } from './status-writer.ts';
import { fillVolumes } from './volumes.ts';

export interface NodeSetting extends ProcessDeps {
  api: NodeApi;
  nodeName: string;
  /** Below it each pod has a folder. */
  dir: string;
  image(name: string): Image | undefined;
  addresses: Addresses;
  isAddressShared: boolean;
  apiServer: { host: string; port: number };
  hostEnv: { PATH?: string | undefined; LANG?: string | undefined };
  log: Log;
  makeRoom: MakeRoom;
}

const VOLUME_RETRY_MS = 500;
/** How soon a change of a mounted Secret or ConfigMap shows, as with a kubelet. */
const VOLUME_REFRESH_MS = 60_000;
const DELETE_RETRY_MS = 500;
const DEFAULT_GRACE_SECONDS = 30;

export class PodWorker {
  readonly #node: NodeSetting;
  readonly #dir: string;
  readonly #startTime: string;
  readonly #sources: Sources;
  readonly #writer: StatusWriter;
  readonly #event: (event: PodEvent) => void;
  readonly #ending = new AbortController();
  readonly #deleted = new AbortController();
  readonly #gone = new AbortController();
  readonly #containers: PodContainers;
  #pod: Pod;
  #podIp = '';
  #ports: ReadonlyMap<number, number> = new Map();
  #prepared = false;
  #cancelDeadline: () => void = () => undefined;
  #failure: { reason: string; message: string } | undefined;

  constructor(pod: Pod, node: NodeSetting) {
    const { clock, api } = node;
    this.#pod = pod;
    this.#node = node;
    this.#dir = join(node.dir, pod.metadata.uid);
    this.#startTime = timestamp(clock);
    this.#sources = sourcesOf(api, pod, () => clock.now());
    this.#event = eventsOf(pod, node);
    this.#writer = new StatusWriter({
      api,
      clock,
      at: pod.metadata,
      current: () => this.#status(),
      written: (written) => {
        this.#pod = written;
      },
      signal: this.#gone.signal,
    });
    this.#containers = new PodContainers(pod, this.#setting());
  }

  get pod(): Pod {
    return this.#pod;
  }

  container(name: string): ContainerRunner | undefined {
    return this.#containers.find(name);
  }

  /** Lives the pod's life until nothing of it runs and its last status is written. Call once. */
  async run(): Promise<void> {
    this.#podIp = this.#node.addresses.take();
    this.#watchDeadline();
    try {
      if (await this.#prepare()) {
        void this.#refresh();
        await this.#containers.run(this.#ending.signal);
      }
    } catch (error) {
      this.#fail(error);
    }
    await this.#containers.end(this.#gone.signal.aborted ? 0 : this.#graceSeconds());
    this.#cancelDeadline();
    this.#ending.abort();
    await this.#writer.flush();
    this.#node.addresses.release(this.#podIp);
  }

  /** News of the object; its deletion starts its end, and a later one may shorten it. */
  update(pod: Pod): void {
    const { metadata, spec } = this.#pod;
    const before = metadata.deletionGracePeriodSeconds ?? Infinity;
    this.#pod = pod;
    if (spec.activeDeadlineSeconds !== pod.spec.activeDeadlineSeconds) this.#watchDeadline();
    const { deletionTimestamp, deletionGracePeriodSeconds = Infinity } = pod.metadata;
    if (deletionTimestamp === undefined) return;
    if (this.#deleted.signal.aborted && deletionGracePeriodSeconds < before) {
      void this.#containers.end(deletionGracePeriodSeconds);
    }
    this.#deleted.abort();
    this.#ending.abort();
  }

  /** The object is gone: nothing is written any more, and what runs has no grace left. */
  vanished(): void {
    for (const over of [this.#gone, this.#deleted, this.#ending]) over.abort();
    void this.#containers.end(0);
  }

  /** The node goes, and all of it at once. */
  kill(): void {
    for (const over of [this.#gone, this.#deleted, this.#ending]) over.abort();
    this.#containers.kill();
  }

  /**
   * After its end: once it is deleted, tells the API that nothing is left of it; resolves when the
   * object is gone. Its logs can be read until then.
   */
  async removed(): Promise<void> {
    const { signal } = this.#gone;
    await fired(this.#deleted.signal);
    while (!signal.aborted) {
      try {
        await this.#delete();
        // A finalizer may still hold it.
        await fired(signal);
      } catch {
        await sleep(this.#node.clock, DELETE_RETRY_MS, signal);
      }
    }
  }

  async #delete(): Promise<void> {
    const { namespace, name, uid } = this.#pod.metadata;
    await this.#node.api.delete(podPath(namespace, name), {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      gracePeriodSeconds: 0,
      preconditions: { uid },
    });
  }

  /** Its folder goes, logs and all. */
  async forget(): Promise<void> {
    await rm(this.#dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }

  #status(): PodStatus {
    return podStatus({
      pod: this.#pod,
      init: this.#containers.init,
      main: this.#containers.main,
      podIp: this.#podIp,
      startTime: this.#startTime,
      prepared: this.#prepared,
      now: timestamp(this.#node.clock),
      ...(this.#failure && { failure: this.#failure }),
    });
  }

  #setting(): PodSetting {
    const { clock, janitor, strays, nodeName, apiServer, hostEnv } = this.#node;
    return {
      clock,
      janitor,
      strays,
      image: (name) => this.#node.image(name),
      placed: () => ({ pod: this.#pod, podIp: this.#podIp, nodeName }),
      sources: this.#sources,
      dir: this.#dir,
      machineEnv: () => {
        const podIp = this.#node.isAddressShared ? undefined : this.#podIp;
        const pod = this.#pod;
        return machineEnv({ pod, dir: this.#dir, podIp, ports: this.#ports, hostEnv });
      },
      serviceEnv: serviceEnv(apiServer),
      makeRoom: (wish) => this.#node.makeRoom(wish),
      ports: () => this.#ports,
      graceSeconds: () => this.#graceSeconds(),
      changed: () => {
        this.#writer.changed();
      },
      event: (type, reason, message) => {
        this.#event({ type, reason, message });
      },
    };
  }

  #graceSeconds(): number {
    const { metadata, spec } = this.#pod;
    const asked = metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds;
    return asked ?? DEFAULT_GRACE_SECONDS;
  }

  /** Answers whether the pod may start; it waits for what its volumes need. */
  async #prepare(): Promise<boolean> {
    this.#writer.changed();
    for (const folder of ['home', 'tmp', 'containers', 'volumes']) {
      await mkdir(join(this.#dir, folder), { recursive: true, mode: 0o700 });
    }
    if (this.#node.isAddressShared) this.#ports = await freePorts(allContainers(this.#pod));
    while (!this.#ending.signal.aborted) {
      try {
        await this.#fillVolumes();
        this.#prepared = true;
        return true;
      } catch (error) {
        if (!isMissing(error)) throw error;
        this.#event({ type: 'Warning', reason: 'FailedMount', message: error.message });
        await sleep(this.#node.clock, VOLUME_RETRY_MS, this.#ending.signal);
      }
    }
    return false;
  }

  async #fillVolumes(): Promise<void> {
    const placed = { pod: this.#pod, podIp: this.#podIp, nodeName: this.#node.nodeName };
    await fillVolumes({ placed, sources: this.#sources, dir: join(this.#dir, 'volumes') });
  }

  /** Keeps Secrets, ConfigMaps and tokens fresh while the pod runs. */
  async #refresh(): Promise<void> {
    const { signal } = this.#ending;
    for (;;) {
      await sleep(this.#node.clock, VOLUME_REFRESH_MS, signal);
      if (signal.aborted) return;
      // What cannot be read now keeps its last content; the next round tries again.
      await this.#fillVolumes().catch(() => undefined);
    }
  }

  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#failure ??= { reason: 'NodeError', message };
    this.#node.log.error('a pod failed on its node', { pod: this.#pod.metadata.name, message });
  }

  /** It counts from the pod's start, and may be changed while the pod runs. */
  #watchDeadline(): void {
    this.#cancelDeadline();
    const { activeDeadlineSeconds: seconds } = this.#pod.spec;
    if (seconds === undefined || this.#ending.signal.aborted) return;
    const { clock } = this.#node;
    const left = Date.parse(this.#startTime) + seconds * 1000 - clock.now();
    this.#cancelDeadline = clock.setTimeout(() => {
      const message = 'Pod was active on the node longer than the specified deadline';
      this.#failure = { reason: 'DeadlineExceeded', message };
      this.#ending.abort();
    }, left);
  }
}
