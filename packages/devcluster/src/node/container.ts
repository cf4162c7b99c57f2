// One container of a pod: started, restarted as its policy says, until it is final.
import { join } from 'node:path';
import { RestartBackoff, imagePullBackoff } from './backoff.ts';
import { sleep, timestamp } from './clock.ts';
import { markStarted, markTerminated, markWaiting, newRecord } from './container-record.ts';
import type { ContainerRecord } from './container-record.ts';
import type { Image } from './images.ts';
import { prepareLaunch } from './launch.ts';
import type { Launch, LaunchSetting } from './launch.ts';
import { ContainerLog } from './log.ts';
import type { Container } from './pod.ts';
import type { Exit, ProcessDeps } from './process.ts';
import { startRun } from './run.ts';
import type { ContainerRun, StopOrder } from './run.ts';
import { isMissing } from './sources.ts';

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

/** What a container needs to know of its pod. */
export interface PodSetting extends ProcessDeps, LaunchSetting {
  image(name: string): Image | undefined;
  ports(): ReadonlyMap<number, number>;
  graceSeconds(): number;
  changed(): void;
  event(type: 'Normal' | 'Warning', reason: string, message: string): void;
}

const CONFIG_RETRY_MS = 1000;
const START_ERROR: Exit = { exitCode: 128 };

export class ContainerRunner {
  readonly record: ContainerRecord;
  readonly #pod: PodSetting;
  readonly #policy: RestartPolicy;
  readonly #ending = new AbortController();
  readonly #backoff = new RestartBackoff();
  readonly #startedOrFinal: Promise<void>;
  #announce: () => void = () => undefined;
  #run: ContainerRun | undefined;
  #order: StopOrder | undefined;
  #runs = 0;
  #log: ContainerLog | undefined;
  #previousLog: ContainerLog | undefined;

  constructor(container: Container, policy: RestartPolicy, pod: PodSetting) {
    const isWaitingForOthers = (pod.placed().pod.spec.initContainers ?? []).length > 0;
    this.record = newRecord(
      container,
      isWaitingForOthers ? 'PodInitializing' : 'ContainerCreating',
    );
    this.#policy = policy;
    this.#startedOrFinal = new Promise((resolve) => {
      this.#announce = resolve;
    });
    this.#pod = {
      ...pod,
      changed: () => {
        this.#changed(pod);
      },
    };
  }

  get log(): ContainerLog | undefined {
    return this.#log;
  }

  get previousLog(): ContainerLog | undefined {
    return this.#previousLog;
  }

  /** Resolves when the container has started (past its startup probe), or never will. */
  get started(): Promise<void> {
    return this.#startedOrFinal;
  }

  /** Runs it until it is final. Call once. */
  async run(): Promise<void> {
    try {
      while (!this.#ending.signal.aborted) {
        const exit = await this.#once();
        if (exit === undefined) continue;
        if (!this.#restarts(exit)) break;
        await this.#backOff();
      }
    } finally {
      this.record.final = true;
      this.#pod.changed();
    }
  }

  /** Answers at once; `run` ends when it is over. */
  stop(order: StopOrder): void {
    this.#order = order;
    this.#ending.abort();
    this.#run?.stop(order);
  }

  kill(): void {
    this.#order = { graceSeconds: 0 };
    this.#ending.abort();
    this.#run?.kill();
  }

  #changed(pod: PodSetting): void {
    if (this.record.started || this.record.final) this.#announce();
    pod.changed();
  }

  #restarts({ exitCode }: Exit): boolean {
    if (this.#ending.signal.aborted) return false;
    return this.#policy === 'Always' || (this.#policy === 'OnFailure' && exitCode !== 0);
  }

  async #backOff(): Promise<void> {
    const { terminated } = this.record.state;
    const ranMs =
      Date.parse(terminated?.finishedAt ?? '') - Date.parse(terminated?.startedAt ?? '');
    const ms = this.#backoff.next(ranMs || 0);
    if (ms > 0) {
      const { name: own } = this.record.container;
      const { name, namespace, uid } = this.#pod.placed().pod.metadata;
      const pod = `${name}_${namespace}(${uid})`;
      const event = `Back-off restarting failed container ${own} in pod ${pod}`;
      this.#pod.event('Warning', 'BackOff', event);
      const message = `back-off ${ms / 1000}s restarting failed container=${own} pod=${pod}`;
      await this.#wait('CrashLoopBackOff', message, ms);
    }
  }

  async #wait(reason: string, message: string, ms: number): Promise<void> {
    markWaiting(this.record, reason, message);
    this.#pod.changed();
    await sleep(this.#pod.clock, ms, this.#ending.signal);
  }

  /** One run. Undefined when it did not get as far as a process, and has waited already. */
  async #once(): Promise<Exit | undefined> {
    const image = await this.#pull();
    if (image === undefined) return undefined;
    try {
      const launch = await prepareLaunch(this.record.container, image, this.#pod);
      return await this.#live(launch);
    } catch (error) {
      if (!isMissing(error)) return this.#failToStart(error);
      this.#pod.event('Warning', 'Failed', `Error: ${error.message}`);
      await this.#wait('CreateContainerConfigError', error.message, CONFIG_RETRY_MS);
      return undefined;
    }
  }

  async #pull(): Promise<Image | undefined> {
    const name = this.record.container.image ?? '';
    for (let attempt = 0; !this.#ending.signal.aborted; attempt++) {
      const image = this.#pod.image(name);
      if (image !== undefined) return image;
      const message = `image "${name}" is not in this node's image table`;
      this.#pod.event('Warning', 'Failed', `Failed to pull image "${name}": ${message}`);
      await this.#wait('ErrImagePull', message, CONFIG_RETRY_MS);
      await this.#wait('ImagePullBackOff', `Back-off: ${message}`, imagePullBackoff(attempt));
    }
    return undefined;
  }

  async #live(launch: Launch): Promise<Exit | undefined> {
    // It may be over by now: what was never started needs no end.
    if (this.#ending.signal.aborted) {
      await launch.room.close();
      return undefined;
    }
    const { record } = this;
    this.#previousLog = this.#log;
    const dir = join(this.#pod.dir, 'containers', record.container.name);
    const log = new ContainerLog(join(dir, `${this.#runs}.log`), this.#pod.clock);
    this.#runs += 1;
    this.#log = log;
    try {
      this.#run = await startRun({ record, pod: this.#pod, launch, log });
      const exit = this.#run.exited();
      // The order may have come while the process was being started.
      if (this.#order !== undefined) this.#run.stop(this.#order);
      return await exit;
    } finally {
      this.#run = undefined;
      log.end();
      await launch.room.close();
      this.#pod.changed();
    }
  }

  #failToStart(error: unknown): Exit {
    const at = timestamp(this.#pod.clock);
    const message = error instanceof Error ? error.message : String(error);
    this.#pod.event('Warning', 'Failed', `Error: ${message}`);
    const times = { startedAt: at, finishedAt: at, reason: 'StartError', message };
    markStarted(this.record);
    markTerminated(this.record, START_ERROR, times);
    this.#pod.changed();
    return START_ERROR;
  }
}
