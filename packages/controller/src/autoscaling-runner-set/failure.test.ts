import { ActionsError } from '@muster/actions';
import { KubeError } from '@muster/kube';
import { describe, expect, test } from 'vitest';
import { CredentialsError } from '../credentials.ts';
import { afterFailure } from './failure.ts';
import { deleting, held, observed } from './testing.ts';
import type { Action } from './plan.ts';

const missing = new CredentialsError('missing', 'Secret "x" does not exist');
const step = (what: 'register' | 'move' | 'deregister' | 'unprotect'): Action => ({
  do: what,
  because: '',
});
const early = deleting({ metadata: { deletionTimestamp: '2026-01-01T00:51:00Z' } });
const late = deleting({ metadata: { deletionTimestamp: '2026-01-01T00:49:00Z' } });
const forbidden = new KubeError('forbidden', 'roles "x" is forbidden');

describe('what a failure asks for', () => {
  test.each([
    {
      name: 'says that credentials are missing, and looks again',
      action: step('register'),
      error: missing,
      runnerSet: held(),
      is: ['report', 'wait'],
    },
    {
      name: 'says that GitHub refuses',
      action: step('register'),
      error: new ActionsError('unauthorized', 'no'),
      runnerSet: held(),
      is: ['report', 'wait'],
    },
    {
      name: 'says that a group is not there, and goes on',
      action: step('move'),
      error: new ActionsError('not-found', 'there is no runner group "x"'),
      runnerSet: held(),
      is: ['report', 'wait'],
    },
    {
      name: 'waits for credentials for ten minutes',
      action: step('deregister'),
      error: missing,
      runnerSet: early,
      is: ['report', 'wait'],
    },
    {
      name: 'then gives up on the far side',
      action: step('deregister'),
      error: missing,
      runnerSet: late,
      is: ['forget'],
    },
    {
      name: 'a Secret that may not be read any more is as good as gone',
      action: step('deregister'),
      error: new CredentialsError('forbidden', 'Secret "x" may not be read'),
      runnerSet: late,
      is: ['forget'],
    },
    {
      name: 'a vault that does not answer is not',
      action: step('deregister'),
      error: new CredentialsError('unreachable', 'the vault does not answer'),
      runnerSet: late,
      is: ['report', 'wait'],
    },
    {
      name: 'never gives up because GitHub answers errors',
      action: step('deregister'),
      error: new ActionsError('unavailable', '503'),
      runnerSet: late,
      is: ['report', 'wait'],
    },
    {
      name: 'nor because it refuses the token',
      action: step('deregister'),
      error: new ActionsError('unauthorized', '401'),
      runnerSet: late,
      is: ['report', 'wait'],
    },
    {
      name: 'tries for ten minutes to release what the chart protects',
      action: step('unprotect'),
      error: forbidden,
      runnerSet: early,
      is: 'retry',
    },
    {
      name: 'then goes without, when its rights are gone',
      action: step('unprotect'),
      error: forbidden,
      runnerSet: late,
      is: ['release'],
    },
    {
      name: 'but not because the API server fails',
      action: step('unprotect'),
      error: new KubeError('unavailable', '500'),
      runnerSet: late,
      is: 'retry',
    },
    {
      name: 'what it does not know is retried',
      action: step('register'),
      error: new Error('boom'),
      runnerSet: held(),
      is: 'retry',
    },
  ])('$name', ({ action, error, runnerSet, is }) => {
    const next = afterFailure(action, error, observed({ runnerSet }));
    expect(next === 'retry' ? next : next.map((one) => one.do)).toEqual(is);
  });
});

test('deletion says how to go without GitHub', () => {
  const error = new ActionsError('unavailable', 'could not delete scale set 7: 503');
  const [said] = afterFailure(step('deregister'), error, observed({ runnerSet: early }));
  expect(said).toMatchObject({
    because:
      "could not delete scale set 7: 503; to go without GitHub's word, annotate it with actions.github.com/give-up=true",
    event: { type: 'Warning', reason: 'GitHubUnavailable' },
  });
});

test('a Retry-After is waited for', () => {
  const error = new ActionsError('rate-limited', '429', { retryAfterMs: 120_000 });
  expect(afterFailure(step('register'), error, observed())).toContainEqual(
    expect.objectContaining({ do: 'wait', ms: 120_000 }),
  );
});

test('a refused change leaves Ready alone, and is told once', () => {
  const error = new ActionsError('not-found', 'there is no runner group "x"');
  const runnerSet = held({ status: { phase: 'Running' } });
  const [said] = afterFailure(step('move'), error, observed({ runnerSet }));
  if (typeof said === 'string' || said?.do !== 'report') throw new Error('it says nothing');
  expect(said.status.conditions).toMatchObject([
    { type: 'UpToDate', status: 'False', reason: 'GitHubRefused' },
  ]);
  const told = held({ status: said.status });
  expect(afterFailure(step('move'), error, observed({ runnerSet: told }))).toMatchObject([
    { do: 'wait' },
  ]);
});
