// Workflow runs that were started through the control API, and how they look as plain data.
import { z } from 'zod';
import { Refusal, json } from './http/answer.ts';
import type { Answer } from './http/exchange.ts';
import type { JobQueue } from './job.ts';
import type { Run, RunJob, RunRepository } from './workflow/run.ts';
import type { EventLog } from './world/events.ts';

/** A workflow file and the repository it belongs to, as if it had been pushed. */
export interface RunRequest {
  /** In the repository, such as `.github/workflows/ci.yml`. */
  path: string;
  content: string;
  /** The repository's folder on this machine. */
  repositoryPath: string;
  owner?: string;
  repository?: string;
  enterprise?: string;
  ref?: string;
  sha?: string;
  eventName?: string;
  actor?: string;
  vars?: Record<string, string>;
  secrets?: Record<string, string>;
}

export interface RunDescription {
  id: number;
  workflow: { name: string; path: string };
  /** `stuck`: all that is not over waits for a scale set that does not exist. */
  state: Run['state'];
  result?: NonNullable<Run['result']>;
  jobs: readonly RunJob[];
  /** What the file asks for and is not done here. */
  notices: readonly string[];
}

/** A broken file: one line a problem, `path:line:column: message`. */
interface RunRefusal {
  message: string;
  problems: string[];
}

export interface Runs {
  /** 201 RunDescription, or 422 RunRefusal. */
  start(body: unknown, serverUrl: string): Promise<Answer>;
  describe(id: string): RunDescription | undefined;
  cancel(id: string): 'asked' | 'absent';
}

const texts = z.record(z.string(), z.string());

const runBody = z.strictObject({
  path: z.string().min(1),
  content: z.string(),
  repositoryPath: z.string().min(1),
  owner: z.string().min(1).default('my-org'),
  repository: z.string().min(1).default('my-repo'),
  enterprise: z.string().exactOptional(),
  ref: z.string().default('refs/heads/main'),
  sha: z.string().default('0'.repeat(40)),
  eventName: z.string().default('push'),
  actor: z.string().exactOptional(),
  vars: texts.exactOptional(),
  secrets: texts.exactOptional(),
});

type RunBody = z.infer<typeof runBody>;

export interface RunsDeps {
  jobs: JobQueue;
  events: EventLog;
  now: () => number;
}

export function createRuns({ jobs: queue, events, now }: RunsDeps): Runs {
  const runs = new Map<string, Run>();
  return {
    async start(body, serverUrl) {
      const wish = parse(body);
      // 60 ms to import, and only a service that is given a workflow needs it.
      const { formatProblems, parseWorkflow, startRun } = await import('./workflow/index.ts');
      const workflow = await parseWorkflow(wish);
      if ('problems' in workflow) return refused(formatProblems(workflow));
      const runId = runs.size + 1;
      const run = startRun({
        ...optional(wish),
        workflow,
        queue,
        runId,
        runNumber: runId,
        now,
        serverUrl,
        apiUrl: `${serverUrl}/api/v3`,
        repository: repositoryOf(wish),
        event: { name: wish.eventName },
      });
      runs.set(`${runId}`, run);
      run.onChange(() => {
        events.emit({ type: 'run', runId, state: run.state });
      });
      return json(201, describe(run));
    },
    describe(id) {
      const run = runs.get(id);
      return run && describe(run);
    },
    cancel(id) {
      const run = runs.get(id);
      run?.cancel();
      return run ? 'asked' : 'absent';
    },
  };
}

function parse(body: unknown): RunBody {
  const result = runBody.safeParse(body);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the body'}: ${message}`,
  );
  throw new Refusal(json(400, { message: problems.join('; ') }));
}

function refused(problems: string[]): Answer {
  const refusal: RunRefusal = { message: problems[0] ?? 'not a workflow', problems };
  return json(422, refusal);
}

const repositoryOf = (wish: RunBody): RunRepository => ({
  owner: wish.owner,
  name: wish.repository,
  path: wish.repositoryPath,
  ref: wish.ref,
  sha: wish.sha,
  ...(wish.enterprise !== undefined && { enterprise: wish.enterprise }),
});

const optional = ({
  actor,
  vars,
  secrets,
}: RunBody): Pick<RunBody, 'actor' | 'vars' | 'secrets'> => ({
  ...(actor !== undefined && { actor }),
  ...(vars && { vars }),
  ...(secrets && { secrets }),
});

const describe = ({ id, workflow, state, result, jobs, notices }: Run): RunDescription => ({
  id,
  workflow,
  state,
  ...(result && { result }),
  jobs,
  notices,
});
