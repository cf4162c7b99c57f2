import type { LostJob } from '@muster/api';
import { aRunner, aRunnerSet } from '@muster/api/testing';
import { describe, expect, test } from 'vitest';
import { lossOf, lossPatch } from './loss.ts';

const NOW = Date.parse('2026-01-01T00:01:00Z');
const runner = aRunner('a', {
  status: {
    jobId: '9',
    jobDisplayName: 'build (linux)',
    jobRepositoryName: 'my-org/app',
    jobWorkflowRef: 'my-org/app/.github/workflows/ci.yml@refs/heads/main',
    workflowRunId: 42,
  },
});
const given = { cause: 'Evicted', now: NOW, rerun: false };

describe('a lost job', () => {
  test('is kept with repository, workflow, job, run and cause', () => {
    expect(lossOf(runner, given)).toEqual({
      job: 'build (linux)',
      jobId: '9',
      repository: 'my-org/app',
      workflow: 'my-org/app/.github/workflows/ci.yml@refs/heads/main',
      runId: 42,
      runUrl: 'https://github.com/my-org/app/actions/runs/42',
      cause: 'Evicted',
      at: '2026-01-01T00:01:00Z',
    });
  });

  test('is kept without what is not known', () => {
    expect(lossOf(aRunner('a', { status: { jobId: '9' } }), given)).toEqual({
      jobId: '9',
      cause: 'Evicted',
      at: '2026-01-01T00:01:00Z',
    });
  });

  test('awaits its re-run where that is asked for', () => {
    expect(lossOf(runner, { ...given, rerun: true }).rerun).toEqual({ state: 'Pending' });
  });
});

describe('the lost jobs of a runner set', () => {
  const loss = (minute: number): LostJob => ({
    cause: 'Evicted',
    at: `2026-01-01T00:${String(minute).padStart(2, '0')}:00Z`,
  });
  const known = (count: number) =>
    aRunnerSet({
      status: {
        lostJobs: Object.fromEntries(
          Array.from({ length: count }, (_, index) => [`r${index}`, loss(index)]),
        ),
      },
    });

  test('are added one by one, so that two losses at once are both kept', () => {
    expect(lossPatch(known(3), runner, loss(30))).toEqual({ a: loss(30) });
  });

  test('are twenty at most: the oldest goes', () => {
    expect(lossPatch(known(21), runner, loss(30))).toEqual({ a: loss(30), r0: null, r1: null });
  });

  test('are a hundred while they await their re-run, whatever became of the others', () => {
    const jobs = (count: number, state: string, prefix: string): [string, LostJob][] =>
      Array.from({ length: count }, (_, at) => [
        `${prefix}${at}`,
        {
          cause: 'NodeLost',
          at: new Date(NOW - (count - at) * 1000).toISOString(),
          rerun: { state },
        },
      ]);
    const lostJobs = Object.fromEntries([...jobs(100, 'Pending', 'p'), ...jobs(21, 'Done', 'd')]);
    const lost = lossOf(runner, { ...given, rerun: true });
    expect(lossPatch(aRunnerSet({ status: { lostJobs } }), runner, lost)).toEqual({
      a: lost,
      p0: null,
      d0: null,
    });
  });
});
