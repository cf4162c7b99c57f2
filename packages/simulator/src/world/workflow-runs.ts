// Workflow runs as the REST API tells of them: nothing of their own, but what their jobs come to.
import { randomUUID } from 'node:crypto';
import type { JobRecord, World } from './model.ts';
import { queueJob } from './jobs.ts';

export interface WorkflowRun {
  id: number;
  /** How often it was run, wholly or in part. */
  attempt: number;
  status: 'queued' | 'in_progress' | 'completed';
  /** Once it is completed. */
  conclusion?: 'success' | 'failure' | 'cancelled';
  /** Of all attempts. */
  jobs: readonly JobRecord[];
}

/** Undefined when nobody queued a job of it in this repository. */
export function workflowRun(world: World, repository: string, id: number): WorkflowRun | undefined {
  const jobs = [...world.jobs.values()].filter(
    (job) => job.wish.runId === id && repositoryOf(job) === repository.toLowerCase(),
  );
  if (jobs.length === 0) return undefined;
  const latest = jobs.filter(({ successor }) => successor === undefined);
  const attempt = Math.max(...jobs.map((job) => job.attempt));
  if (latest.every(({ state }) => state === 'completed')) {
    return { id, attempt, jobs, status: 'completed', conclusion: conclusionOf(latest) };
  }
  const isWaiting = latest.every(({ state }) => state === 'queued' || state === 'available');
  return { id, attempt, jobs, status: isWaiting ? 'queued' : 'in_progress' };
}

export const repositoryOf = ({ wish: { owner, repository } }: JobRecord): string =>
  `${owner}/${repository}`.toLowerCase();

function conclusionOf(jobs: readonly JobRecord[]): 'success' | 'failure' | 'cancelled' {
  const results = jobs.map(({ result }) => result);
  if (results.includes('failed')) return 'failure';
  return results.includes('canceled') ? 'cancelled' : 'success';
}

/** As what was queued, under another id, in a new attempt. `running`: its run is not over. */
export function rerunJob(world: World, job: JobRecord): 'started' | 'running' {
  const run = workflowRun(world, repositoryOf(job), job.wish.runId);
  if (run?.status !== 'completed') return 'running';
  const successor = queueJob(world, { ...job.wish, id: randomUUID() }, run.attempt + 1);
  newest(job).successor = successor;
  world.rerun(job, successor);
  return 'started';
}

function newest(job: JobRecord): JobRecord {
  return job.successor === undefined ? job : newest(job.successor);
}
