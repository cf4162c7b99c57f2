// One run of a container: its process, hooks and probes, and the order in which it ends.
import { fired, sleep, timestamp } from './clock.ts';
import { markRunning, markTerminated } from './container-record.ts';
import type { ContainerRecord } from './container-record.ts';
import type { PodSetting } from './container.ts';
import { perform } from './handlers.ts';
import type { Reach } from './handlers.ts';
import { lastWords } from './last-words.ts';
import type { Launch } from './launch.ts';
import type { ContainerLog } from './log.ts';
import { probe } from './probes.ts';
import type { ProbeTarget } from './probes.ts';
import { startProcess } from './process.ts';
import type { Exit, Running } from './process.ts';

export interface StopOrder {
  graceSeconds: number;
  /** What must be over before it is its turn; the grace runs meanwhile. */
  turn?: Promise<unknown>;
  message?: string;
}

interface RunInput {
  record: ContainerRecord;
  pod: PodSetting;
  launch: Launch;
  log: ContainerLog;
}

/** However long its preStop hook took, a container has this long after SIGTERM. */
const LEAST_GRACE_MS = 2000;

/** Throws when the process cannot be started. */
export async function startRun(input: RunInput): Promise<ContainerRun> {
  const { launch, pod, log } = input;
  const startedAt = timestamp(pod.clock);
  const { argv, env, room, root } = launch;
  const running = await startProcess({ command: room.command(argv), env, root, log }, pod);
  return new ContainerRun(input, running, startedAt);
}

export class ContainerRun {
  readonly #input: RunInput;
  readonly #process: Running;
  readonly #startedAt: string;
  readonly #ending = new AbortController();
  readonly #late = new AbortController();
  readonly #ended = new AbortController();
  #until = Infinity;
  #cancelLate: () => void = () => undefined;

  constructor(input: RunInput, process: Running, startedAt: string) {
    this.#input = input;
    this.#process = process;
    this.#startedAt = startedAt;
  }

  /** Follows it until nothing of it is left. Call once. */
  async exited(): Promise<Exit> {
    const { record, pod, launch, log } = this.#input;
    void this.#start();
    const exit = await this.#process.exited;
    this.#cancelLate();
    for (const over of [this.#ending, this.#ended]) over.abort();
    log.end();
    await launch.room.close();
    const message = await lastWords(record.container, exit, { path: launch.messagePath, log });
    const times = { startedAt: this.#startedAt, finishedAt: timestamp(pod.clock) };
    markTerminated(record, exit, { ...times, ...(message && { message }) });
    return exit;
  }

  /** Hook, turn, SIGTERM, and SIGKILL when the grace is over. A later order may only shorten it. */
  stop({ graceSeconds, turn = Promise.resolve(), message }: StopOrder): void {
    const { pod, record } = this.#input;
    this.#until = Math.min(this.#until, pod.clock.now() + graceSeconds * 1000);
    this.#cancelLate();
    this.#cancelLate = pod.clock.setTimeout(() => {
      this.#late.abort();
    }, this.#until - pod.clock.now());
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    pod.event('Normal', 'Killing', message ?? `Stopping container ${record.container.name}`);
    void this.#stop(turn);
  }

  kill(): void {
    this.#ending.abort();
    this.#process.kill();
  }

  async #stop(turn: Promise<unknown>): Promise<void> {
    const late = fired(this.#late.signal);
    if (this.#until > this.#input.pod.clock.now()) {
      await this.#hook('preStop', this.#late.signal);
      await Promise.race([turn, late]);
    }
    this.#process.terminate();
    await Promise.all([late, sleep(this.#input.pod.clock, LEAST_GRACE_MS, this.#ended.signal)]);
    this.#process.kill();
  }

  async #start(): Promise<void> {
    const { record, pod } = this.#input;
    const { name } = record.container;
    pod.event('Normal', 'Started', `Started container ${name}`);
    if (!(await this.#hook('postStart', this.#ended.signal))) {
      this.stop({ graceSeconds: pod.graceSeconds(), message: 'FailedPostStartHook' });
    }
    if (this.#ended.signal.aborted) return;
    markRunning(record, this.#startedAt, `process://${this.#process.pid}`);
    pod.changed();
    const signals = { ending: this.#ending.signal, ended: this.#ended.signal };
    await probe(this.#target(), signals);
  }

  /** Answers whether it went well. */
  async #hook(kind: 'preStop' | 'postStart', signal: AbortSignal): Promise<boolean> {
    const { record, pod } = this.#input;
    const handler = record.container.lifecycle?.[kind];
    if (!handler) return true;
    const ended = this.#ended.signal;
    const problem = await perform(handler, this.#reach(), AbortSignal.any([signal, ended])).catch(
      (error: unknown) => String(error),
    );
    if (problem === undefined || ended.aborted) return true;
    const hook = kind === 'preStop' ? 'PreStopHook' : 'PostStartHook';
    pod.event('Warning', `Failed${hook}`, `${hook} failed`);
    return false;
  }

  #reach(): Reach {
    const { record, pod, launch } = this.#input;
    return {
      container: record.container,
      room: launch.room,
      env: launch.env,
      clock: pod.clock,
      address: pod.placed().podIp,
      ports: pod.ports(),
    };
  }

  #target(): ProbeTarget {
    const { record, pod } = this.#input;
    const { name, readinessProbe } = record.container;
    return {
      reach: this.#reach(),
      started: () => {
        record.started = true;
        if (readinessProbe === undefined) record.ready = true;
        pod.changed();
      },
      ready: (ready) => {
        record.ready = ready;
        pod.changed();
      },
      failed: (kind, message) => {
        pod.event('Warning', 'Unhealthy', `${kind} probe failed: ${message}`);
      },
      dead: (kind, { terminationGracePeriodSeconds: own }) => {
        const message = `Container ${name} failed ${kind.toLowerCase()} probe, will be restarted`;
        this.stop({ graceSeconds: own ?? pod.graceSeconds(), message });
      },
    };
  }
}
