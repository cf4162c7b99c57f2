// Workflow runs and their jobs, by GitHub's REST API: what became of a job whose runner is gone, and its second chance.
import { z } from 'zod';
import { decode, text, whole, wire } from './decode.ts';
import { ActionsError } from './errors.ts';
import { refusal, wordsOf } from './refusal.ts';
import type { Answer } from './http.ts';
import type { Rest } from './rest.ts';
import { expectStatus } from './service.ts';
import type { ActionsClient, WorkflowJob } from './types.ts';

type WorkflowRunCalls = Pick<ActionsClient, 'getWorkflowRun' | 'listWorkflowJobs' | 'rerunJob'>;

const PAGE = 100;
/** A run has 256 jobs a matrix, and each of them once an attempt. */
const MOST_PAGES = 50;

export function workflowRunCalls(rest: Rest): WorkflowRunCalls {
  return {
    getWorkflowRun: async ({ repository, runId }, options = {}) => {
      const what = `get workflow run ${runId} of ${repository}`;
      const path = `${repositoryPath(repository)}/actions/runs/${runId}`;
      const answer = await rest.call({ what, method: 'GET', path }, options);
      if (answer.status === 404) return undefined;
      const { status, run_attempt: attempt } = decode(run, expectStatus(200, answer));
      return { isCompleted: status === 'completed', attempt };
    },

    listWorkflowJobs: async ({ repository, runId }, options = {}) => {
      const what = `list the jobs of workflow run ${runId} of ${repository}`;
      const path = `${repositoryPath(repository)}/actions/runs/${runId}/jobs`;
      const found: WorkflowJob[] = [];
      for (let page = 1; page <= MOST_PAGES; page += 1) {
        const query = { filter: 'all', page: String(page), per_page: String(PAGE) };
        const answer = await rest.call({ what, method: 'GET', path, query }, options);
        const { jobs } = decode(jobPage, expectStatus(200, answer));
        found.push(...jobs.map(jobOf));
        if (jobs.length < PAGE) break;
      }
      return found;
    },

    rerunJob: async ({ repository, jobId }, options = {}) => {
      const what = `re-run job ${jobId} of ${repository}`;
      const path = `${repositoryPath(repository)}/actions/jobs/${jobId}/rerun`;
      const answer = await rest.call({ what, method: 'POST', path }, options);
      if (answer.status === 201) return 'started';
      if (isRunning(answer)) return 'running';
      throw refusal(answer, isImpossible(answer) ? 'refused' : undefined);
    },
  };
}

function repositoryPath(repository: string): string {
  const [owner = '', name = '', ...rest] = repository.split('/');
  if (owner === '' || name === '' || rest.length > 0) {
    throw new ActionsError('refused', `"${repository}" is no repository: owner/name is`);
  }
  return `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;
}

const run = wire({ status: text, run_attempt: whole.default(1) });

const job = wire({
  id: whole,
  name: text,
  run_attempt: whole.default(1),
  // Null until a runner has it, and until it is over.
  runner_name: z.exactOptional(text),
  conclusion: z.exactOptional(text),
});

const jobPage = wire({ jobs: z.array(job) });

const jobOf = ({
  id,
  name,
  run_attempt: attempt,
  runner_name: runnerName,
  conclusion,
}: z.infer<typeof job>): WorkflowJob => ({
  id,
  name,
  attempt,
  ...(runnerName !== undefined && { runnerName }),
  ...(conclusion !== undefined && { conclusion }),
});

// GitHub says all of this with a 403 and a sentence, and nothing else. What fits none of them is about rights.
const isRunning = (answer: Answer): boolean =>
  answer.status === 403 && /already running/i.test(wordsOf(answer));

/** Such as "This workflow run cannot be retried" and "… because it was created over a month ago". */
const isImpossible = (answer: Answer): boolean =>
  answer.status === 403 &&
  answer.retryAfterMs === undefined &&
  /cannot be (retried|rerun|re-run)|unable to (retry|re-?run)/i.test(wordsOf(answer));
