import { ActionsError } from '@muster/actions';
import { aRunner } from '@muster/api/testing';
import { KubeError } from '@muster/kube';
import { describe, expect, test } from 'vitest';
import { CredentialsError } from '../credentials.ts';
import { aFinishedPod, aRunningPod } from '../testing-pods.ts';
import { afterFailure } from './failure.ts';
import type { Action, Observed } from './plan.ts';
import { Refusal } from './refusal.ts';

const NOW = Date.parse('2026-01-01T00:05:00Z');
const runner = aRunner('a');
const deleted = (deletionTimestamp: string) => aRunner('a', { metadata: { deletionTimestamp } });

const next = (action: Action['do'], error: unknown, given: Partial<Observed> = {}): string[] => {
  const observed: Observed = {
    runner,
    pod: undefined,
    nameTaken: false,
    jit: { is: 'absent' },
    settled: true,
    deregisteredAt: undefined,
    now: NOW,
    ...given,
  };
  const actions = afterFailure({ do: action, because: 'of a test' } as Action, error, observed);
  if (actions === 'retry') return ['retry'];
  return actions.map((step) => (step.do === 'wait' ? `wait ${step.ms / 1000} s` : step.do));
};

const forbidden = (message: string) => new KubeError('forbidden', message);
const QUOTA = 'pods "a" is forbidden: exceeded quota: pods, requested: pods=1';
const RIGHTS = 'User "system:serviceaccount:x:y" cannot create resource "pods"';
const NO_SECRET = new CredentialsError('missing', 'Secret "github" does not exist');
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
      name: 'a policy that refuses the pod fails the runner (63)',
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
    { name: 'a name with a job is waited for', of: 'register', error: busy, does: ['wait 30 s'] },
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
      name: 'GitHub in trouble never counts as gone',
      of: 'deregister',
      error: new ActionsError('unavailable', '503'),
      given: { runner: deleted('2025-12-31T00:00:00Z') },
      does: ['retry'],
    },
    {
      name: 'deleting waits for credentials',
      of: 'deregister',
      error: NO_SECRET,
      given: { runner: deleted('2026-01-01T00:04:00Z') },
      does: ['report', 'wait 30 s'],
    },
    {
      name: 'deleting gives up on them in the end',
      of: 'deregister',
      error: NO_SECRET,
      given: { runner: deleted('2025-12-31T23:50:00Z') },
      does: ['give-up', 'clean-up', 'release'],
    },
    {
      name: 'deleting does not give up on a runner that runs',
      of: 'deregister',
      error: NO_SECRET,
      given: { runner: deleted('2025-12-31T23:50:00Z'), pod: aRunningPod(runner) },
      does: ['report', 'wait 30 s'],
    },
  ])('$name', ({ of, error, given, does }) => {
    expect(next(of, error, given)).toEqual(does);
  });
});
