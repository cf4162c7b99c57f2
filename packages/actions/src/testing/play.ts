// Plays a sequence of trouble with a careful listener at the simulator. The clock goes when a step says so, and when
// the client waits; nothing else takes time.
import { createSimulator } from '@muster/simulator';
import type { Job, SimulatedRunner, Simulator } from '@muster/simulator';
import { createActionsClient } from '../client.ts';
import { isActionsError } from '../errors.ts';
import type { ActionsClient, Message } from '../types.ts';
import { CarefulListener } from './careful-listener.ts';
import type { Act, Sequence, Step } from './trouble.ts';

/** Ids of jobs, as often as they were told. */
interface Account {
  available: string[];
  assigned: number;
  started: string[];
  completed: string[];
}

export interface Outcome {
  /** What the service had to tell. */
  happened: Account;
  /** What was handled, each message once. */
  heard: Account;
  /** Messages that were let go, by acknowledgement or cursor, before they were handled. */
  early: number[];
  /** What the client did that the service does not allow. */
  violations: unknown[];
  end: 'busy' | 'in trouble' | 'quiet';
}

interface Stage {
  clock: { now: number };
  simulator: Simulator;
  client: ActionsClient;
  listener: CarefulListener;
  history: Map<string, History>;
  registered: SimulatedRunner[];
  running: SimulatedRunner[];
  runnersMade: number;
  early: number[];
  diesHandling: boolean;
  givesUp: Extract<Step, { do: 'give up' }> | undefined;
  giveUp: () => void;
}

interface History {
  job: Job;
  was: Set<string>;
  hadScaleSet: boolean;
}

const CAPACITY = 100;

/** Carries the steps out, ends the trouble, and gives the listener the time that it needs to come to rest. */
export async function play({ mode, steps }: Sequence): Promise<Outcome> {
  const stage = await aStage(mode);
  for (const step of steps) await carryOut(stage, step);
  const end = await comeToRest(stage);
  const { listener, early, simulator } = stage;
  const violations = simulator.violations();
  simulator.stop();
  const heard = accountOf([...listener.handled.values()]);
  return { end, happened: truthOf(stage), heard, early, violations };
}

async function aStage(mode: Sequence['mode']): Promise<Stage> {
  const clock = { now: Date.parse('2026-11-21T12:00:00Z') };
  const timing = { assignTimeoutMs: Infinity };
  const simulator = createSimulator({ now: () => clock.now, mode, holdMs: 0, timing });
  const { id } = await aClient(clock, simulator).createScaleSet({ name: 'set', runnerGroupId: 1 });
  const stage: Stage = {
    clock,
    simulator,
    client: aClient(clock, simulator, (request) => send(stage, request)),
    listener: new CarefulListener(id, CAPACITY),
    history: new Map(),
    registered: [],
    running: [],
    runnersMade: 0,
    early: [],
    diesHandling: false,
    givesUp: undefined,
    giveUp: () => undefined,
  };
  simulator.jobs.onChange((job) => {
    remember(stage, job);
  });
  return stage;
}

const aClient = (
  clock: Stage['clock'],
  simulator: Simulator,
  fetch: (request: Request) => Promise<Response> = (request) => simulator.fetch(request),
): ActionsClient =>
  createActionsClient({
    configUrl: 'http://simulator.test/my-org',
    credentials: { kind: 'token', token: 'ghp_personal' },
    userAgent: { version: '0.1.0', subsystem: 'test' },
    fetch,
    now: () => clock.now,
    random: () => 0.5,
    sleep: (ms) => {
      pass({ clock, simulator }, ms);
      return Promise.resolve();
    },
  });

function pass({ clock, simulator }: Pick<Stage, 'clock' | 'simulator'>, ms: number): void {
  clock.now += ms;
  simulator.tick();
}

/** The wire: where it is seen what is let go, and where a caller gives up in the middle of a request. */
async function send(stage: Stage, request: Request): Promise<Response> {
  const { givesUp, simulator } = stage;
  const isTime = givesUp !== undefined && (givesUp.after -= 1) < 0;
  if (isTime) stage.givesUp = undefined;
  if (isTime && givesUp.when === 'before') stage.giveUp();
  watch(stage, request);
  const response = await simulator.fetch(request);
  if (isTime) stage.giveUp();
  return response;
}

const ACKNOWLEDGED = /\/(?:scalesets\/message|messages\/[^/]+)\/(\d+)$/;

function watch({ listener, early }: Stage, { method, url }: Request): void {
  const { pathname, searchParams } = new URL(url);
  const acknowledged = method === 'DELETE' ? ACKNOWLEDGED.exec(pathname)?.[1] : undefined;
  const gone = acknowledged ?? searchParams.get('lastMessageId');
  if (gone !== null && !listener.handled.has(Number(gone))) early.push(Number(gone));
}

async function carryOut(stage: Stage, step: Step): Promise<void> {
  const { simulator } = stage;
  switch (step.do) {
    case 'turn':
      for (let turn = 0; turn < step.times; turn += 1) await takeTurn(stage);
      return;
    case 'queue':
      for (let job = 0; job < step.jobs; job += 1) simulator.queueJob({ labels: ['set'] });
      return;
    case 'act':
      await ACTS[step.act](stage);
      return;
    case 'wait':
      pass(stage, step.seconds * 1000);
      return;
    case 'give up':
      stage.givesUp = { ...step };
      return;
    case 'fault':
      simulator.faults.add(step.fault);
      return;
  }
}

const ACTS: Record<Act, (stage: Stage) => Promise<void> | void> = {
  register,
  start,
  complete: ({ running }) => {
    running.shift()?.complete();
  },
  cancel,
  die: ({ listener }) => {
    listener.die();
  },
  'die handling': (stage) => {
    stage.diesHandling = true;
  },
};

async function takeTurn(stage: Stage): Promise<Outcome['end']> {
  const { client, listener, diesHandling } = stage;
  const controller = new AbortController();
  stage.giveUp = () => {
    controller.abort();
  };
  stage.diesHandling = false;
  return listener.turn({ client, diesHandling, signal: controller.signal });
}

/** A registration may fail, too; then this runner never comes. */
async function register(stage: Stage): Promise<void> {
  const { client, simulator, listener, registered } = stage;
  const name = `runner-${(stage.runnersMade += 1)}`;
  try {
    const { scaleSetId } = listener;
    const made = await client.createJitConfig({ scaleSetId, name, workFolder: '' });
    if (made !== 'exists') registered.push(simulator.runners.connect(made.encodedJitConfig));
  } catch (error) {
    if (!isActionsError(error)) throw error;
  }
}

function start({ registered, running }: Stage): void {
  const at = registered.findIndex(({ job }) => job !== undefined);
  for (const runner of at < 0 ? [] : registered.splice(at, 1)) {
    runner.start();
    running.push(runner);
  }
}

function cancel({ history, simulator }: Stage): void {
  for (const { job } of history.values()) {
    if (job.state === 'completed' || job.runnerName !== undefined) continue;
    simulator.jobs.cancel(job.id);
    return;
  }
}

/** Longer than any session and any back-off. */
const RECOVERY_MS = 10 * 60_000;
const MOST_TURNS = 50;

async function comeToRest(stage: Stage): Promise<Outcome['end']> {
  stage.simulator.faults.clear();
  stage.givesUp = undefined;
  let end: Outcome['end'] = 'busy';
  for (let turn = 0; turn < MOST_TURNS && end !== 'quiet'; turn += 1) {
    if (end !== 'busy' || turn === 0) pass(stage, RECOVERY_MS);
    end = await takeTurn(stage);
  }
  return end;
}

function remember({ history }: Stage, job: Job): void {
  const known = history.get(job.id) ?? { job, was: new Set(), hadScaleSet: false };
  history.set(job.id, known);
  known.was.add(job.state);
  known.hadScaleSet ||= job.scaleSetName !== undefined;
}

function truthOf({ history }: Stage): Account {
  const all = [...history.values()];
  const that = (state: Job['state'], jobs = all): string[] =>
    jobs
      .filter(({ was }) => was.has(state))
      .map(({ job }) => job.id)
      .sort();
  return {
    available: that('available'),
    assigned: that('assigned').length,
    started: that('running'),
    // Whoever never had a job is not told of its end.
    completed: that(
      'completed',
      all.filter(({ hadScaleSet }) => hadScaleSet),
    ),
  };
}

function accountOf(messages: readonly Message[]): Account {
  const ids = (jobs: { jobId?: string }[]): string[] => jobs.map(({ jobId }) => jobId ?? '').sort();
  return {
    available: ids(messages.flatMap(({ available }) => available)),
    assigned: messages.reduce((sum, { assigned }) => sum + assigned, 0),
    started: ids(messages.flatMap(({ started }) => started)),
    completed: ids(messages.flatMap(({ completed }) => completed)),
  };
}
