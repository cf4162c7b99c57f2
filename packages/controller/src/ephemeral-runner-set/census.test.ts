import { describe, expect, test } from 'vitest';
import { aPod } from '../testing-pods.ts';
import { missingOf } from './census.ts';
import type { Census } from './census.ts';
import { plan } from './plan.ts';
import type { Member } from './tally.ts';
import { ago, asked, busy, member, NOW, observed, pending, settled, steps } from './testing.ts';

const MINUTE = 60_000;
const policy = {
  maxRunners: 10,
  strategy: 'immediate',
  unschedulableMs: 10 * MINUTE,
  onlineMs: 5 * MINUTE,
} as const;

/** An idle one whose container has run for so long. */
const idle = (name: string, minutes: number): Member =>
  member(name, { metadata: { creationTimestamp: ago(minutes * 60) } }, (runner) =>
    aPod(runner, {
      phase: 'Running',
      containerStatuses: [{ name: 'runner', state: { running: { startedAt: ago(minutes * 60) } } }],
    }),
  );

const taken = (census: Partial<Census>): Census => ({
  at: NOW,
  is: 'online',
  missing: 0,
  gone: [],
  since: NOW,
  ...census,
});

const NEXT = 'wait: idle runners are to be counted at GitHub';
const ASK = [
  'take-census: idle runners have waited for a while',
  'wait: GitHub was asked for its idle runners',
];

describe('idle runners', () => {
  test.each<{ name: string; members: Member[]; census?: Census; does: string[] }>([
    { name: 'are not asked for when there are none', members: [busy('b'), pending('p')], does: [] },
    { name: 'are given time to come online', members: [idle('a', 4)], does: [NEXT] },
    { name: 'are counted after that', members: [idle('a', 5)], does: ASK },
    {
      name: 'are counted again five minutes later',
      members: [idle('a', 20)],
      census: taken({ at: NOW - 5 * MINUTE }),
      does: ASK,
    },
    {
      name: 'are let be while GitHub counts them',
      members: [idle('a', 20)],
      census: taken({}),
      does: [NEXT],
    },
    {
      name: 'that GitHub does not know any more are replaced at once',
      members: [idle('a', 20), idle('z', 20)],
      census: taken({ gone: ['z'] }),
      does: ['clear z: GitHub does not know them any more', NEXT],
    },
    {
      name: 'that have got a job since are not',
      members: [busy('z'), idle('a', 20)],
      census: taken({ gone: ['z'] }),
      does: [NEXT],
    },
    {
      name: 'are not replaced on old word',
      members: [idle('z', 20)],
      census: taken({ gone: ['z'], at: NOW - 11_000 }),
      does: [NEXT],
    },
    {
      name: 'that are offline once may come back',
      members: [idle('a', 20), idle('z', 20)],
      census: taken({ is: 'offline', missing: 1 }),
      does: [NEXT],
    },
    {
      name: 'that stay offline are replaced, the longest idle first, with GitHub’s word',
      members: [idle('a', 20), idle('z', 30)],
      census: taken({ is: 'offline', missing: 1, since: NOW - 5 * MINUTE }),
      does: [
        'renew 1 of z a: GitHub counts fewer of them online than run here',
        'wait: GitHub may have called some of them busy',
      ],
    },
    {
      name: 'are replaced once a census',
      members: [idle('a', 20), idle('z', 30)],
      census: taken({ is: 'offline', missing: 0, since: NOW - 5 * MINUTE }),
      does: [NEXT],
    },
    {
      name: 'are let be in an outage',
      members: [idle('a', 20), idle('z', 30)],
      census: taken({ is: 'outage', missing: 2, since: NOW - 60 * MINUTE }),
      does: [NEXT],
    },
    {
      name: 'are let be while GitHub does not answer',
      members: [idle('a', 20)],
      census: taken({ is: 'unreachable', since: NOW - 60 * MINUTE }),
      does: [NEXT],
    },
  ])('$name', ({ members, census, does }) => {
    const given = { policy, census };
    const set = settled(asked(members.length), members, given);
    expect(steps(set, members, given)).toEqual(does);
  });

  test.each<{ is: Census['is']; status: string; reason: string }>([
    { is: 'online', status: 'True', reason: 'Online' },
    { is: 'offline', status: 'False', reason: 'Offline' },
    { is: 'outage', status: 'False', reason: 'Outage' },
    { is: 'unreachable', status: 'Unknown', reason: 'NoAnswer' },
  ])('have one condition: $is', ({ is, status, reason }) => {
    const given = { policy, census: taken({ is }) };
    const [report] = plan(observed(asked(1), [idle('a', 20)], given));
    const conditions = report?.do === 'report' ? (report.status.conditions ?? []) : [];
    const told = conditions.filter(({ type }) => type === 'RunnersOnline');
    expect(told).toMatchObject([{ status, reason }]);
  });
});

describe('the count of those that are missing', () => {
  test.each([
    { suspects: 2, busyHere: 0, idle: 2, busy: 0, missing: 0 },
    { suspects: 2, busyHere: 0, idle: 1, busy: 0, missing: 1 },
    { suspects: 2, busyHere: 3, idle: 1, busy: 3, missing: 1 },
    // A job that the listener has not recorded yet makes one of them busy at GitHub.
    { suspects: 2, busyHere: 0, idle: 1, busy: 1, missing: 0 },
    { suspects: 1, busyHere: 1, idle: 1, busy: 0, missing: 0 },
    { suspects: 1, busyHere: 0, idle: 5, busy: 0, missing: 0 },
  ])('$suspects here, $idle idle and $busy busy there: $missing', (row) => {
    const counts = { totalIdleRunners: row.idle, totalBusyRunners: row.busy };
    expect(missingOf(row.suspects, row.busyHere, counts)).toBe(row.missing);
  });
});
