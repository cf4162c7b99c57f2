import { ActionsError } from '@muster/actions';
import type { ActionsErrorCode, WorkflowJob } from '@muster/actions';
import { describe, expect, test } from 'vitest';
import { findingOf, lookFor, runAgain } from './look.ts';
import type { Finding, Lost } from './plan.ts';

const LOST: Lost = {
  runner: 'lost',
  job: { repository: 'my-org/app', runId: 42, cause: 'Evicted', at: '2026-01-01T00:00:00Z' },
  look: undefined,
};

const aJob = (id: number, given: Partial<WorkflowJob> = {}): WorkflowJob => ({
  id,
  name: 'build',
  attempt: 1,
  runnerName: 'lost',
  conclusion: 'failure',
  ...given,
});

describe('the jobs of a run that is over say of one of them', () => {
  test.each<{ name: string; jobs: WorkflowJob[]; is: Finding }>([
    {
      name: 'that it failed',
      jobs: [aJob(1, { name: 'lint', runnerName: 'other' }), aJob(2)],
      is: { is: 'failed', jobId: 2 },
    },
    {
      name: 'that its time was up',
      jobs: [aJob(1, { conclusion: 'timed_out' })],
      is: { is: 'failed', jobId: 1 },
    },
    {
      name: 'that it was cancelled',
      jobs: [aJob(1, { conclusion: 'cancelled' })],
      is: { is: 'cancelled' },
    },
    {
      name: 'that it was done',
      jobs: [aJob(1, { conclusion: 'success' })],
      is: { is: 'succeeded' },
    },
    {
      name: 'that its runner had none',
      jobs: [aJob(1, { runnerName: 'other' })],
      is: { is: 'unknown-job' },
    },
    {
      name: 'that a later attempt has it',
      jobs: [aJob(1), aJob(2, { attempt: 2, runnerName: 'other', conclusion: 'success' })],
      is: { is: 'again' },
    },
    {
      name: 'that a later attempt has another one of them only',
      jobs: [aJob(1), aJob(2, { name: 'lint', attempt: 2, runnerName: 'other' })],
      is: { is: 'failed', jobId: 1 },
    },
    {
      name: 'that a later attempt lists it as it was: the newest number counts',
      jobs: [aJob(1), aJob(2, { attempt: 2 })],
      is: { is: 'failed', jobId: 2 },
    },
    {
      name: 'that it was a second attempt when it was lost',
      jobs: [aJob(1, { runnerName: 'first' }), aJob(2, { attempt: 2 })],
      is: { is: 'second' },
    },
  ])('$name', ({ jobs, is }) => {
    expect(findingOf(jobs, 'lost')).toEqual(is);
  });
});

const throwing = (code: ActionsErrorCode, retryAfterMs?: number) => () =>
  Promise.reject(
    new ActionsError(code, 'no', { ...(retryAfterMs !== undefined && { retryAfterMs }) }),
  );

describe('a look', () => {
  const jobs = () => Promise.resolve([aJob(1)]);
  const noJobs = (): never => expect.fail('its jobs are not asked for');

  test('at a run that is over reads its jobs', async () => {
    const getWorkflowRun = () => Promise.resolve({ isCompleted: true, attempt: 1 });
    const client = { getWorkflowRun, listWorkflowJobs: jobs };
    expect(await lookFor(LOST, client)).toEqual({ is: 'failed', jobId: 1 });
  });

  test.each<{ name: string; answer: () => Promise<never> | Promise<unknown>; is: Finding }>([
    {
      name: 'a run that goes on',
      answer: () => Promise.resolve({ isCompleted: false, attempt: 1 }),
      is: { is: 'under-way' },
    },
    {
      name: 'a run that is not there',
      answer: () => Promise.resolve(undefined),
      is: { is: 'unknown-run' },
    },
    {
      name: 'missing rights',
      answer: throwing('unauthorized'),
      is: { is: 'forbidden', message: 'no' },
    },
    {
      name: 'a rate limit',
      answer: throwing('rate-limited', 90_000),
      is: { is: 'no-word', retryAfterMs: 90_000 },
    },
    { name: 'an outage', answer: throwing('unavailable'), is: { is: 'no-word', retryAfterMs: 0 } },
  ])('finds $name', async ({ answer, is }) => {
    const client = { getWorkflowRun: answer as () => Promise<undefined>, listWorkflowJobs: noJobs };
    expect(await lookFor(LOST, client)).toEqual(is);
  });
});

describe('to run it again', () => {
  test.each<{ name: string; answer: () => Promise<unknown>; is: Finding }>([
    { name: 'GitHub agrees', answer: () => Promise.resolve('started'), is: { is: 'again' } },
    {
      name: 'its run is under way, by our own lost call perhaps',
      answer: () => Promise.resolve('running'),
      is: { is: 'under-way' },
    },
    { name: 'nobody may', answer: throwing('refused'), is: { is: 'refused', message: 'no' } },
    {
      name: 'it is gone by now',
      answer: throwing('not-found'),
      is: { is: 'refused', message: 'no' },
    },
    {
      name: 'these credentials may not',
      answer: throwing('unauthorized'),
      is: { is: 'forbidden', message: 'no' },
    },
    {
      name: 'GitHub does not answer',
      answer: throwing('unreachable'),
      is: { is: 'no-word', retryAfterMs: 0 },
    },
  ])('$name', async ({ answer, is }) => {
    const rerunJob = answer as () => Promise<'started'>;
    expect(await runAgain(LOST, 9, { rerunJob })).toEqual(is);
  });
});
