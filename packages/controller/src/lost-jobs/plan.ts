// Whether a job that lost its pod is run again: once, when its run is over, as long as somebody wants it and GitHub lets
// us. Decides only; look.ts asks GitHub, whose word is all there is to know, so that nothing is run again twice.
import { isDeleting, wantsReruns } from '@muster/api';
import type { AutoscalingRunnerSet, LostJob, Rerun } from '@muster/api';
import type { PlannedAction, WaitAction } from '@muster/kube';
import { sinceMs } from '../time.ts';

/** What GitHub said of a job. */
export type Finding =
  /** Its run is not over. */
  | { is: 'under-way' }
  /** It failed in the first attempt of its run, which is over. */
  | { is: 'failed'; jobId: number }
  /** A later attempt has it. */
  | { is: 'again' }
  /** It is one of a later attempt itself. */
  | { is: 'second' }
  | { is: 'succeeded' | 'cancelled' | 'unknown-job' | 'unknown-run' }
  /** Nobody may run it again (any more). */
  | { is: 'refused'; message: string }
  /** These credentials may not ask, or not run it again. */
  | { is: 'forbidden'; message: string }
  /** GitHub does not answer, and asks for so much time perhaps. */
  | { is: 'no-word'; retryAfterMs: number };

export interface Look {
  at: number;
  found: Finding;
}

/** One that awaits its re-run. */
export interface Lost {
  /** By which GitHub knows the job. */
  runner: string;
  job: LostJob;
  /** Undefined before this process first asked. */
  look: Look | undefined;
}

export interface Observed {
  runnerSet: AutoscalingRunnerSet;
  lost: readonly Lost[];
  now: number;
}

export type Action =
  | WaitAction
  | (PlannedAction &
      (
        | { do: 'note'; runner: string; rerun: Rerun }
        | { do: 'look'; lost: readonly Lost[] }
        | { do: 'rerun'; lost: Lost; jobId: number }
      ));

/** For one job. */
type Step =
  | { is: 'settle'; rerun: Rerun & { message: string } }
  | { is: 'rerun'; jobId: number }
  | { is: 'look' }
  | { is: 'wait'; ms: number };

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
/** GitHub takes some minutes to find that a runner is gone. */
const FIRST_LOOK_MS = MINUTE_MS;
const SELDOM_MS = 30 * MINUTE_MS;
/** Older word may be about an attempt that is not the last one any more. */
const FRESH_MS = 10_000;
/** Each of them is two requests, and others wait for this pass. */
const LOOKS_AT_ONCE = 10;

export function plan(observed: Observed): Action[] {
  const { runnerSet, lost } = observed;
  if (isDeleting(runnerSet)) return [];
  const steps = lost.map((one) => ({ one, step: stepOf(one, observed) }));
  const looks = steps.filter(({ step }) => step.is === 'look').map(({ one }) => one);
  const acts = [
    ...steps.flatMap(({ one, step }) => (step.is === 'settle' ? [note(one, step.rerun)] : [])),
    ...oncePerRun(steps),
    ...(looks.length === 0 ? [] : [lookAt(looks.slice(0, LOOKS_AT_ONCE))]),
  ];
  const isAsking = acts.some((action) => action.do !== 'note');
  const waits = steps.flatMap(({ step }) => (step.is === 'wait' ? [step.ms] : []));
  const ms = isAsking ? 1 : Math.min(...waits);
  if (!Number.isFinite(ms)) return acts;
  return [...acts, { do: 'wait', ms, because: 'lost jobs wait to be run again' }];
}

function stepOf({ job, look }: Lost, { runnerSet, now }: Observed): Step {
  if (!wantsReruns(runnerSet)) return giveUp('SwitchedOff', 'nobody wants lost jobs run again now');
  if (job.repository === undefined || job.runId === undefined) {
    return giveUp('RunUnknown', 'GitHub never said which run it belongs to');
  }
  const age = sinceMs(job.at, now) ?? 0;
  if (age >= DAY_MS) return giveUp('TooLate', 'a day has passed since it was lost');
  if (look === undefined) return after(FIRST_LOOK_MS - age);
  const { found, at } = look;
  return (STEPS[found.is] as (found: Finding, given: Given) => Step)(found, {
    job,
    age,
    saidMs: now - at,
  });
}

const giveUp = (reason: string, message: string): Step => ({
  is: 'settle',
  rerun: { state: 'GivenUp', reason, message },
});

const after = (ms: number): Step => (ms <= 0 ? { is: 'look' } : { is: 'wait', ms });

interface Given {
  job: LostJob;
  /** Since it was lost. */
  age: number;
  /** Since GitHub said so. */
  saidMs: number;
}

const DONE = { state: 'Done', reason: 'RunsAgain', message: 'a later attempt of its run has it' };

/** By GitHub's last word. */
const STEPS: { [Is in Finding['is']]: (found: Finding & { is: Is }, given: Given) => Step } = {
  failed: ({ jobId }, { saidMs }) => (saidMs < FRESH_MS ? { is: 'rerun', jobId } : { is: 'look' }),
  again: () => ({ is: 'settle', rerun: DONE }),
  'under-way': (_, { age, saidMs }) => after(lookEveryMs(age) - saidMs),
  'no-word': ({ retryAfterMs }, { age, saidMs }) =>
    after(Math.max(retryAfterMs, lookEveryMs(age)) - saidMs),
  forbidden: ({ message }, { job, saidMs }) =>
    job.rerun?.reason === 'Forbidden'
      ? after(SELDOM_MS - saidMs)
      : { is: 'settle', rerun: { state: 'Pending', reason: 'Forbidden', message } },
  refused: ({ message }) => giveUp('Refused', message),
  second: () => giveUp('SecondAttempt', 'it was run again before it was lost'),
  succeeded: () => giveUp('NotFailed', 'GitHub counts it as done'),
  cancelled: () =>
    giveUp('Cancelled', 'GitHub counts it as cancelled, and that may be what somebody wanted'),
  'unknown-job': () => giveUp('JobUnknown', 'its run has no job of this runner'),
  'unknown-run': () => giveUp('RunUnknown', 'GitHub shows these credentials no such run'),
};

/** Less and less often: a tenth of its age, from a minute up to half an hour. */
const lookEveryMs = (age: number): number => Math.min(SELDOM_MS, Math.max(MINUTE_MS, age / 10));

function note({ runner, job }: Lost, rerun: Rerun & { message: string }): Action {
  const { state, message } = rerun;
  const event = EVENTS[state];
  const what = job.job === undefined ? 'its job' : `job "${job.job}"`;
  const where = job.runUrl === undefined ? '' : ` (${job.runUrl})`;
  const because = `${what}${where}: ${message}`;
  return { do: 'note', runner, rerun, because, ...(event && { event }) };
}

const EVENTS: Partial<Record<string, PlannedAction['event']>> = {
  Done: { type: 'Normal', reason: 'LostJobRerun' },
  GivenUp: { type: 'Warning', reason: 'LostJobNotRerun' },
  Pending: { type: 'Warning', reason: 'RerunForbidden' },
};

/** The second of a run is refused until the first has ended again, so it is not tried. */
function oncePerRun(steps: readonly { one: Lost; step: Step }[]): Action[] {
  const runs = new Set<string>();
  return steps.flatMap(({ one, step }): Action[] => {
    if (step.is !== 'rerun') return [];
    const run = `${one.job.repository ?? ''}/${one.job.runId ?? ''}`;
    if (runs.has(run)) return [];
    runs.add(run);
    const because = 'its pod was lost, and its run is over';
    return [{ do: 'rerun', lost: one, jobId: step.jobId, because }];
  });
}

const lookAt = (lost: readonly Lost[]): Action => ({
  do: 'look',
  lost,
  because: 'the runs of lost jobs may be over',
});
