// The whole product in one process: the cluster and GitHub in memory, the real controller and the real
// listener between them, a node that runs pods in stepped time, and nothing that sleeps.
import { AutoscalingRunnerSetKind } from '@muster/api';
import { createKubeClient } from '@muster/kube';
import type { KubeClient } from '@muster/kube';
import type { Job, Simulator } from '@muster/simulator';
import { createGround, withToken } from './ground.ts';
import type { Ground } from './ground.ts';
import { FAIR } from './mishap.ts';
import type { Weather } from './mishap.ts';
import { IN_ORDER } from './network.ts';
import type { Order } from './network.ts';
import { startNode } from './node.ts';
import type { Node } from './node.ts';
import { createObserver } from './observer.ts';
import type { Observer } from './observer.ts';
import {
  askForReruns,
  changeRunnerSet,
  installOperator,
  installRunnerSet,
  RUNNER_SET,
} from './user.ts';
import type { Limits } from './user.ts';

export interface WorldOptions {
  order?: Order;
  random?: () => number;
  jobMs?: number;
  /** Whether the runner that starts as the so-manieth cannot run. */
  isBroken?: (start: number) => boolean;
  /** What goes wrong between a process and a service. */
  weather?: Weather;
}

const JOB_MS = 10_000;
const PATIENCE_MS = 600_000;

export class World {
  readonly simulator: Simulator;
  /** With all rights, and without a way to travel. */
  readonly kube: KubeClient;
  readonly observer: Observer;
  readonly node: Node;
  /** Jobs that were lost with their runners. */
  lostJobs = 0;
  readonly #ground: Ground;
  readonly #end = new AbortController();
  readonly #watching: Promise<unknown>;

  /** `createWorld` also prepares the cluster. */
  constructor(options: WorldOptions) {
    const { order = IN_ORDER, random = () => 0.5, weather = FAIR } = options;
    const { jobMs = JOB_MS, isBroken = () => false } = options;
    const { signal } = this.#end;
    this.#ground = createGround({ order, weather });
    const { clock, cluster, simulator } = this.#ground;
    this.simulator = simulator;
    this.kube = createKubeClient({ fetch: withToken(cluster), clock });
    this.observer = createObserver({
      kube: this.kube,
      clock,
      hasJob: (name) => this.#hasJob(name),
    });
    this.node = startNode(this.#ground, { jobMs, isBroken, random, signal });
    this.#watching = Promise.all([this.observer.run(signal), this.node.watching]);
  }

  #hasJob(runner: string): boolean {
    return this.simulator
      .state()
      .runners.some(({ name, state }) => name === runner && state === 'busy');
  }

  /** Something that the transcript is to tell of. */
  say(who: string, does: string): void {
    this.#ground.transcript.add({ who, does });
  }

  get transcript(): string {
    return this.#ground.transcript.text();
  }

  async installRunnerSet(limits: Limits): Promise<void> {
    this.say('user', `installs a runner set of ${limits.minRunners} to ${limits.maxRunners}`);
    await installRunnerSet(this.kube, limits);
  }

  async askForReruns(): Promise<void> {
    this.say('user', 'asks that lost jobs are run again');
    await askForReruns(this.kube);
  }

  async changeLimits(limits: Limits): Promise<void> {
    this.say('user', `wants ${limits.minRunners} to ${limits.maxRunners} runners`);
    await changeRunnerSet(this.kube, { ...limits });
  }

  /** New runners are to be others than those before. */
  async changeTemplate(): Promise<void> {
    this.say('user', 'changes the template');
    const metadata = { labels: { edition: 'second' } };
    await changeRunnerSet(this.kube, { template: { metadata } });
  }

  async deleteRunnerSet(): Promise<void> {
    this.say('user', 'deletes the runner set');
    await this.kube.delete(AutoscalingRunnerSetKind, RUNNER_SET);
  }

  queueJobs(count: number): Job[] {
    return Array.from({ length: count }, () =>
      this.simulator.queueJob({ labels: [RUNNER_SET.name] }),
    );
  }

  /** How many are in this state. */
  jobs(state: Job['state']): number {
    return this.simulator.state().jobs.filter((job) => job.state === state).length;
  }

  cancel(job: Job): void {
    this.say('user', `cancels ${job.wish.displayName}`);
    this.simulator.jobs.cancel(job.id);
  }

  /** As `kill -9` does. The node starts another where the pod says so. */
  kill(container: 'listener' | 'manager' | 'runner'): void {
    this.say('user', `kills the ${container}`);
    const running = this.node.running(container);
    if (!running) throw new Error(`no ${container} runs`);
    if (container === 'runner') this.lostJobs += 1;
    running.kill();
  }

  get isListening(): boolean {
    return this.simulator.state().scaleSets[0]?.session?.isPolling === true;
  }

  /** Lets everything run, the time too, until it has come to rest and it is so. */
  async until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const timeIsUp = this.#patience(what);
    for (;;) {
      await this.#settle();
      if (await isSo()) return;
      this.#toNextTimer(timeIsUp);
    }
  }

  /** Lets everything run until the moment in which it is so, whatever is still on its way. */
  async asSoonAs(what: string, isSo: () => boolean): Promise<void> {
    const timeIsUp = this.#patience(what);
    const { network } = this.#ground;
    for (;;) {
      await network.rest();
      if (isSo()) return;
      if (network.step() === 'nothing') this.#toNextTimer(timeIsUp);
    }
  }

  /** Lets everything run for so long. */
  async pass(ms: number): Promise<void> {
    const { clock, advance } = this.#ground;
    const end = clock.now() + ms;
    await this.#settle();
    while (clock.now() < end) {
      advance(Math.min(clock.untilNext() ?? Infinity, end - clock.now()));
      await this.#settle();
    }
  }

  async #settle(): Promise<void> {
    const { network } = this.#ground;
    do await network.rest();
    while (network.step() === 'arrived');
  }

  #toNextTimer(timeIsUp: (afterMs: number) => void): void {
    const ms = this.#ground.clock.untilNext() ?? Infinity;
    timeIsUp(ms);
    this.#ground.advance(ms);
  }

  #patience(what: string): (afterMs: number) => void {
    const { clock } = this.#ground;
    const end = clock.now() + PATIENCE_MS;
    return (afterMs) => {
      if (clock.now() + afterMs <= end) return;
      throw new Error(`it never came to pass: ${what}`);
    };
  }

  async end(): Promise<void> {
    this.node.stop();
    this.#end.abort();
    this.simulator.stop();
    this.#ground.cluster.close();
    await this.#settle();
    await this.#watching;
    await this.kube.close();
  }
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const world = new World(options);
  await installOperator(world.kube);
  return world;
}
