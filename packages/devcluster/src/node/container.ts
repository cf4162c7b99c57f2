// One container of a pod: started, watched, restarted as its policy says, until it is final.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RestartBackoff, imagePullBackoff } from './backoff.ts';
import { sleep, timestamp } from './clock.ts';
import { argvOf } from './command.ts';
import { markRunning, markTerminated, markWaiting, newRecord } from './container-record.ts';
import type { ContainerRecord } from './container-record.ts';
import { environment } from './env.ts';
import type { Env } from './env.ts';
import type { Placed } from './fields.ts';
import type { Image } from './images.ts';
import { ContainerLog } from './log.ts';
import type { Container } from './pod.ts';
import { startProbes } from './probes.ts';
import type { ProbeTarget } from './probes.ts';
import { startProcess } from './process.ts';
import type { Exit, ProcessDeps, Running } from './process.ts';
import { isMissing } from './sources.ts';
import type { Sources } from './sources.ts';
import { linkMounts, mountsOf } from './volumes.ts';

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

/** What a container needs to know of its pod. */
export interface PodSetting extends ProcessDeps {
  /** The pod as it is now. */
  placed(): Placed;
  sources: Sources;
  /** The pod's folder. */
  dir: string;
  image(name: string): Image | undefined;
  /** Variables that every container of the pod starts with. */
  env(): Env;
  ports(): ReadonlyMap<number, number>;
  graceSeconds(): number;
  changed(): void;
  event(type: 'Normal' | 'Warning', reason: string, message: string): void;
}

const CONFIG_RETRY_MS = 1000;
const START_ERROR: Exit = { exitCode: 128 };

interface Started {
  running: Running;
  startedAt: string;
}

export class ContainerRunner {
  readonly record: ContainerRecord;
  readonly #pod: PodSetting;
  readonly #policy: RestartPolicy;
  readonly #ending = new AbortController();
  readonly #backoff = new RestartBackoff();
  readonly #startedOrFinal: Promise<void>;
  #announce: () => void = () => undefined;
  #running: Running | undefined;
  #graceSeconds = Infinity;
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
    this.#pod = pod;
    this.#startedOrFinal = new Promise((resolve) => {
      this.#announce = resolve;
    });
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
        if (exit !== undefined && !this.#restarts(exit)) break;
        if (exit !== undefined) await this.#backOff();
      }
    } finally {
      this.record.final = true;
      this.#changed();
    }
  }

  /** SIGTERM now, SIGKILL after the grace; resolves at once, `run` when it is over. */
  stop(graceSeconds: number): void {
    this.#graceSeconds = Math.min(this.#graceSeconds, graceSeconds);
    this.#ending.abort();
    this.#end(graceSeconds);
  }

  #end(graceSeconds: number): void {
    const running = this.#running;
    if (running === undefined) return;
    if (graceSeconds <= 0) {
      running.kill();
      return;
    }
    running.terminate();
    const cancel = this.#pod.clock.setTimeout(() => {
      running.kill();
    }, graceSeconds * 1000);
    void running.exited.then(cancel);
  }

  #changed(): void {
    if (this.record.started || this.record.final) this.#announce();
    this.#pod.changed();
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
    this.record.restartCount += 1;
    if (ms === 0) return;
    const { name, namespace, uid } = this.#pod.placed().pod.metadata;
    const failed = `restarting failed container=${this.record.container.name}`;
    const message = `back-off ${ms / 1000}s ${failed} pod=${name}_${namespace}(${uid})`;
    this.#pod.event('Warning', 'BackOff', message);
    await this.#wait('CrashLoopBackOff', message, ms);
  }

  async #wait(reason: string, message: string, ms: number): Promise<void> {
    markWaiting(this.record, reason, message);
    this.#changed();
    await sleep(this.#pod.clock, ms, this.#ending.signal);
  }

  /** One run. Undefined when it did not get as far as a process, and has waited already. */
  async #once(): Promise<Exit | undefined> {
    const image = await this.#pull();
    if (image === undefined) return undefined;
    let argv: string[];
    let env: Env;
    try {
      ({ argv, env } = await this.#configure(image));
    } catch (error) {
      if (!isMissing(error)) return this.#failToStart(error);
      this.#pod.event('Warning', 'Failed', `Error: ${error.message}`);
      await this.#wait('CreateContainerConfigError', error.message, CONFIG_RETRY_MS);
      return undefined;
    }
    if (this.#ending.signal.aborted) return undefined;
    const started = await this.#start(argv, env);
    return started === undefined ? START_ERROR : this.#follow(started, env);
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

  get #root(): string {
    return join(this.#pod.dir, 'containers', this.record.container.name, 'root');
  }

  async #configure(image: Image): Promise<{ argv: string[]; env: Env }> {
    const { dir, sources } = this.#pod;
    const placed = this.#pod.placed();
    const { container } = this.record;
    const root = this.#root;
    const base = { ...this.#pod.env(), ...image.env, MUSTER_MOUNT_ROOT: root };
    const env = await environment({ container, base, placed, sources });
    // What a container wrote outside its volumes does not survive it.
    await rm(root, { recursive: true, force: true });
    await mkdir(root, { recursive: true });
    const mounts = mountsOf(placed.pod, container, { dir: join(dir, 'volumes'), env });
    await linkMounts(root, mounts);
    await mkdir(this.#cwd, { recursive: true });
    return { argv: argvOf(container, image, { root, env }), env };
  }

  get #cwd(): string {
    return join(this.#root, this.record.container.workingDir ?? '/');
  }

  async #start(argv: string[], env: Env): Promise<Started | undefined> {
    const { record } = this;
    this.#previousLog = this.#log;
    const path = join(this.#pod.dir, 'containers', record.container.name, `${this.#runs}.log`);
    const log = new ContainerLog(path, this.#pod.clock);
    this.#runs += 1;
    this.#log = log;
    const startedAt = timestamp(this.#pod.clock);
    try {
      const program = { argv, env, cwd: this.#cwd, root: this.#root, log };
      const running = await startProcess(program, this.#pod);
      this.#running = running;
      markRunning(record, startedAt, `process://${running.pid}`);
      this.#pod.event('Normal', 'Started', `Started container ${record.container.name}`);
      this.#changed();
      return { running, startedAt };
    } catch (error) {
      log.end();
      this.#failToStart(error);
      return undefined;
    }
  }

  #failToStart(error: unknown): Exit {
    const at = timestamp(this.#pod.clock);
    const message = error instanceof Error ? error.message : String(error);
    this.#pod.event('Warning', 'Failed', `Error: ${message}`);
    const times = { startedAt: at, finishedAt: at, reason: 'StartError', message };
    markTerminated(this.record, START_ERROR, times);
    this.#changed();
    return START_ERROR;
  }

  async #follow({ running, startedAt }: Started, env: Env): Promise<Exit> {
    // The order to stop may have come while the process was being started.
    if (this.#ending.signal.aborted) this.#end(this.#graceSeconds);
    const stopProbes = startProbes(this.#probeTarget(env));
    const exit = await running.exited;
    stopProbes();
    this.#running = undefined;
    this.#log?.end();
    markTerminated(this.record, exit, { startedAt, finishedAt: timestamp(this.#pod.clock) });
    this.#changed();
    return exit;
  }

  #probeTarget(env: Env): ProbeTarget {
    const { clock } = this.#pod;
    const { record } = this;
    const address = this.#pod.placed().podIp;
    return {
      container: record.container,
      process: { cwd: this.#cwd, env, root: this.#root },
      clock,
      address,
      ports: this.#pod.ports(),
      started: () => {
        record.started = true;
        if (record.container.readinessProbe === undefined) record.ready = true;
        this.#changed();
      },
      ready: (ready) => {
        record.ready = ready;
        this.#changed();
      },
      failed: (kind, message) => {
        this.#pod.event('Warning', 'Unhealthy', `${kind} probe failed: ${message}`);
      },
      dead: (kind) => {
        const { name } = record.container;
        const message = `Container ${name} failed ${kind.toLowerCase()} probe, will be restarted`;
        this.#pod.event('Normal', 'Killing', message);
        this.#end(this.#pod.graceSeconds());
      },
    };
  }
}
