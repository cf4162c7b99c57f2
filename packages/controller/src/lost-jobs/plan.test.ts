import { RERUN_ANNOTATION } from '@muster/api';
import type { LostJob } from '@muster/api';
import { aRunnerSet } from '@muster/api/testing';
import { describe, expect, test } from 'vitest';
import { plan } from './plan.ts';
import type { Action, Finding, Lost, Observed } from './plan.ts';

const NOW = Date.parse('2026-01-02T12:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const wanting = aRunnerSet({ metadata: { annotations: { [RERUN_ANNOTATION]: 'true' } } });

function aJob(ageMs: number, given: Partial<LostJob> = {}): LostJob {
  return {
    job: 'build',
    repository: 'my-org/app',
    runId: 42,
    runUrl: 'https://github.com/my-org/app/actions/runs/42',
    cause: 'Evicted',
    at: new Date(NOW - ageMs).toISOString(),
    rerun: { state: 'Pending' },
    ...given,
  };
}

/** Lost so long ago, and GitHub's word of so long ago. */
const aLost = (ageMs: number, found?: Finding, saidMs = 0): Lost => ({
  runner: 'a',
  job: aJob(ageMs),
  look: found && { at: NOW - saidMs, found },
});

const planFor = (lost: Lost, given: Partial<Observed> = {}): Action[] =>
  plan({ runnerSet: wanting, lost: [lost], now: NOW, ...given });

const doing = (actions: Action[]): unknown[] =>
  actions.map((action) => {
    if (action.do === 'wait') return action.ms;
    return action.do === 'note' ? [action.rerun.state, action.rerun.reason] : action.do;
  });

describe('a job that lost its pod', () => {
  const failed: Finding = { is: 'failed', jobId: 9 };
  const noWord: Finding = { is: 'no-word', retryAfterMs: 0 };
  const forbidden: Finding = { is: 'forbidden', message: 'no right' };

  test.each<{ name: string; lost: Lost; does: unknown[] }>([
    { name: 'is left to GitHub at first', lost: aLost(10_000), does: [50_000] },
    { name: 'is looked for after a minute', lost: aLost(MINUTE), does: ['look', 1] },
    {
      name: 'waits while its run goes on',
      lost: aLost(5 * MINUTE, { is: 'under-way' }, 20_000),
      does: [40_000],
    },
    {
      name: 'is looked for again then',
      lost: aLost(5 * MINUTE, { is: 'under-way' }, MINUTE),
      does: ['look', 1],
    },
    {
      name: 'is looked for seldom when it is old',
      lost: aLost(20 * HOUR, { is: 'under-way' }, 10 * MINUTE),
      does: [20 * MINUTE],
    },
    { name: 'is run again when it failed', lost: aLost(HOUR, failed), does: ['rerun', 1] },
    {
      name: 'is looked for once more when that was some time ago',
      lost: aLost(HOUR, failed, 10_000),
      does: ['look', 1],
    },
    {
      name: 'is done once it runs again',
      lost: aLost(HOUR, { is: 'again' }),
      does: [['Done', 'RunsAgain']],
    },
    {
      name: 'is given up after a day',
      lost: aLost(24 * HOUR, failed),
      does: [['GivenUp', 'TooLate']],
    },
    {
      name: 'is given up when GitHub counts it as done',
      lost: aLost(HOUR, { is: 'succeeded' }),
      does: [['GivenUp', 'NotFailed']],
    },
    {
      name: 'is given up when it was cancelled',
      lost: aLost(HOUR, { is: 'cancelled' }),
      does: [['GivenUp', 'Cancelled']],
    },
    {
      name: 'is given up when it was a second attempt already',
      lost: aLost(HOUR, { is: 'second' }),
      does: [['GivenUp', 'SecondAttempt']],
    },
    {
      name: 'is given up when its run is not there',
      lost: aLost(HOUR, { is: 'unknown-run' }),
      does: [['GivenUp', 'RunUnknown']],
    },
    {
      name: 'is given up when its run has no such job',
      lost: aLost(HOUR, { is: 'unknown-job' }),
      does: [['GivenUp', 'JobUnknown']],
    },
    {
      name: 'is given up when nobody may run it again',
      lost: aLost(HOUR, { is: 'refused', message: 'too old' }),
      does: [['GivenUp', 'Refused']],
    },
    {
      name: 'tells that the credentials may not, and awaits better ones',
      lost: aLost(HOUR, forbidden),
      does: [['Pending', 'Forbidden']],
    },
    {
      name: 'tells it once',
      lost: {
        ...aLost(HOUR, forbidden, 10 * MINUTE),
        job: aJob(HOUR, { rerun: { state: 'Pending', reason: 'Forbidden', message: 'no right' } }),
      },
      does: [20 * MINUTE],
    },
    { name: 'outlasts an outage', lost: aLost(HOUR, noWord, MINUTE), does: [5 * MINUTE] },
    {
      name: 'waits for as long as GitHub asks',
      lost: aLost(HOUR, { is: 'no-word', retryAfterMs: HOUR }),
      does: [HOUR],
    },
    {
      name: 'cannot be looked for without its run',
      lost: { runner: 'a', job: { cause: 'Evicted', at: aJob(0).at }, look: undefined },
      does: [['GivenUp', 'RunUnknown']],
    },
  ])('$name', ({ lost, does }) => {
    expect(doing(planFor(lost))).toEqual(does);
  });

  test('is let be when nobody wants it any more', () => {
    const acts = planFor(aLost(HOUR, failed), { runnerSet: aRunnerSet() });
    expect(doing(acts)).toEqual([['GivenUp', 'SwitchedOff']]);
  });

  test('is let be when its runner set goes', () => {
    const metadata = { ...wanting.metadata, deletionTimestamp: '2026-01-02T11:00:00Z' };
    expect(planFor(aLost(HOUR, failed), { runnerSet: { ...wanting, metadata } })).toEqual([]);
  });

  test.each([
    { found: { is: 'again' }, event: { type: 'Normal', reason: 'LostJobRerun' } },
    { found: { is: 'cancelled' }, event: { type: 'Warning', reason: 'LostJobNotRerun' } },
    { found: forbidden, event: { type: 'Warning', reason: 'RerunForbidden' } },
  ] satisfies { found: Finding; event: object }[])(
    'is an Event with its name and run: $found.is',
    ({ found, event }) => {
      const [note] = planFor(aLost(HOUR, found));
      expect(note).toMatchObject({ do: 'note', event });
      expect(note?.because).toContain(
        'job "build" (https://github.com/my-org/app/actions/runs/42): ',
      );
    },
  );
});

describe('many of them', () => {
  const failedIn = (runId: number, runner: string): Lost => ({
    runner,
    job: aJob(HOUR, { runId }),
    look: { at: NOW, found: { is: 'failed', jobId: runId } },
  });

  test('of one run come one after the other, those of others beside them', () => {
    const lost = [failedIn(1, 'a'), failedIn(1, 'b'), failedIn(2, 'c')];
    const acts = plan({ runnerSet: wanting, lost, now: NOW });
    const again = acts.flatMap((action) => (action.do === 'rerun' ? [action.lost.runner] : []));
    expect(again).toEqual(['a', 'c']);
  });

  test('are looked for ten at a time', () => {
    const lost = Array.from({ length: 25 }, (_, at) => ({ ...aLost(HOUR), runner: `r${at}` }));
    const [look] = plan({ runnerSet: wanting, lost, now: NOW });
    expect(look).toMatchObject({ do: 'look', lost: lost.slice(0, 10) });
  });
});
