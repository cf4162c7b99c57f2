// The table at the end, the picture while it goes on, and what failed jobs said.
import { table } from './table.ts';
import type { RunDescription } from '@muster/simulator';

type RunJob = RunDescription['jobs'][number];

const HEAD = ['JOB', 'MATRIX', 'QUEUED', 'POD', 'STARTED', 'FINISHED', 'RESULT'];
const LOG_LINES = 200;

export interface Times {
  /** The demo's start, from which all times count. */
  startedAt: number;
  /** When a runner's pod ran. */
  podRanAt: (runner: string) => number | undefined;
}

/** A row a job: queued → pod → started → finished, in seconds since the start. */
export function jobTable(run: RunDescription, { startedAt, podRanAt }: Times): string[] {
  const seconds = (at: number | undefined): string =>
    at === undefined ? '-' : `${((at - startedAt) / 1000).toFixed(1)}s`;
  const rows = run.jobs.map((job) => [
    job.name,
    matrixOf(job),
    seconds(job.times.queued),
    seconds(job.runnerName === undefined ? undefined : podRanAt(job.runnerName)),
    seconds(job.times.started),
    seconds(job.times.finished),
    resultOf(job),
  ]);
  return table([HEAD, ...rows]);
}

const matrixOf = ({ matrix }: RunJob): string =>
  Object.entries(matrix ?? {})
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ') || '-';

function resultOf(job: RunJob): string {
  const { result, waiting, state, continueOnError, steps = [] } = job;
  if (result === undefined) return waiting === undefined ? state : `waiting: ${waiting}`;
  const isAllowed = result === 'failure' && continueOnError;
  const skipped = steps.filter(isLeftOut).map(({ name }) => name);
  const remarks = [
    ...(isAllowed ? ['allowed'] : []),
    ...reasonsOf(job),
    ...(skipped.length > 0 ? [`skipped: ${skipped.join(', ')}`] : []),
  ];
  return remarks.length === 0 ? result : `${result} (${remarks.join('; ')})`;
}

type Step = NonNullable<RunJob['steps']>[number];

/** A failed step is left to the log; what ended a job from outside is told. */
function reasonsOf({ result, reason, steps }: RunJob): string[] {
  const ended = result === 'cancelled' ? steps?.find(isCancelled)?.reason : undefined;
  return [reason, ended].filter((one) => one !== undefined);
}

const isCancelled = ({ conclusion }: Step): boolean => conclusion === 'cancelled';

// A step whose condition is false has no reason: GitHub would have skipped it too.
const isLeftOut = ({ conclusion, reason }: Step): boolean =>
  conclusion === 'skipped' && reason !== undefined;

/** What was asked for and not done, each thing once, however many jobs of a matrix asked for it. */
export function notesOf({ jobs, notices }: RunDescription): string[] {
  const skipped = jobs.flatMap(({ key, steps = [] }) =>
    steps.filter(isLeftOut).map(({ name, reason = '' }) => `job ${key}: ${name}: ${reason}`),
  );
  return [...new Set([...notices, ...skipped])];
}

const isFailed = ({ result, continueOnError }: RunJob): boolean =>
  (result === 'failure' || result === 'cancelled') && !continueOnError;

export const failedJobs = ({ jobs }: RunDescription): RunJob[] => jobs.filter(isFailed);

/** The last lines of a failed job's log. */
export const logOf = ({ name, log }: RunJob): string[] => [
  `--- log of ${name}${log.length > LOG_LINES ? ` (its last ${LOG_LINES} lines)` : ''}`,
  ...(log.length === 0 ? ['(it says nothing)'] : log.slice(-LOG_LINES)),
];

const MARKS: Readonly<Record<string, string>> = {
  success: '✓',
  failure: '✗',
  cancelled: '✗',
  skipped: '-',
  running: '▶',
};

/** How the run stands, in a few lines. */
export function picture(
  { jobs }: RunDescription,
  runners: { wanted: number; pods: number },
): string[] {
  const rows = jobs.map(({ name, result, state, waiting, runnerName }) => [
    MARKS[result ?? state] ?? '·',
    name,
    result ?? waiting ?? runnerName ?? state,
  ]);
  return [
    '',
    ...table(rows),
    `${plural(runners.wanted, 'runner')} wanted, ${plural(runners.pods, 'pod')}`,
  ];
}

export const plural = (count: number, thing: string): string =>
  `${count} ${thing}${count === 1 ? '' : 's'}`;
