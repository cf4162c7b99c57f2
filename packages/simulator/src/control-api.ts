// The control API under /_control/: for people and programs on this machine, who script what the service does.
import type { z } from 'zod';
import {
  appBody,
  faultBody,
  groupBody,
  jobBody,
  livesBody,
  modeBody,
  tokenBody,
} from './control-wire.ts';
import { Refusal, empty, json } from './http/answer.ts';
import { describeJob } from './world/events.ts';
import type { JobDescription } from './world/events.ts';
import { eventStream } from './event-stream.ts';
import type { Peer } from './server.ts';
import type { Runs } from './runs.ts';
import type { Simulator } from './simulator.ts';

interface Ask {
  request: Request;
  simulator: Simulator;
  runs: Runs;
  id: string;
}

type Answer = (ask: Ask) => Response | Promise<Response>;

/** `METHOD /path`, with `*` for an id. */
const ROUTES: Readonly<Record<string, Answer>> = {
  'GET /state': ({ simulator }) => json(200, simulator.state()),
  'GET /violations': ({ simulator }) => json(200, simulator.violations()),
  'GET /events': ({ simulator, request }) => eventStream(simulator.events, request),
  'POST /jobs': async ({ simulator, request }) =>
    json(201, simulator.queueJob(await read(request, jobBody))),
  'GET /jobs/*': ({ simulator, id }) => json(200, jobOf(simulator, id)),
  'POST /jobs/*/cancel': ({ simulator, id }) => {
    jobOf(simulator, id);
    simulator.jobs.cancel(id);
    return empty(204);
  },
  'GET /faults': ({ simulator }) => json(200, simulator.faults.list()),
  'POST /faults': async ({ simulator, request }) =>
    json(201, simulator.faults.add(await read(request, faultBody))),
  'DELETE /faults': ({ simulator }) => after(simulator.faults.clear),
  'DELETE /faults/*': ({ simulator, id }) =>
    after(() => {
      simulator.faults.remove(Number(id));
    }),
  'POST /tokens': async ({ simulator, request }) => {
    const token = await read(request, tokenBody);
    return after(() => {
      simulator.registerToken(token);
    });
  },
  'POST /apps': async ({ simulator, request }) => {
    const app = await read(request, appBody);
    return after(() => {
      simulator.registerApp(app);
    });
  },
  'POST /token-lives': async ({ simulator, request }) => {
    const lives = await read(request, livesBody);
    return after(() => {
      simulator.setTokenLives(lives);
    });
  },
  'POST /groups': async ({ simulator, request }) => {
    const { scope, name } = await read(request, groupBody);
    return after(() => {
      simulator.addRunnerGroup(scope, name);
    });
  },
  'POST /modes': async ({ simulator, request }) => {
    const { scope, mode } = await read(request, modeBody);
    return after(() => {
      simulator.setMode(scope, mode);
    });
  },
  'POST /runs': async ({ runs, request }) =>
    runs.start(await readJson(request), new URL(request.url).origin),
  'GET /runs/*': ({ runs, id }) => json(200, runs.describe(id) ?? missing(`run ${id}`)),
  'POST /runs/*/cancel': ({ runs, id }) =>
    runs.cancel(id) === 'absent' ? missing(`run ${id}`) : empty(204),
};

export function createControlApi(
  simulator: Simulator,
  runs: Runs,
): (request: Request, peer: Peer) => Promise<Response> {
  return async (request, { isLoopback }) => {
    const { pathname } = new URL(request.url);
    if (!isLoopback) return json(403, { message: 'the control API answers this machine only' });
    const [, , kind = '', id = '', ...rest] = pathname.split('/');
    const path = [kind, ...(id ? ['*'] : []), ...rest].join('/');
    const answer = ROUTES[`${request.method} /${path}`];
    try {
      if (!answer) missing(`${request.method} ${pathname}`);
      return await answer({ request, simulator, runs, id: decodeURIComponent(id) });
    } catch (error) {
      if (error instanceof Refusal) return error.response;
      throw error;
    }
  };
}

function after(act: () => void): Response {
  act();
  return empty(204);
}

function missing(what: string): never {
  throw new Refusal(json(404, { message: `there is no ${what}` }));
}

const jobOf = (simulator: Simulator, id: string): JobDescription =>
  describeJob(simulator.job(id) ?? missing(`job ${id}`));

async function read<T extends z.ZodType>(request: Request, schema: T): Promise<z.infer<T>> {
  const result = schema.safeParse(await readJson(request));
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the body'}: ${message}`,
  );
  throw new Refusal(json(400, { message: problems.join('; ') }));
}

async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    throw new Refusal(json(400, { message: 'the body is not JSON' }));
  }
}
