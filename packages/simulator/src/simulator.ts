// The simulator in process: the service behind `fetch`, and what tests and the control API ask of it.
import { createControlApi } from './control-api.ts';
import { createCredentials } from './credentials.ts';
import type { AppRegistration } from './app-credentials.ts';
import type { PersonalToken, TokenLives } from './credentials.ts';
import { createFaults } from './faults.ts';
import type { Faults } from './faults.ts';
import type { Incoming } from './http/exchange.ts';
import { createHolds } from './http/holds.ts';
import { fetchInProcess } from './in-process.ts';
import type { Job, JobQueue, JobWish } from './job.ts';
import { createRunners } from './runners.ts';
import type { SimulatedRunners } from './runners.ts';
import { createRuns } from './runs.ts';
import type { Serve } from './server.ts';
import { createService } from './service.ts';
import { describeWorld } from './state.ts';
import type { SimulatorState } from './state.ts';
import { createViolations } from './violations.ts';
import type { EventLog, Violation } from './world/events.ts';
import { expire } from './world/expiry.ts';
import type { DeliveryMode, Scope, Timing, World } from './world/model.ts';
import { addGroup, scopeOf } from './world/scale-sets.ts';
import { createWorld } from './world/world.ts';

export interface SimulatorOptions {
  /** Milliseconds since 1970. */
  now?: () => number;
  /** How long an idle poll is held; 50 s, as at GitHub. */
  holdMs?: number;
  /** `assign`, as on github.com. */
  mode?: DeliveryMode;
  timing?: Partial<Timing>;
  tokenLives?: Partial<TokenLives>;
}

export interface Simulator {
  /** As the global `fetch`: rejects where a connection would break. */
  fetch: (input: Request | URL | string, init?: RequestInit) => Promise<Response>;
  /** For a server: the control API answers loopback peers only. */
  serve: Serve;
  readonly jobs: JobQueue;
  /** What is not given is made up: `my-org/my-repo`, a run of its own. */
  queueJob(wish: Partial<JobWish> & Pick<JobWish, 'labels'>): Job;
  job(id: string): Job | undefined;
  readonly events: EventLog;
  state(): SimulatorState;
  violations(): Violation[];
  readonly faults: Faults;
  /** Runners without a process, for tests. */
  readonly runners: SimulatedRunners;
  /** Polls and scripted delays that wait at this moment. */
  waiting(): number;
  registerToken(token: PersonalToken): void;
  /** Throws when its key is none. */
  registerApp(app: AppRegistration): void;
  /** For tokens that are issued from now on. */
  setTokenLives(lives: Partial<TokenLives>): void;
  addRunnerGroup(scope: string, name: string): void;
  setMode(scope: string, mode: DeliveryMode): void;
  /** Lets time do its work: sessions end, lost runners' jobs fail. A program calls it every second. */
  tick: () => void;
  /** Ends all polls that wait. */
  stop: () => void;
}

const HOLD_MS = 50_000;

export function createSimulator(options: SimulatorOptions = {}): Simulator {
  const { now = Date.now, holdMs = HOLD_MS, mode = 'assign', timing = {} } = options;
  const { world, events, jobs } = createWorld({ now, mode, timing });
  const credentials = createCredentials(now, options.tokenLives);
  const faults = createFaults(now);
  const holds = createHolds();
  const { record: violate, list: violations } = createViolations(now, events);
  const service = createService({ world, credentials, holds, holdMs, violate }, faults);
  const simulator: Simulator = {
    fetch: async (input, init) =>
      fetchInProcess(async (request) => simulator.serve(request, LOCAL), input, init),
    serve: async (request, peer) =>
      isControl(request) ? control(request, peer) : service(request),
    jobs,
    queueJob: (wish) => jobs.queue({ ...aJob(world.nextId('job')), ...wish }),
    job: (id) => world.jobs.get(id),
    events,
    state: () => describeWorld(world),
    violations,
    faults,
    runners: createRunners(world),
    waiting: () => holds.size,
    registerToken: credentials.registerToken,
    registerApp: credentials.registerApp,
    setTokenLives: credentials.setLives,
    addRunnerGroup: (scope, name) => void addGroup(world, known(world, scope), name),
    setMode(scope, wanted) {
      known(world, scope).mode = wanted;
    },
    tick() {
      expire(world);
      credentials.sweep();
    },
    stop: holds.endAll,
  };
  const control = createControlApi(simulator, createRuns({ jobs, events, now }));
  return simulator;
}

const LOCAL = { isLoopback: true };

const isControl = ({ url }: Incoming): boolean => url.pathname.startsWith('/_control/');

function known(world: World, name: string): Scope {
  const scope = scopeOf(world, name);
  if (!scope) throw new Error(`"${name}" is no organization, repository or enterprise`);
  return scope;
}

const aJob = (number: number): Omit<JobWish, 'labels'> => ({
  displayName: `job ${number}`,
  owner: 'my-org',
  repository: 'my-repo',
  workflowRef: 'my-org/my-repo/.github/workflows/ci.yml@refs/heads/main',
  runId: number,
  eventName: 'push',
  payload: {},
});
