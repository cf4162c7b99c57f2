// Asks GitHub what became of a lost job, and to run it again. Never rejects: no word is an answer too.
import { isActionsError } from '@muster/actions';
import type { ActionsClient, WorkflowJob } from '@muster/actions';
import type { Finding, Lost } from './plan.ts';

type Asked = Pick<ActionsClient, 'getWorkflowRun' | 'listWorkflowJobs'>;

export async function lookFor({ runner, job }: Lost, client: Asked): Promise<Finding> {
  const place = { repository: job.repository ?? '', runId: job.runId ?? 0 };
  try {
    const run = await client.getWorkflowRun(place);
    if (run === undefined) return { is: 'unknown-run' };
    if (!run.isCompleted) return { is: 'under-way' };
    return findingOf(await client.listWorkflowJobs(place), runner);
  } catch (error) {
    return findingOfError(error);
  }
}

const FAILURES = ['failure', 'timed_out', 'startup_failure'];

/** From all jobs of a run that is over. */
export function findingOf(jobs: readonly WorkflowJob[], runner: string): Finding {
  const own = jobs.filter(({ runnerName }) => runnerName === runner);
  const attempts = own.map(({ attempt }) => attempt);
  // A later attempt lists what it did not run again once more, with the runner that it had.
  const last = own.find(({ attempt }) => attempt === Math.max(...attempts));
  if (last === undefined) return { is: 'unknown-job' };
  const isLater = ({ name, attempt }: WorkflowJob): boolean =>
    name === last.name && attempt > last.attempt;
  if (jobs.some(isLater)) return { is: 'again' };
  if (Math.min(...attempts) > 1) return { is: 'second' };
  const { conclusion = '' } = last;
  if (FAILURES.includes(conclusion)) return { is: 'failed', jobId: last.id };
  return { is: conclusion === 'cancelled' ? 'cancelled' : 'succeeded' };
}

export async function runAgain(
  { job }: Lost,
  jobId: number,
  client: Pick<ActionsClient, 'rerunJob'>,
): Promise<Finding> {
  try {
    const answer = await client.rerunJob({ repository: job.repository ?? '', jobId });
    // One that is under way may have been started by our own call, whose answer was lost: its jobs tell.
    return { is: answer === 'started' ? 'again' : 'under-way' };
  } catch (error) {
    const isRefused = isActionsError(error, 'refused') || isActionsError(error, 'not-found');
    return isRefused ? { is: 'refused', message: error.message } : findingOfError(error);
  }
}

function findingOfError(error: unknown): Finding {
  if (isActionsError(error, 'unauthorized')) return { is: 'forbidden', message: error.message };
  const retryAfterMs = isActionsError(error) ? (error.retryAfterMs ?? 0) : 0;
  return { is: 'no-word', retryAfterMs };
}
