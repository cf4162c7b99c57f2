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
import type { Answer, Incoming } from './http/exchange.ts';
import { decodeSegment } from './http/route.ts';
import type { Job } from './job.ts';
import { describeJob } from './world/events.ts';
import type { JobDescription } from './world/events.ts';
import { eventStream } from './event-stream.ts';
import type { Peer } from './server.ts';
import type { Runs } from './runs.ts';
import type { Simulator } from './simulator.ts';

interface Ask {
  request: Incoming;
  simulator: Simulator;
  runs: Runs;
  id: string;
}

type Act = (ask: Ask) => Answer | Promise<Answer>;

/** `METHOD /path`, with `*` for an id. */
const ROUTES: Readonly<Record<string, Act>> = {
  'GET /state': ({ simulator }) => json(200, simulator.state()),
  'GET /violations': ({ simulator }) => json(200, simulator.violations()),
  'GET /events': ({ simulator, request }) => eventStream(simulator.events, request),
  'POST /jobs': ({ simulator, request }) => json(201, queue(simulator, read(request, jobBody))),
  'GET /jobs/*': ({ simulator, id }) => json(200, jobOf(simulator, id)),
  'POST /jobs/*/cancel': ({ simulator, id }) => {
    jobOf(simulator, id);
    simulator.jobs.cancel(id);
    return empty(204);
  },
  'GET /faults': ({ simulator }) => json(200, simulator.faults.list()),
  'POST /faults': ({ simulator, request }) =>
    json(201, simulator.faults.add(read(request, faultBody))),
  'DELETE /faults': ({ simulator }) => after(simulator.faults.clear),
  'DELETE /faults/*': ({ simulator, id }) =>
    after(() => {
      simulator.faults.remove(Number(id));
    }),
  'POST /tokens': ({ simulator, request }) => {
    const token = read(request, tokenBody);
    return after(() => {
      simulator.registerToken(token);
    });
  },
  'POST /apps': ({ simulator, request }) => {
    const app = read(request, appBody);
    return after(() => {
      simulator.registerApp(app);
    });
  },
  'POST /token-lives': ({ simulator, request }) => {
    const lives = read(request, livesBody);
    return after(() => {
      simulator.setTokenLives(lives);
    });
  },
  'POST /groups': ({ simulator, request }) => {
    const { scope, name } = read(request, groupBody);
    return after(() => {
      simulator.addRunnerGroup(scope, name);
    });
  },
  'POST /modes': ({ simulator, request }) => {
    const { scope, mode } = read(request, modeBody);
    return after(() => {
      simulator.setMode(scope, mode);
    });
  },
  'POST /runs': ({ runs, request }) => runs.start(readJson(request), request.url.origin),
  'GET /runs/*': ({ runs, id }) => json(200, runs.describe(id) ?? missing(`run ${id}`)),
  'POST /runs/*/cancel': ({ runs, id }) =>
    runs.cancel(id) === 'absent' ? missing(`run ${id}`) : empty(204),
};

export const CONTROL_CALLS: readonly string[] = Object.keys(ROUTES);

export function createControlApi(
  simulator: Simulator,
  runs: Runs,
): (request: Incoming, peer: Peer) => Promise<Answer> {
  return async (request, { isLoopback }) => {
    const { pathname } = request.url;
    if (!isLoopback) return json(403, { message: 'the control API answers this machine only' });
    // A run is a program on this machine. Any page may send a POST here; what browsers say of its origin gives it away.
    if (request.header('origin') !== undefined) {
      return json(403, { message: 'the control API answers no web page' });
    }
    const [, , kind = '', id = '', ...rest] = pathname.split('/');
    const path = [kind, ...(id ? ['*'] : []), ...rest].join('/');
    const answer = ROUTES[`${request.method} /${path}`];
    try {
      if (!answer) missing(`${request.method} ${pathname}`);
      return await answer({ request, simulator, runs, id: decodeSegment(id) });
    } catch (error) {
      if (error instanceof Refusal) return error.response;
      throw error;
    }
  };
}

function after(act: () => void): Answer {
  act();
  return empty(204);
}

function missing(what: string): never {
  throw new Refusal(json(404, { message: `there is no ${what}` }));
}

function queue(simulator: Simulator, wish: z.infer<typeof jobBody>): Job {
  if (wish.id === undefined || !simulator.job(wish.id)) return simulator.queueJob(wish);
  throw new Refusal(json(409, { message: `a job with the id ${wish.id} was queued before` }));
}

const jobOf = (simulator: Simulator, id: string): JobDescription =>
  describeJob(simulator.job(id) ?? missing(`job ${id}`));

function read<T extends z.ZodType>(request: Incoming, schema: T): z.infer<T> {
  const result = schema.safeParse(readJson(request));
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the body'}: ${message}`,
  );
  throw new Refusal(json(400, { message: problems.join('; ') }));
}

function readJson({ body }: Incoming): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Refusal(json(400, { message: 'the body is not JSON' }));
  }
}
