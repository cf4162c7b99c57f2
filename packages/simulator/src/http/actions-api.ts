// Workflow runs and their jobs, as api.github.com (or a GHES under /api/v3) tells of them, as far as clients of ours ask.
import type { JobRecord } from '../world/model.ts';
import { repositoryOf, rerunJob, workflowRun } from '../world/workflow-runs.ts';
import type { WorkflowRun } from '../world/workflow-runs.ts';
import { Refusal, gitHubError, json } from './answer.ts';
import type { Answer } from './exchange.ts';
import type { Context, Route } from './route.ts';

const REPOSITORY = '/repos/:org/:repo/actions';

export const actionsRoutes: readonly Route[] = [
  {
    call: 'get-run',
    method: 'GET',
    path: `${REPOSITORY}/runs/:run`,
    needs: 'actions-read',
    query: ['exclude_pull_requests'],
    answer: getRun,
  },
  {
    call: 'list-run-jobs',
    method: 'GET',
    path: `${REPOSITORY}/runs/:run/jobs`,
    needs: 'actions-read',
    query: ['filter', 'page', 'per_page'],
    answer: listJobs,
  },
  {
    call: 'rerun-job',
    method: 'POST',
    path: `${REPOSITORY}/jobs/:job/rerun`,
    needs: 'actions-write',
    body: 'json',
    answer: rerun,
  },
];

const notFound = (): Refusal => new Refusal(gitHubError(404, 'Not Found'));

const repositoryIn = ({ params }: Context): string =>
  `${params['org'] ?? ''}/${params['repo'] ?? ''}`;

function runOf(context: Context): WorkflowRun {
  const { service, params } = context;
  const found = workflowRun(service.world, repositoryIn(context), Number(params['run']));
  if (!found) throw notFound();
  return found;
}

function getRun(context: Context): Answer {
  const { id, status, conclusion, attempt } = runOf(context);
  const html = `${context.url.origin}/${repositoryIn(context)}/actions/runs/${id}`;
  return json(200, {
    id,
    status,
    conclusion: conclusion ?? null,
    run_attempt: attempt,
    html_url: html,
  });
}

const LARGEST_PAGE = 100;

function listJobs(context: Context): Answer {
  const { searchParams } = context.url;
  const { jobs } = runOf(context);
  const wanted =
    searchParams.get('filter') === 'all'
      ? jobs
      : jobs.filter(({ successor }) => successor === undefined);
  const size = Math.min(whole(searchParams.get('per_page'), 30), LARGEST_PAGE);
  const from = (whole(searchParams.get('page'), 1) - 1) * size;
  return json(200, {
    total_count: wanted.length,
    jobs: wanted.slice(from, from + size).map(describe),
  });
}

/** As GitHub reads a number that it cannot read: it takes its default. */
const whole = (text: string | null, unset: number): number =>
  /^[1-9]\d{0,6}$/.test(text ?? '') ? Number(text) : unset;

const CONCLUSIONS = { succeeded: 'success', failed: 'failure', canceled: 'cancelled' } as const;

function describe(job: JobRecord): unknown {
  const { requestId, wish, attempt, state, result, runnerName, times } = job;
  return {
    id: requestId,
    run_id: wish.runId,
    run_attempt: attempt,
    name: wish.displayName,
    status: state === 'completed' || state === 'queued' ? state : 'in_progress',
    conclusion: result === undefined ? null : CONCLUSIONS[result],
    started_at: time(times.started),
    completed_at: time(times.finished),
    runner_name: runnerName ?? null,
    labels: wish.labels,
  };
}

const time = (ms: number | undefined): string | null =>
  ms === undefined ? null : new Date(ms).toISOString();

function rerun(context: Context): Answer {
  const { service, params } = context;
  const job = [...service.world.jobs.values()].find(
    (one) =>
      String(one.requestId) === params['job'] &&
      repositoryOf(one) === repositoryIn(context).toLowerCase(),
  );
  if (!job) throw notFound();
  if (rerunJob(service.world, job) === 'started') return json(201, {});
  throw new Refusal(gitHubError(403, 'This workflow is already running'));
}
