// A typed client of the control API.
import { z } from 'zod';
import type { AppRegistration } from './app-credentials.ts';
import type { PersonalToken, TokenLives } from './credentials.ts';
import type { Fault, FaultWish } from './faults.ts';
import type { JobWish } from './job.ts';
import type { RunDescription, RunRequest } from './runs.ts';
import type { SimulatorState } from './state.ts';
import type { JobDescription, SimulatorEvent, Violation } from './world/events.ts';
import type { DeliveryMode } from './world/model.ts';

export interface Control {
  /** `broken`: the file is; a line a problem, `path:line:column: message`. */
  startRun(
    run: RunRequest,
  ): Promise<{ is: 'started'; run: RunDescription } | { is: 'broken'; problems: string[] }>;
  run(id: number): Promise<RunDescription>;
  cancelRun(id: number): Promise<void>;
  queueJob(wish: Partial<JobWish> & Pick<JobWish, 'labels'>): Promise<JobDescription>;
  job(id: string): Promise<JobDescription>;
  cancelJob(id: string): Promise<void>;
  state(): Promise<SimulatorState>;
  violations(): Promise<Violation[]>;
  /** Those after `since` and then all that come, until the signal aborts or the service goes. */
  events(options?: { since?: number; signal?: AbortSignal }): AsyncIterable<SimulatorEvent>;
  addFault(wish: FaultWish): Promise<Fault>;
  faults(): Promise<Fault[]>;
  removeFault(id: number): Promise<void>;
  clearFaults(): Promise<void>;
  registerToken(token: PersonalToken): Promise<void>;
  registerApp(app: AppRegistration): Promise<void>;
  /** For tokens that are issued from now on. */
  setTokenLives(lives: Partial<TokenLives>): Promise<void>;
  addRunnerGroup(scope: string, name: string): Promise<void>;
  setMode(scope: string, mode: DeliveryMode): Promise<void>;
}

/** What the control API says no to. */
export class ControlError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ControlError';
    this.status = status;
  }
}

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

interface Call {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

type Send = (call: Call) => Promise<Response>;

/** `url` is what the program prints when it is ready. */
export function createControl(url: string, fetch: Fetch = globalThis.fetch): Control {
  const send: Send = async ({ method, path, body, signal }) =>
    fetch(`${url.replace(/\/+$/, '')}/_control${path}`, {
      method,
      ...(signal && { signal }),
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
  // The answers are the simulator's own: types, not checks, tell what they are.
  const get = async (path: string): Promise<unknown> => read(await send({ method: 'GET', path }));
  const post = async (path: string, body: unknown): Promise<unknown> =>
    read(await send({ method: 'POST', path, body }));
  const call = async (method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<void> => {
    await read(await send({ method, path, body }));
  };
  return {
    startRun: async (run) => startRun(send, run),
    run: async (id) => (await get(`/runs/${id}`)) as RunDescription,
    cancelRun: async (id) => call('POST', `/runs/${id}/cancel`),
    queueJob: async (wish) => (await post('/jobs', wish)) as JobDescription,
    job: async (id) => (await get(`/jobs/${encodeURIComponent(id)}`)) as JobDescription,
    cancelJob: async (id) => call('POST', `/jobs/${encodeURIComponent(id)}/cancel`),
    state: async () => (await get('/state')) as SimulatorState,
    violations: async () => (await get('/violations')) as Violation[],
    events: (options = {}) => readEvents(send, options),
    addFault: async (wish) => (await post('/faults', wish)) as Fault,
    faults: async () => (await get('/faults')) as Fault[],
    removeFault: async (id) => call('DELETE', `/faults/${id}`),
    clearFaults: async () => call('DELETE', '/faults'),
    registerToken: async (token) => call('POST', '/tokens', token),
    registerApp: async (app) => call('POST', '/apps', app),
    setTokenLives: async (lives) => call('POST', '/token-lives', lives),
    addRunnerGroup: async (scope, name) => call('POST', '/groups', { scope, name }),
    setMode: async (scope, mode) => call('POST', '/modes', { scope, mode }),
  };
}

const BROKEN = 422;

async function startRun(send: Send, body: RunRequest): ReturnType<Control['startRun']> {
  const response = await send({ method: 'POST', path: '/runs', body });
  if (response.status === BROKEN) {
    const { problems } = (await response.json()) as { problems: string[] };
    return { is: 'broken', problems };
  }
  return { is: 'started', run: (await read(response)) as RunDescription };
}

async function read(response: Response): Promise<unknown> {
  const text = await response.text();
  if (response.ok) return text === '' ? undefined : (JSON.parse(text) as unknown);
  throw new ControlError(response.status, messageOf(text) ?? `status ${response.status}`);
}

function messageOf(text: string): string | undefined {
  try {
    return z.object({ message: z.string() }).parse(JSON.parse(text)).message;
  } catch {
    return undefined;
  }
}

async function* readEvents(
  send: Send,
  { since, signal }: { since?: number; signal?: AbortSignal },
): AsyncGenerator<SimulatorEvent> {
  const path = since === undefined ? '/events' : `/events?since=${since}`;
  const response = await send({ method: 'GET', path, signal });
  if (!response.ok || !response.body) await read(response);
  let rest = '';
  const chunks = response.body?.pipeThrough(new TextDecoderStream());
  for await (const chunk of chunks ?? []) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as SimulatorEvent;
  }
}
