import type { EphemeralRunnerSet, Failing } from '@muster/api';
import { describe, expect, test } from 'vitest';
import { aPod } from '../testing-pods.ts';
import { plan } from './plan.ts';
import type { Observed } from './plan.ts';
import { templateHash } from './template.ts';
import type { Member } from './tally.ts';
import {
  ago,
  asked,
  failed,
  member,
  observed,
  old,
  outdated,
  pending,
  settled,
  steps,
  withStatus,
} from './testing.ts';

const known = (failing: Partial<Failing>, set = asked(1)): EphemeralRunnerSet =>
  withStatus(set, {
    failing: {
      template: templateHash(set),
      outdated: 0,
      rounds: 0,
      since: ago(0),
      counted: [],
      ...failing,
    },
  });

/** One whose container has run for so long. */
const up = (name: string, seconds: number, given = {}): Member =>
  member(name, { metadata: { creationTimestamp: ago(seconds) }, ...given }, (runner) =>
    aPod(runner, {
      phase: 'Running',
      containerStatuses: [{ name: 'runner', state: { running: { startedAt: ago(seconds) } } }],
    }),
  );

const statusOf = (set: EphemeralRunnerSet, members: Member[], given: Partial<Observed> = {}) => {
  const action = plan(observed(set, members, given)).find((one) => one.do === 'report');
  return action?.do === 'report' ? { ...action, ...action.status } : undefined;
};

const WAIT = 'wait: runners that could not run are there';

describe('failed runners', () => {
  test.each<{ name: string; set: EphemeralRunnerSet; members: Member[]; does: string[] }>([
    {
      name: 'BUG-18: keep their slots for a while',
      set: known({ rounds: 1, since: ago(30), counted: ['a'] }),
      members: [failed('a')],
      does: [WAIT],
    },
    {
      name: 'BUG-18: are replaced when it is over',
      set: known({ rounds: 1, since: ago(60), counted: ['a'] }),
      members: [failed('a')],
      does: ['clear a: it is time to try others in their place'],
    },
    {
      name: 'are waited for twice as long the second time',
      set: known({ rounds: 2, since: ago(119), counted: ['a'] }),
      members: [failed('a')],
      does: [WAIT],
    },
    {
      name: 'are waited for a quarter of an hour at most',
      set: known({ rounds: 30, since: ago(900), counted: ['a'] }),
      members: [failed('a')],
      does: ['clear a: it is time to try others in their place'],
    },
    {
      name: 'of an older template go at once: what was wrong may be right now',
      set: asked(1),
      members: [old(failed('a'))],
      does: ['clear a: it is time to try others in their place'],
    },
  ])('$name', ({ set, members, does }) => {
    expect(steps(settled(set, members), members)).toEqual(does);
  });

  test('are told of with the reason, once', () => {
    const report = statusOf(asked(1), [failed('a')]);
    expect(report).toMatchObject({
      because: 'no such PriorityClass',
      event: { type: 'Warning', reason: 'InvalidPod' },
      failing: { rounds: 1, outdated: 0, since: ago(0), counted: ['a'] },
      blocked: { reason: 'InvalidPod', since: ago(0) },
    });
    const again = known({ rounds: 1, since: ago(10), counted: ['a'] });
    expect(statusOf(again, [failed('a')])?.failing).toMatchObject({ rounds: 1, since: ago(10) });
  });

  test('that fail within a round do not make it longer', () => {
    const set = known({ rounds: 1, since: ago(20), counted: ['a'] });
    expect(statusOf(set, [failed('a'), failed('b')])?.failing).toEqual({
      template: templateHash(set),
      rounds: 1,
      outdated: 0,
      since: ago(20),
      counted: ['a', 'b'],
    });
  });

  test('begin another round when they are of the next try', () => {
    const set = known({ rounds: 1, since: ago(70), counted: [] });
    expect(statusOf(set, [failed('b')])?.failing).toMatchObject({ rounds: 2, since: ago(0) });
  });

  test.each([
    { name: 'one that has got a job since', members: [up('b', 10, { status: { jobId: '7' } })] },
    { name: 'one that has run for a minute since', members: [up('b', 60)] },
  ])('are forgotten by $name', ({ members }) => {
    const set = known({ rounds: 3, since: ago(100) });
    expect(statusOf(set, members)).toMatchObject({ failing: null });
  });

  test.each([
    { name: 'one that has just begun to run', members: [up('b', 59)] },
    { name: 'one that ran before', members: [up('b', 200, { status: { jobId: '7' } })] },
    { name: 'one of an older template', members: [old(up('b', 70))] },
  ])('are not forgotten by $name', ({ members }) => {
    const set = known({ rounds: 3, since: ago(100) });
    expect(statusOf(set, members)?.failing).toMatchObject({ rounds: 3 });
  });

  test('of another template are not remembered', () => {
    const set = known({ template: 'older', rounds: 5, outdated: 5 });
    expect(statusOf(set, [])).toMatchObject({ failing: null, phase: 'Running' });
  });
});

describe('an image that is too old for GitHub', () => {
  const stopped = (seconds: number, set = asked(2)): EphemeralRunnerSet =>
    known({ outdated: 3, since: ago(seconds) }, set);
  const trial = (seconds: number): Member =>
    pending('t', { metadata: { creationTimestamp: ago(seconds) } });

  test.each<{ name: string; set: EphemeralRunnerSet; members: Member[]; does: string[] }>([
    {
      name: 'is tried again after the first and the second time',
      set: known({ outdated: 2, since: ago(5) }),
      members: [],
      does: ['create 1: 0 of 1 wanted'],
    },
    {
      name: 'BUG-2: stops the set after the third',
      set: stopped(5),
      members: [],
      does: [WAIT],
    },
    {
      name: 'is tried by one runner after a quarter of an hour, whatever is wanted',
      set: stopped(900, asked(0, 0)),
      members: [],
      does: ['create 1: its image may be accepted by now'],
    },
    {
      name: 'is tried by one runner at a time, which is no surplus',
      set: stopped(950, asked(0, 0)),
      members: [trial(50)],
      does: [],
    },
    {
      name: 'leaves idle ones that came before to be taken away',
      set: stopped(5, asked(0, 0)),
      members: [up('a', 100)],
      does: ['retire 1 of a: 1 of 0 wanted', 'wait: GitHub may have called some of them busy'],
    },
    {
      name: 'is forgotten when the template changes',
      set: known({ outdated: 3, template: 'older' }, asked(2)),
      members: [],
      does: ['create 2: 0 of 2 wanted'],
    },
    {
      name: 'is forgotten when its trial got a job',
      set: known({ outdated: 3, since: ago(960) }, asked(2)),
      members: [up('t', 50, { status: { jobId: '7' } })],
      does: ['create 1: 1 of 2 wanted'],
    },
  ])('$name', ({ set, members, does }) => {
    expect(steps(settled(set, members), members)).toEqual(does);
  });

  test('is counted before its runners go, each once, and said with the third', () => {
    const set = known({ outdated: 1, since: ago(9) }, asked(3));
    const members = [outdated('a'), outdated('b')];
    expect(steps(set, members)).toEqual([
      'report: GitHub no longer accepts the version of the runner in its image: 3 ended so in a row',
      'clear a b: their image is too old, and they are counted',
      WAIT,
    ]);
    const report = statusOf(set, members);
    expect(report).toMatchObject({
      event: { type: 'Warning', reason: 'OutdatedRunner' },
      phase: 'Outdated',
      failing: { outdated: 3, since: ago(0), counted: ['a', 'b'] },
      blocked: { reason: 'OutdatedRunner', since: ago(0), capacity: 0 },
    });
    const counted = known({ outdated: 3, counted: ['a', 'b'] }, set);
    expect(statusOf(counted, members)?.failing).toMatchObject({ outdated: 3 });
  });

  test('keeps to maxRunners with its trial', () => {
    const members = [up('a', 2000, { status: { jobId: '7' } })];
    const policy = {
      maxRunners: 1,
      strategy: 'immediate',
      unschedulableMs: 1,
      onlineMs: Infinity,
    } as const;
    const set = settled(stopped(900, asked(1)), members);
    expect(steps(set, members, { policy })).toEqual(['wait: one of them may be well']);
  });

  test('ends with a capacity that does not stay for another reason', () => {
    const set = withStatus(known({ template: 'older', outdated: 3 }), {
      blocked: { reason: 'OutdatedRunner', since: ago(9), capacity: 0 },
    });
    expect(statusOf(set, [failed('a')])?.blocked).toEqual({
      reason: 'InvalidPod',
      since: ago(0),
      capacity: null,
    });
    expect(statusOf(set, [])?.blocked).toBeNull();
  });
});
