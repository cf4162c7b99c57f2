import { describe, expect, test } from 'vitest';
import { jobTable, logOf, notesOf, picture } from './report.ts';
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

const aRun = (jobs: RunJob[], notices: string[] = []): RunDescription => ({
  id: 1,
  workflow: { name: 'CI', path: 'ci.yml' },
  state: 'completed',
  jobs,
  notices,
});

const rowsOf = (...jobs: RunJob[]): string[] =>
  jobTable(aRun(jobs), {
    startedAt: STARTED_AT,
    podRanAt: (runner) => (runner === 'demo-runner-1' ? 12_000 : undefined),
  }).slice(1);

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
      shows: / success \(skipped: Set up Node\)$/,
    },
    {
      name: 'tells a failure that was allowed from one that was not',
      job: { result: 'failure', continueOnError: true },
      shows: / failure \(allowed\)$/,
    },
    {
      name: 'allows nothing where nothing failed',
      job: { continueOnError: true },
      shows: / success$/,
    },
    {
      name: 'says what ended a job before its time',
      job: {
        result: 'cancelled',
        steps: [{ name: 'Wait', conclusion: 'cancelled', reason: 'it took more than a minute' }],
      },
      shows: / cancelled \(it took more than a minute\)$/,
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

test('a note says once what was left out, however many jobs of a matrix asked for it', () => {
  const steps = [
    { name: 'Set up Node', conclusion: 'skipped' as const, reason: 'it is not run here' },
    { name: 'Upload logs', conclusion: 'skipped' as const },
  ];
  const run = aRun(
    [aJob({ steps }), aJob({ steps }), aJob({ key: 'test', steps })],
    ['concurrency is not obeyed'],
  );
  expect(notesOf(run)).toEqual([
    'concurrency is not obeyed',
    'job build: Set up Node: it is not run here',
    'job test: Set up Node: it is not run here',
  ]);
});

test.each([
  { runners: { wanted: 1, pods: 1 }, says: '1 runner wanted, 1 pod' },
  { runners: { wanted: 0, pods: 2 }, says: '0 runners wanted, 2 pods' },
])('the picture ends with "$says"', ({ runners, says }) => {
  expect(picture(aRun([aJob({})]), runners)).toEqual(['', '✓  build  success', says]);
});

test('a log is cut to its end, and one without a line is said to be so', () => {
  const log = Array.from({ length: 201 }, (_, line) => String(line));
  expect(logOf(aJob({ log })).slice(0, 2)).toEqual(['--- log of build (its last 200 lines)', '1']);
  expect(logOf(aJob({}))).toEqual(['--- log of build', '(it says nothing)']);
});
