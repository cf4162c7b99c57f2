import { describe, expect, test } from 'vitest';
import { aPod } from '../testing-pods.ts';
import { plan } from './plan.ts';
import type { Observed } from './plan.ts';
import type { Member } from './tally.ts';
import {
  ago,
  asked,
  failed,
  member,
  observed,
  settled,
  steps,
  withoutPod,
  withStatus,
} from './testing.ts';

/** One whose pod has found no node for so long. */
const unscheduled = (seconds: number): Member =>
  member('a', { status: { phase: 'Pending' } }, (runner) =>
    aPod(runner, {
      phase: 'Pending',
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: '0/3 nodes are available: 3 Insufficient cpu.',
          lastTransitionTime: ago(seconds),
        },
      ],
    }),
  );

const refused = (reason: string): Member =>
  withoutPod('a', { status: { phase: 'Pending', reason, message: `refused by ${reason}` } });

const told = (
  set: Parameters<typeof observed>[0],
  members: Member[],
  given?: Partial<Observed>,
) => {
  const [action] = plan(observed(set, members, given));
  return action?.do === 'report' ? action : undefined;
};

describe('what the cluster refuses', () => {
  test.each([
    { name: 'a full quota', members: [refused('QuotaExceeded')], reason: 'QuotaExceeded' },
    { name: 'a LimitRange', members: [refused('LimitRange')], reason: 'LimitRange' },
    { name: 'a missing right', members: [refused('Forbidden')], reason: 'Forbidden' },
    { name: 'admission', members: [failed('a')], reason: 'InvalidPod' },
    { name: 'no node for ten minutes', members: [unscheduled(600)], reason: 'Unschedulable' },
  ])('$name is told in the status and by an Event', ({ members, reason }) => {
    const report = told(asked(1), members);
    expect(report?.status.blocked).toEqual({ reason, since: ago(0) });
    expect(report?.event).toEqual({ type: 'Warning', reason });
    expect(report?.status.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason,
    });
  });

  test.each([
    { name: 'a runner that waits for something else', members: [refused('NotRegistered')] },
    { name: 'no node for nine minutes', members: [unscheduled(599)] },
    { name: 'a runner that runs', members: [member('a')] },
  ])('$name is none of it', ({ members }) => {
    expect(told(asked(1), members)?.status.blocked).toBeUndefined();
  });

  test('lasts from when it began, and ends', () => {
    const before = withStatus(asked(1), { blocked: { reason: 'QuotaExceeded', since: ago(300) } });
    expect(told(before, [refused('QuotaExceeded')])?.status.blocked?.since).toBe(ago(300));
    expect(told(before, [refused('LimitRange')])?.status.blocked?.since).toBe(ago(0));
    expect(told(before, [member('a')])?.status.blocked).toBeNull();
  });

  test('comes up by itself when a pod waits for a node', () => {
    const members = [unscheduled(590)];
    expect(steps(settled(asked(1), members), members)).toEqual(['wait: a pod finds no node']);
    expect(plan(observed(settled(asked(1), members), members))).toMatchObject([{ ms: 10_000 }]);
  });
});
