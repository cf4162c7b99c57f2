import { ActionsError } from '@muster/actions';
import { aRunner } from '@muster/api/testing';
import { KubeError } from '@muster/kube';
import { describe, expect, test } from 'vitest';
import { CredentialsError } from '../credentials.ts';
import { aFinishedPod, aRunningPod } from '../testing-pods.ts';
import { afterFailure } from './failure.ts';
import type { Action, Observed } from './plan.ts';
import { Refusal } from './refusal.ts';
import { observed } from './testing.ts';

const NOW = Date.parse('2026-01-01T00:05:00Z');
const runner = aRunner('a');
const deleted = (deletionTimestamp: string) => aRunner('a', { metadata: { deletionTimestamp } });

const next = (action: Action['do'], error: unknown, given: Partial<Observed> = {}): string[] => {
  const seen = observed({ runner, now: NOW, ...given });
  const actions = afterFailure({ do: action, because: 'of a test' } as Action, error, seen);
  if (actions === 'retry') return ['retry'];
  return actions.map((step) => (step.do === 'wait' ? `wait ${step.ms / 1000} s` : step.do));
};

const forbidden = (message: string) => new KubeError('forbidden', message);
const QUOTA = 'pods "a" is forbidden: exceeded quota: pods, requested: pods=1';
const RIGHTS = 'User "system:serviceaccount:x:y" cannot create resource "pods"';
const NO_SECRET = new CredentialsError('missing', 'Secret "github" does not exist');
const TROUBLE = new ActionsError('unavailable', '503');
const TOLD = { word: 'give-up', deadlineMs: Infinity } as const;
const FORCED = { word: 'force', deadlineMs: Infinity } as const;
const atWork = aRunner('a', {
  metadata: { deletionTimestamp: '2025-12-31T23:50:00Z' },
  status: { jobId: '7' },
});
const justAtWork = aRunner('a', {
  metadata: { deletionTimestamp: '2026-01-01T00:04:59Z' },
  status: { jobId: '7' },
});
const busy = new Refusal('busy', 'it has a job');

describe('after a failed action', () => {
  test.each<{
    name: string;
    of: Action['do'];
    error: unknown;
    given?: Partial<Observed>;
    does: string[];
  }>([
    {
      name: 'an invalid pod fails the runner',
      of: 'create-pod',
      error: new KubeError('invalid', 'no'),
      does: ['report'],
    },
    {
      name: '63: a policy that refuses the pod fails the runner',
      of: 'create-pod',
      error: forbidden('no PriorityClass'),
      does: ['report'],
    },
    {
      name: 'a missing right is ours, not the pod’s',
      of: 'create-pod',
      error: forbidden(RIGHTS),
      does: ['report', 'wait 30 s'],
    },
    {
      name: 'a full quota is waited for',
      of: 'create-pod',
      error: forbidden(QUOTA),
      does: ['report', 'wait 30 s'],
    },
    {
      name: 'a quota that is full for long costs the runner',
      of: 'create-pod',
      error: forbidden(QUOTA),
      given: { now: NOW + 600_000 },
      does: ['replace'],
    },
    {
      name: 'a quota that names what the pod must say is waited for',
      of: 'create-pod',
      error: forbidden('pods "a" is forbidden: failed quota: compute: must specify limits.cpu'),
      does: ['report', 'wait 30 s'],
    },
    ...[
      'pods "a" is forbidden: maximum cpu usage per Container is 2, but limit is 4',
      'pods "a" is forbidden: [minimum memory usage per Pod is 1Gi, but request is 1Mi, maximum cpu usage per Pod is 1]',
      'pods "a" is forbidden: cpu max limit to request ratio per Container is 2, but provided ratio is 4.0',
    ].map((message) => ({
      name: `a LimitRange is waited for: ${message}`,
      of: 'create-pod' as const,
      error: forbidden(message),
      does: ['report', 'wait 30 s'],
    })),
    {
      name: 'a pod that is not seen yet is waited for',
      of: 'create-pod',
      error: new KubeError('already-exists', 'there'),
      does: ['wait 5 s'],
    },
    {
      name: 'a server in trouble is asked again',
      of: 'create-pod',
      error: new KubeError('unavailable', '503'),
      does: ['retry'],
    },
    {
      name: 'a name of another scale set costs the runner',
      of: 'register',
      error: new Refusal('name-taken', 'taken'),
      does: ['replace'],
    },
    { name: 'a name with a job is left to it', of: 'register', error: busy, does: ['replace'] },
    {
      name: 'a job that is heard of when its pod has ended is lost',
      of: 'deregister',
      error: busy,
      given: { runner: justAtWork, pod: undefined },
      does: ['record-loss', 'wait 2 s'],
    },
    {
      name: 'its loss is told once',
      of: 'deregister',
      error: busy,
      given: { runner: justAtWork, pod: undefined, isLossKnown: true },
      does: ['wait 2 s'],
    },
    {
      name: 'a job that is over is not lost',
      of: 'deregister',
      error: busy,
      given: { runner: justAtWork, pod: undefined, isOver: true },
      does: ['wait 2 s'],
    },
    {
      name: 'a job whose runner ended well is not lost',
      of: 'deregister',
      error: busy,
      given: { runner: justAtWork, pod: aFinishedPod(runner, 0) },
      does: ['wait 2 s'],
    },
    {
      name: 'a rate limit is waited out',
      of: 'register',
      error: new ActionsError('rate-limited', '429', { retryAfterMs: 7000 }),
      does: ['wait 7 s'],
    },
    {
      name: 'missing credentials are told and waited for',
      of: 'register',
      error: NO_SECRET,
      does: ['report', 'wait 30 s'],
    },
    {
      name: 'GitHub in trouble is asked again',
      of: 'register',
      error: new ActionsError('unavailable', '503'),
      does: ['retry'],
    },
    {
      name: 'a runner with a job is not taken away',
      of: 'deregister',
      error: busy,
      given: { pod: aRunningPod(runner) },
      does: ['wait 30 s'],
    },
    {
      name: 'a runner that has ended is asked for soon',
      of: 'deregister',
      error: busy,
      given: { pod: aFinishedPod(runner, 0) },
      does: ['wait 2 s'],
    },
    {
      name: 'a runner that ended without GitHub having noticed is asked for seldom',
      of: 'deregister',
      error: busy,
      given: {
        runner: deleted('2026-01-01T00:04:30Z'),
        pod: aFinishedPod(runner, 137),
      },
      does: ['wait 30 s'],
    },
    {
      name: 'GitHub in trouble is asked again quietly at first',
      of: 'deregister',
      error: TROUBLE,
      given: { runner: deleted('2026-01-01T00:04:31Z') },
      does: ['retry'],
    },
    {
      name: 'GitHub in trouble never counts as gone, and deleting says what it waits for',
      of: 'deregister',
      error: TROUBLE,
      given: { runner: deleted('2025-12-31T00:00:00Z') },
      does: ['report', 'wait 30 s'],
    },
    {
      name: 'BUG-15: deleting waits for credentials, and says so',
      of: 'deregister',
      error: NO_SECRET,
      given: { runner: deleted('2026-01-01T00:04:00Z') },
      does: ['report', 'wait 30 s'],
    },
    {
      name: 'BUG-15: deleting gives up on them in the end',
      of: 'deregister',
      error: NO_SECRET,
      given: { runner: deleted('2025-12-31T23:50:00Z') },
      does: ['give-up', 'clean-up', 'release'],
    },
    {
      name: 'deleting gives up on GitHub when it was told to',
      of: 'deregister',
      error: TROUBLE,
      given: { runner: deleted('2026-01-01T00:04:59Z'), farewell: TOLD },
      does: ['give-up', 'clean-up', 'release'],
    },
    {
      name: 'deleting gives up on GitHub when the user’s time is over',
      of: 'deregister',
      error: TROUBLE,
      given: {
        runner: deleted('2026-01-01T00:03:00Z'),
        farewell: { word: 'none', deadlineMs: 120_000 },
      },
      does: ['give-up', 'clean-up', 'release'],
    },
    {
      name: 'deleting gives up and keeps what its set has not counted',
      of: 'deregister',
      error: TROUBLE,
      given: { runner: deleted('2026-01-01T00:04:59Z'), farewell: TOLD, settled: false },
      does: ['give-up'],
    },
    {
      name: 'deleting does not give up on a job that runs',
      of: 'deregister',
      error: NO_SECRET,
      given: { runner: atWork, pod: aRunningPod(runner), farewell: TOLD },
      does: ['report', 'wait 30 s'],
    },
    {
      name: 'deleting gives up on a job when force is the word',
      of: 'deregister',
      error: NO_SECRET,
      given: { runner: atWork, pod: aRunningPod(runner), farewell: FORCED },
      does: ['give-up', 'clean-up', 'release'],
    },
    {
      name: 'force counts more than GitHub’s word that a job runs',
      of: 'deregister',
      error: busy,
      given: { runner: atWork, pod: aRunningPod(runner), farewell: FORCED },
      does: ['give-up', 'clean-up', 'release'],
    },
    {
      name: 'giving up is not force: a runner that GitHub calls busy stays',
      of: 'deregister',
      error: busy,
      given: { runner: atWork, pod: aRunningPod(runner), farewell: TOLD },
      does: ['wait 30 s'],
    },
    {
      name: 'a rate limit is waited out while deleting too',
      of: 'deregister',
      error: new ActionsError('rate-limited', '429', { retryAfterMs: 70_000 }),
      given: { runner: deleted('2026-01-01T00:04:00Z') },
      does: ['report', 'wait 70 s'],
    },
    {
      name: 'a runner that cannot start is not given up without GitHub’s word',
      of: 'deregister',
      error: TROUBLE,
      given: { farewell: TOLD },
      does: ['retry'],
    },
  ])('$name', ({ of, error, given, does }) => {
    expect(next(of, error, given)).toEqual(does);
  });
});

test('what a deletion waits for is told in the same words each time, without GitHub’s own', () => {
  const seen = observed({ runner: deleted('2025-12-31T00:00:00Z'), now: NOW });
  const error = new ActionsError('unavailable', 'could not remove runner 7: 503 of activity 1-2-3');
  const because = 'of a test';
  expect(afterFailure({ do: 'deregister', because }, error, seen)).toMatchObject([
    {
      do: 'report',
      status: {
        reason: 'NotDeregistered',
        message: 'GitHub does not let go of it: it answered with unavailable',
      },
      event: { type: 'Warning', reason: 'NotDeregistered' },
    },
    { do: 'wait' },
  ]);
});
