import type { EphemeralRunnerSet } from '@muster/api';
import type { PlannedAction } from '@muster/kube';
import { describe, expect, test } from 'vitest';
import { plan } from './plan.ts';
import type { Policy } from './plan.ts';
import type { Member } from './tally.ts';
import {
  asked,
  busy,
  failed,
  leaving,
  member,
  observed,
  old,
  pending,
  settled,
  steps,
} from './testing.ts';

const policy = (given: Partial<Policy> = {}): Policy => ({
  maxRunners: 10,
  strategy: 'immediate',
  unschedulableMs: 600_000,
  onlineMs: Infinity,
  ...given,
});

interface Row {
  name: string;
  set: EphemeralRunnerSet;
  members: Member[];
  maxRunners?: number;
  does: string[];
}

const BUSY = 'wait: GitHub may have called some of them busy';

describe('a change of the template', () => {
  test.each<Row>([
    {
      name: '48: makes new ones at once where some are missing',
      set: asked(3),
      members: [old(member('a')), old(busy('b'))],
      does: ['create 1: 2 of 3 wanted'],
    },
    {
      name: '48: makes one beside the idle old ones, a quarter of them at a time',
      set: asked(5),
      members: ['a', 'b', 'c', 'd', 'e'].map((name) => old(member(name))),
      does: ['create 2: idle ones are of an older template'],
    },
    {
      name: 'waits until the new one is ready',
      set: asked(2),
      members: [old(member('a')), old(member('b')), pending('n')],
      does: [],
    },
    {
      name: '48: lets an idle old one go when the new one is ready, on a numbered patch too',
      set: asked(2),
      members: [old(member('a')), old(member('b')), member('n')],
      does: ['retire 1 of b a: new ones are ready', BUSY],
    },
    {
      name: 'takes no new one for surplus while it gets ready',
      set: asked(2, 0),
      members: [old(member('a')), old(member('b')), pending('n')],
      does: [],
    },
    {
      name: 'shrinks by the old ones first',
      set: asked(1, 0),
      members: [old(member('a')), member('n'), pending('m')],
      does: ['retire 1 of a m n: 3 of 1 wanted', BUSY],
    },
    {
      name: 'lets those with a job finish, and makes none in their place',
      set: asked(2),
      members: [old(busy('a')), old(busy('b'))],
      does: [],
    },
    {
      name: 'lets one go first where there is room for no more',
      set: asked(2),
      members: [old(member('a')), old(member('b'))],
      maxRunners: 2,
      does: ['retire 1 of b a: there is no room for a new one', BUSY],
    },
    {
      name: 'fills that room before another goes',
      set: asked(2),
      members: [old(member('a')), pending('n')],
      maxRunners: 2,
      does: [],
    },
    {
      name: 'stands still while a new one has failed',
      set: asked(3),
      members: [old(member('a')), old(member('b')), failed('n')],
      does: ['wait: runners that could not run are there'],
    },
    {
      name: 'stands still while pods of a new one fail',
      set: asked(2),
      members: [
        old(member('a')),
        old(member('b')),
        pending('n', { status: { failures: { 'pod-1': '2026-01-01T00:00:30Z' } } }),
      ],
      does: [],
    },
    {
      name: 'never makes more than maxRunners, whatever is asked for',
      set: asked(9),
      members: [old(busy('a')), old(busy('b'))],
      maxRunners: 3,
      does: ['create 1: 2 of 9 wanted'],
    },
    {
      name: 'does not count failed ones there',
      set: asked(3),
      members: [busy('a'), failed('b')],
      maxRunners: 2,
      does: ['create 1: 2 of 3 wanted', 'wait: runners that could not run are there'],
    },
  ])('$name', ({ set, members, maxRunners = 10, does }) => {
    const given = { policy: policy({ maxRunners }) };
    expect(steps(settled(set, members, given), members, given)).toEqual(does);
  });

  test('is known by what a runner is where it does not say so, as those of ARC', () => {
    const { runner, pod } = old(member('a'));
    const silent = { ...runner, metadata: { ...runner.metadata, annotations: {} } };
    const members = [{ runner: silent, pod }, member('same')];
    expect(steps(settled(asked(2), members), members)).toEqual([
      'create 1: idle ones are of an older template',
    ]);
  });
});

describe('with --update-strategy eventual', () => {
  const given = { policy: policy({ strategy: 'eventual' }) };
  test.each<Row>([
    {
      name: 'idle old ones go first, and no new one is made',
      set: asked(3),
      members: [old(member('a')), old(busy('b'))],
      does: ['retire 1 of a: new ones wait until the old ones are gone', BUSY],
    },
    { name: 'the last job is waited for', set: asked(3), members: [old(busy('b'))], does: [] },
    {
      name: 'an old one on its way out is still there',
      set: asked(3),
      members: [old(member('a', leaving))],
      does: [],
    },
    {
      name: 'then all are made',
      set: asked(3),
      members: [],
      does: ['create 3: 0 of 3 wanted'],
    },
  ])('$name', ({ set, members, does }) => {
    expect(steps(settled(set, members, given), members, given)).toEqual(does);
  });
});

describe('what a set says of its roll', () => {
  interface Said {
    name: string;
    members: Member[];
    strategy?: Policy['strategy'];
    reason: string;
    event: PlannedAction['event'];
  }
  test.each<Said>([
    { name: 'nothing is old', members: [member('a')], reason: 'RolledOut', event: undefined },
    {
      name: 'it rolls',
      members: [old(member('a'))],
      reason: 'Rolling',
      event: { type: 'Normal', reason: 'Rolling' },
    },
    { name: 'jobs are left', members: [old(busy('a'))], reason: 'JobsLeft', event: undefined },
    {
      name: 'it stands still',
      members: [
        old(member('a')),
        pending('n', { status: { failures: { 'pod-1': '2026-01-01T00:00:30Z' } } }),
      ],
      reason: 'RollStopped',
      event: { type: 'Warning', reason: 'RollStopped' },
    },
    {
      name: 'it waits for the last old one',
      members: [old(member('a'))],
      strategy: 'eventual',
      reason: 'Draining',
      event: { type: 'Normal', reason: 'Draining' },
    },
  ])('$name', ({ members, strategy = 'immediate', reason, event }) => {
    const [report] = plan(observed(asked(1), members, { policy: policy({ strategy }) }));
    const conditions = report?.do === 'report' ? report.status.conditions : [];
    expect(conditions?.find(({ type }) => type === 'RolledOut')?.reason).toBe(reason);
    expect(report?.event).toEqual(event);
  });
});
