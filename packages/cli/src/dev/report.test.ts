import { describe, expect, test } from 'vitest';
import { jobTable } from './report.ts';
import type { RunDescription } from '@muster/simulator';

type RunJob = RunDescription['jobs'][number];

const STARTED_AT = 10_000;

const aJob = (fields: Partial<RunJob>): RunJob => ({
  id: 'build',
  key: 'build',
  name: 'build',
  labels: ['demo'],
  state: 'completed',
  ...(fields.state === undefined && { result: 'success' }),
  continueOnError: false,
  times: { queued: 11_000, started: 12_500, finished: 14_000 },
  runnerName: 'demo-runner-1',
  log: [],
  ...fields,
});

const rowsOf = (...jobs: RunJob[]): string[] =>
  jobTable(
    { id: 1, workflow: { name: 'CI', path: 'ci.yml' }, state: 'completed', jobs, notices: [] },
    {
      startedAt: STARTED_AT,
      podRanAt: (runner) => (runner === 'demo-runner-1' ? 12_000 : undefined),
    },
  ).slice(1);

test('a row tells the times of a job in seconds since the start', () => {
  expect(rowsOf(aJob({ matrix: { os: 'linux', node: 24 } }))).toEqual([
    'build  os=linux node=24  1.0s    2.0s  2.5s     4.0s      success',
  ]);
});

describe('the result', () => {
  test.each<{ name: string; job: Partial<RunJob>; shows: RegExp }>([
    {
      name: 'says why a job waits',
      job: { state: 'queued', waiting: 'no scale set has the label gpu' },
      shows: / waiting: no scale set has the label gpu$/,
    },
    {
      name: 'says why a job was skipped',
      job: { result: 'skipped', reason: 'its condition is false: failure()' },
      shows: / skipped \(its condition is false: failure\(\)\)$/,
    },
    {
      name: 'names an action that was left out',
      job: {
        steps: [{ name: 'Set up Node', conclusion: 'skipped', reason: 'it is not run here' }],
      },
      shows: / success \(Set up Node: it is not run here\)$/,
    },
    {
      name: 'is silent about a step whose condition is false',
      job: { steps: [{ name: 'Upload logs', conclusion: 'skipped' }] },
      shows: / success$/,
    },
    {
      name: 'leaves a failed step to the log',
      job: {
        result: 'failure',
        steps: [{ name: 'x', conclusion: 'failure', reason: 'no such shell' }],
      },
      shows: / failure$/,
    },
  ])('$name', ({ job, shows }) => {
    expect(rowsOf(aJob(job))).toEqual([expect.stringMatching(shows)]);
  });
});
