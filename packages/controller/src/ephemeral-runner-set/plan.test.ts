import { aRunner } from '@muster/api/testing';
import type { EphemeralRunnerSet } from '@muster/api';
import { describe, expect, test } from 'vitest';
import { aFinishedPod } from '../testing-pods.ts';
import { plan } from './plan.ts';
import type { Member } from './tally.ts';
import {
  asked,
  busy,
  endedWell,
  failed,
  finished,
  leaving,
  member,
  NOW,
  observed,
  pending,
  settled,
  steps,
  withoutPod,
} from './testing.ts';

/** Spent slots as of a status that was written. */
const spent = (count: number, ended: string[] = []) => ({
  status: { currentReplicas: 0, slots: { generation: 1, spent: count, ended } },
});

/** Its status says what is there, of the wish before. */
const renewed = (set: EphemeralRunnerSet): EphemeralRunnerSet => {
  const before = settled(set, []);
  return { ...before, metadata: { ...before.metadata, generation: 2 } };
};

const BUSY = 'wait: GitHub may have called some of them busy';

describe('scaling', () => {
  test.each<{ name: string; set: EphemeralRunnerSet; runners: Member[]; does: string[] }>([
    { name: 'makes nothing when nothing is wanted', set: asked(0), runners: [], does: [] },
    {
      name: '39, 41: makes what is missing',
      set: asked(3),
      runners: [pending('a')],
      does: ['create 2: 1 of 3 wanted'],
    },
    {
      name: 'counts a runner without a phase',
      set: asked(1),
      runners: [withoutPod('a')],
      does: [],
    },
    {
      name: 'deletes a runner whose job GitHub says is over, before it makes the next',
      set: finished(asked(1, 4), ['a']),
      runners: [busy('a'), busy('b')],
      does: ['clear a: their jobs are over'],
    },
    {
      name: 'leaves one that has ended well to its own reconciler, which deletes it too',
      set: finished(asked(1, 4), ['a']),
      runners: [
        { ...busy('a'), pod: member('a', {}, (runner) => aFinishedPod(runner, 0)).pod },
        busy('b'),
      ],
      does: [],
    },
    {
      name: 'makes the next while that one is still leaving',
      set: finished(asked(2, 4), ['a']),
      runners: [
        { ...busy('a'), runner: aRunner('a', { ...leaving, status: { jobId: '7' } }) },
        busy('b'),
      ],
      does: ['create 1: 1 of 2 wanted'],
    },
    {
      name: 'never takes away on a numbered patch',
      set: asked(0, 4),
      runners: [member('a')],
      does: [],
    },
    {
      name: 'takes away what is too much when the patch is the truth',
      set: asked(1, 0),
      runners: [member('a'), member('b')],
      does: ['retire 1 of b a: 2 of 1 wanted', BUSY],
    },
    {
      name: 'leaves a runner that has a job, and one whose container has ended',
      set: asked(0, 0),
      runners: [busy('a'), member('b', {}, (runner) => aFinishedPod(runner, 0))],
      does: [],
    },
    {
      name: 'takes failed first, then without a pod, then pending, then running, the newest first',
      set: asked(0, 0),
      runners: [
        member('old', { metadata: { creationTimestamp: '2026-01-01T00:00:01Z' } }),
        member('new', { metadata: { creationTimestamp: '2026-01-01T00:00:02Z' } }),
        pending('pending'),
        withoutPod('bare'),
        failed('failed'),
      ],
      does: ['retire 5 of failed bare pending new old: 5 of 0 wanted', BUSY],
    },
    {
      name: 'replaces a runner that vanished without a job',
      set: asked(2, 1, spent(0)),
      runners: [member('a')],
      does: ['create 1: 1 of 2 wanted'],
    },
    {
      name: 'leaves a spent slot empty',
      set: asked(2, 1, spent(1)),
      runners: [member('a')],
      does: [],
    },
    {
      name: 'does not take a runner away for a spent slot',
      set: asked(2, 0, spent(1)),
      runners: [member('a'), member('b')],
      does: [],
    },
    {
      name: 'fills no slot for one that is leaving after its job, before that is written',
      set: asked(1, 1, spent(0)),
      runners: [endedWell('a')],
      does: ['report: 0 pending, 0 running, 0 failed'],
    },
    {
      name: 'writes the account before it makes runners',
      set: asked(3, 1, spent(0)),
      runners: [endedWell('a'), member('b')],
      does: ['report: 0 pending, 1 running, 0 failed', 'create 1: 1 of 3 wanted, 1 had their turn'],
    },
    {
      name: 'starts a new account with a new patch: who is leaving is of the past',
      set: asked(1, 2, { ...spent(1), metadata: { generation: 2 } }),
      runners: [endedWell('a')],
      does: ['report: 0 pending, 0 running, 0 failed', 'create 1: 0 of 1 wanted'],
    },
    {
      name: '44, 45, 47: clears what older operators left as succeeded',
      set: asked(0),
      runners: [withoutPod('a', { status: { phase: 'Succeeded' } })],
      does: ['report: 0 pending, 0 running, 0 failed', 'clear a: their jobs are over'],
    },
  ])('$name', ({ set, runners, does }) => {
    expect(steps(settled(set, runners), runners)).toEqual(does);
  });

  test('asks for the same names until they are there', () => {
    const namesIn = (members: Member[]): string[] =>
      plan(observed(settled(asked(3), members), members)).flatMap((action) =>
        action.do === 'create' ? action.names : [],
      );
    const names = namesIn([]);
    expect(names).toMatchInlineSnapshot(`
      [
        "linux-runner-16d9c9b1",
        "linux-runner-2bd59448",
        "linux-runner-231256ff",
      ]
    `);
    const [first = '', ...others] = names;
    expect(namesIn([withoutPod(first)])).toEqual(others);
  });
});

describe('the life of a set', () => {
  const deleting = { metadata: { deletionTimestamp: '2026-01-01T00:00:59Z' } };
  const proxied = { http: { url: 'http://proxy.example.com' } };
  const flat = { http_proxy: 'http://proxy.example.com', https_proxy: '', no_proxy: '' };
  const draining = asked(2, 1, deleting);
  const withProxy = {
    ...draining,
    spec: {
      ...draining.spec,
      ephemeralRunnerSpec: { ...draining.spec.ephemeralRunnerSpec, proxy: proxied },
    },
  };
  test.each<{ name: string; given: Parameters<typeof observed>; does: string[] }>([
    {
      name: 'it is held before it makes anything',
      given: [asked(2, 1, { metadata: { finalizers: [] } }), []],
      does: ['hold: its runners must be deregistered before it goes'],
    },
    {
      name: 'its first status has its account, and goes before its runners',
      given: [asked(1), []],
      does: ['report: 0 pending, 0 running, 0 failed', 'create 1: 0 of 1 wanted'],
    },
    {
      name: 'numbers alone wait for two seconds',
      given: [settled(asked(1), []), [member('a')], { reportedAt: NOW - 1_999 }],
      does: ['wait: its status was written a moment ago'],
    },
    {
      name: 'numbers are written when they are over',
      given: [settled(asked(1), []), [member('a')], { reportedAt: NOW - 2_000 }],
      does: ['report: 0 pending, 1 running, 0 failed'],
    },
    {
      name: 'a runner that spent its slot waits for one',
      given: [settled(asked(1), []), [endedWell('a')], { reportedAt: NOW - 999 }],
      does: ['wait: its status was written a moment ago'],
    },
    {
      name: 'it is in the account when that is over',
      given: [settled(asked(1), []), [endedWell('a')], { reportedAt: NOW - 1_000 }],
      does: ['report: 0 pending, 0 running, 0 failed'],
    },
    {
      name: 'the account of a wish that says who is over is opened with the next numbers',
      given: [renewed(finished(asked(1, 4), ['a'])), [endedWell('a')], { reportedAt: NOW - 1_999 }],
      does: ['create 1: 0 of 1 wanted', 'wait: its status was written a moment ago'],
    },
    {
      name: 'with a slot that it spends from the first it is opened before it makes runners',
      given: [
        renewed(finished(asked(3, 4), [])),
        [endedWell('a'), member('b')],
        { reportedAt: NOW - 1 },
      ],
      does: ['report: 0 pending, 1 running, 0 failed', 'create 1: 1 of 3 wanted, 1 had their turn'],
    },
    {
      name: 'that of a converging wish is opened at once: who is over then is of the past',
      given: [renewed(finished(asked(1, 0), ['a'])), [endedWell('a')], { reportedAt: NOW - 1 }],
      does: ['report: 0 pending, 0 running, 0 failed', 'create 1: 0 of 1 wanted'],
    },
    {
      name: "so is that of ARC's listener, which names nobody",
      given: [renewed(asked(1, 4)), [member('a')], { reportedAt: NOW - 1 }],
      does: ['report: 0 pending, 1 running, 0 failed'],
    },
    {
      name: 'its proxy Secret is there before its runners',
      given: [settled(asked(1), []), [], { proxy: { is: 'absent', flat } }],
      does: ['settle-proxy-secret: its runners reach GitHub by a proxy', 'create 1: 0 of 1 wanted'],
    },
    {
      name: 'it makes none without its proxy, and says so',
      given: [
        settled(asked(1), []),
        [],
        { proxy: { is: 'missing', message: 'Secret "p" does not exist' } },
      ],
      does: ['report: 0 pending, 0 running, 0 failed', 'wait: Secret "p" does not exist'],
    },
    {
      name: 'deleted, it takes all its runners with it',
      given: [draining, [member('a'), busy('b'), endedWell('c')]],
      does: ['report: 0 pending, 2 running, 0 failed', 'clear a b: the set is being deleted'],
    },
    {
      name: 'deleted, it goes when the last runner is gone',
      given: [draining, []],
      does: ['release: no runner is left'],
    },
    {
      name: 'deleted, it takes its proxy Secret with it',
      given: [withProxy, []],
      does: ['settle-proxy-secret: no runner is left', 'release: no runner is left'],
    },
    {
      name: 'released, nothing more is to be done',
      given: [{ ...draining, metadata: { ...draining.metadata, finalizers: [] } }, []],
      does: [],
    },
  ])('$name', ({ given, does }) => {
    expect(steps(...given)).toEqual(does);
  });

  test('BUG-3: its status is whole, with currentReplicas even when it is 0', () => {
    const [report] = plan(observed(asked(0), []));
    expect(report).toEqual({
      do: 'report',
      because: '0 pending, 0 running, 0 failed',
      status: {
        currentReplicas: 0,
        pendingEphemeralRunners: 0,
        runningEphemeralRunners: 0,
        failedEphemeralRunners: 0,
        phase: 'Running',
        slots: {
          generation: 1,
          spent: 0,
          ended: [],
          patch: 'af98e120fdf8333e',
          template: '06cb4f7bded923fd',
        },
        conditions: [
          {
            type: 'Ready',
            status: 'True',
            reason: 'Scaling',
            message: 'it makes runners as it is asked to',
            lastTransitionTime: '2026-01-01T00:01:00Z',
            observedGeneration: 1,
          },
          {
            type: 'RolledOut',
            status: 'True',
            reason: 'RolledOut',
            message: 'its runners are of its template',
            lastTransitionTime: '2026-01-01T00:01:00Z',
            observedGeneration: 1,
          },
        ],
      },
    });
  });

  test('49: its status counts pending, running and failed ones, which fill slots, and no others', () => {
    const members = [
      pending('a'),
      withoutPod('b'),
      member('c'),
      failed('d'),
      member('e', leaving),
      withoutPod('f', { status: { phase: 'Succeeded' } }),
    ];
    const [report] = plan(observed(asked(0), members));
    expect(report).toMatchObject({
      status: {
        currentReplicas: 4,
        pendingEphemeralRunners: 2,
        runningEphemeralRunners: 1,
        failedEphemeralRunners: 1,
        phase: 'Running',
      },
    });
  });
});
