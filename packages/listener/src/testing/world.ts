// Listeners in process: the simulator as GitHub, the dev cluster as Kubernetes, a stepped clock.
import { createActionsClient } from '@muster/actions';
import { EphemeralRunnerKind, EphemeralRunnerSetKind } from '@muster/api';
import { createKubeClient } from '@muster/kube';
import { createSteppedClock, recordedLog, settle } from '@muster/kube/testing';
import { createSimulator } from '@muster/simulator';
import { listen } from '../listen.ts';
import { createMetrics } from '../metrics/index.ts';
import { aKubernetes, aRunner, AT, CONFIG_URL } from './kubernetes.ts';
import { createProcess } from './process.ts';
import type {
  EphemeralRunnerSet,
  EphemeralRunnerStatus,
  ListenedScaleSet,
  ListenerStatus,
} from '@muster/api';
import type { ActionsClient } from '@muster/actions';
import type { Clock, KubeClient } from '@muster/kube';
import type { RecordedLog, SteppedClock } from '@muster/kube/testing';
import type { Simulator, SimulatorOptions } from '@muster/simulator';
import type { Watch } from '../deps.ts';
import type { Metrics } from '../metrics/index.ts';
import type { Arc, TestKubernetes } from './kubernetes.ts';
import type { Death, Fetch, Process } from './process.ts';

const START = Date.parse('2026-01-01T00:00:00Z');

export interface WorldOptions extends Pick<SimulatorOptions, 'mode' | 'holdMs'> {
  arc?: readonly Arc[];
  set?: Partial<ListenedScaleSet>;
  /** With ARC's config file. */
  hasArcsFile?: boolean;
}

interface Parts {
  clock: SteppedClock;
  simulator: Simulator;
  actions: ActionsClient;
  kubernetes: TestKubernetes;
  log: RecordedLog;
  metrics: Metrics;
  scaleSet: ListenedScaleSet;
}

export interface StartOptions {
  instance?: string;
  death?: Death;
  watch?: Watch;
}

export interface Listening {
  stop: () => void;
  ended: Promise<'stopped' | 'replaced'>;
  process: Process;
}

const clientOf = (fetch: Fetch, clock: SteppedClock): ActionsClient =>
  createActionsClient({
    configUrl: CONFIG_URL,
    credentials: { kind: 'token', token: 'ghp_planted' },
    userAgent: { version: 'test', subsystem: 'ghalistener' },
    fetch,
    retry: { max: 0 },
    now: () => clock.now(),
  });

export async function aWorld(options: WorldOptions = {}): Promise<World> {
  const clock = createSteppedClock(START);
  const now = (): number => clock.now();
  // Polls are held by the real clock.
  const { mode = 'assign', holdMs = 20, arc = [], hasArcsFile = false } = options;
  const simulator = createSimulator({ now, holdMs, mode });
  const kubernetes = await aKubernetes(now, arc);
  const actions = clientOf(simulator.fetch, clock);
  const { id: scaleSetId } = await actions.createScaleSet({ name: 'linux', runnerGroupId: 1 });
  const log = recordedLog();
  const metrics = createMetrics({ log, elapsedMs: () => clock.elapsed() });
  const scaleSet: ListenedScaleSet = {
    configUrl: CONFIG_URL,
    credentials: { kind: 'token', token: 'ghp_planted' },
    scaleSetId,
    runnerSetName: 'linux',
    setNamespace: AT.namespace,
    setName: AT.name,
    minRunners: 0,
    maxRunners: 5,
    ...(!hasArcsFile && { settleSeconds: 3 }),
    ...options.set,
  };
  return new World({ clock, simulator, actions, kubernetes, log, metrics, scaleSet });
}

export class World {
  readonly clock;
  readonly simulator;
  readonly actions;
  readonly kube: KubeClient;
  readonly log;
  readonly metrics;
  readonly scaleSet;
  /** While true, Kubernetes answers 500 to everything that listeners ask. */
  readonly away = { kubernetes: false };
  /** Paths of what was deleted at the service: messages, by acknowledging them. */
  readonly deleted: string[] = [];
  /** Bodies of the patches of the set, as they were sent. */
  readonly patches: string[] = [];
  /** What listeners asked Kubernetes, `PATCH /path`. */
  readonly asked: string[] = [];
  /** Jobs that the service counts although they are gone, with runners idle for them. */
  phantoms = 0;
  /** Called when the service has done what was asked, before the listener hears of it. */
  onDone: (request: Request) => void = () => undefined;
  #leapMs = 0;
  readonly #kubernetes;
  readonly #started: Listening[] = [];

  constructor({ kubernetes, ...parts }: Parts) {
    this.clock = parts.clock;
    this.simulator = parts.simulator;
    this.actions = parts.actions;
    this.log = parts.log;
    this.metrics = parts.metrics;
    this.scaleSet = parts.scaleSet;
    this.kube = kubernetes.admin;
    this.#kubernetes = kubernetes;
  }

  async set(): Promise<EphemeralRunnerSet> {
    const found = await this.kube.get(EphemeralRunnerSetKind, AT);
    if (found === undefined) throw new Error('the set is gone');
    return found;
  }

  async makeRunner(name: string): Promise<void> {
    await this.kube.create(EphemeralRunnerKind, aRunner(name));
  }

  async runnerStatus(name: string): Promise<EphemeralRunnerStatus> {
    const found = await this.kube.get(EphemeralRunnerKind, { ...AT, name });
    return found?.status ?? {};
  }

  /** As another process would in the set's status. */
  async record(listener: ListenerStatus): Promise<void> {
    await this.kube.patchStatus(EphemeralRunnerSetKind, AT, { status: { listener } });
  }

  aJob(): void {
    this.simulator.queueJob({ labels: ['linux'] });
  }

  /** A runner without a process takes the oldest assigned job; what it returns ends that job. */
  async runJob(name: string): Promise<() => void> {
    const runner = await this.runner(name);
    runner.start();
    return () => {
      runner.complete({ result: 'succeeded' });
    };
  }

  async runner(name: string): Promise<ReturnType<Simulator['runners']['connect']>> {
    const { scaleSetId } = this.scaleSet;
    const jit = await this.actions.createJitConfig({ scaleSetId, name, workFolder: '' });
    if (jit === 'exists') throw new Error(`${name} is known already`);
    return this.simulator.runners.connect(jit.encodedJitConfig);
  }

  /** A listener in a process of its own. */
  start({ instance = 'first', death, watch }: StartOptions = {}): Listening {
    const stop = new AbortController();
    const process = createProcess(this.#wall, death);
    const { clock } = process;
    const deps = {
      actions: clientOf(process.reach(this.#github), this.clock),
      kube: createKubeClient({ fetch: process.reach(this.#reached), clock }),
      clock,
      log: this.log,
      metrics: this.metrics,
      instance,
      owner: 'pod',
      random: () => 0,
      ...(watch && { watch }),
    };
    const listening: Listening = {
      ended: listen(this.scaleSet, deps, stop.signal),
      stop: () => {
        stop.abort();
      },
      process,
    };
    this.#started.push(listening);
    return listening;
  }

  /** The wall clock of listeners is set. */
  leap(ms: number): void {
    this.#leapMs += ms;
  }

  /** Lets pending work go on, a few turns and then a step of time, until it is so. */
  async until<T>(look: () => T | undefined | Promise<T | undefined>, stepMs = 1): Promise<T> {
    for (let tries = 0; tries < 3_000; tries++) {
      const found = await look();
      if (found !== undefined) return found;
      // A long step must not run a time limit out on work that needs only turns.
      await settle(stepMs > 10 ? 30 : 1);
      this.clock.advance(stepMs);
      this.simulator.tick();
    }
    throw new Error(`it never came to hold: ${look.toString()}`);
  }

  async untilSet(
    isSo: (set: EphemeralRunnerSet) => boolean,
    stepMs = 1,
  ): Promise<EphemeralRunnerSet> {
    return this.until(async () => {
      const set = await this.set();
      return isSo(set) ? set : undefined;
    }, stepMs);
  }

  async untilState(state: string, stepMs = 1): Promise<ListenerStatus> {
    const set = await this.untilSet(({ status }) => status?.listener?.state === state, stepMs);
    return set.status?.listener ?? {};
  }

  async logged(text: string, stepMs = 100): Promise<void> {
    const isLogged = (): boolean => this.log.lines.some(({ message }) => message === text);
    await this.until(() => (isLogged() ? true : undefined), stepMs);
  }

  async end(): Promise<void> {
    this.away.kubernetes = false;
    const alive = this.#started.filter(({ process }) => !process.isDead);
    for (const { stop } of alive) stop();
    // One may be made to die while it stops; then it never ends.
    for (const { ended, process } of alive) {
      let isOver = false;
      void ended.then(() => {
        isOver = true;
      });
      await this.until(() => (isOver || process.isDead ? true : undefined), 100);
    }
    this.simulator.stop();
    this.#kubernetes.close();
    await this.actions.close();
  }

  get #wall(): Clock {
    const { clock } = this;
    return {
      now: () => clock.now() + this.#leapMs,
      elapsed: () => clock.elapsed(),
      setTimeout: (run, ms) => clock.setTimeout(run, ms),
    };
  }

  readonly #github: Fetch = async (request) => {
    if (request.method === 'DELETE') this.deleted.push(new URL(request.url).pathname);
    const answer = await this.simulator.fetch(request);
    this.onDone(request);
    return this.phantoms > 0 && answer.status === 200 ? haunted(answer, this.phantoms) : answer;
  };

  readonly #reached: Fetch = async (request) => {
    const { pathname } = new URL(request.url);
    this.asked.push(`${request.method} ${pathname}`);
    if (this.away.kubernetes) return new Response('away', { status: 500 });
    const body = await request.clone().text();
    if (pathname.endsWith('/ephemeralrunnersets/linux') && body !== '{}') this.patches.push(body);
    return this.#kubernetes.fetch(request);
  };
}

/** The answer with so many more assigned jobs and idle runners, where it counts them. */
async function haunted(answer: Response, phantoms: number): Promise<Response> {
  const body = (await answer.json()) as { statistics?: Record<string, number> };
  const { statistics } = body;
  if (statistics) {
    statistics['totalAssignedJobs'] = (statistics['totalAssignedJobs'] ?? 0) + phantoms;
    statistics['totalIdleRunners'] = (statistics['totalIdleRunners'] ?? 0) + phantoms;
  }
  return Response.json(body);
}
