import { FINALIZERS, listenerName } from '@muster/api';
import { aListener, aRunner, aRunnerSet, aSet } from '@muster/api/testing';
import type { AutoscalingRunnerSet } from '@muster/api';
import { ActionsError } from '@muster/actions';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../config.ts';
import { CredentialsError } from '../credentials.ts';
import { desiredListener, desiredSet } from './desired.ts';
import { afterFailure } from './failure.ts';
import { plan } from './plan.ts';
import type { Observed } from './observe.ts';

const config = parseConfig({
  args: [],
  env: {
    CONTROLLER_MANAGER_POD_NAMESPACE: 'muster-system',
    CONTROLLER_MANAGER_CONTAINER_IMAGE: 'm:1',
  },
});
const NOW = Date.parse('2026-01-01T01:00:00Z');
const DELETED = '2026-01-01T00:59:00Z';

const KNOWN = {
  'runner-scale-set-id': '7',
  'actions.github.com/runner-group-name': 'Default',
  'actions.github.com/runner-scale-set-name': 'linux',
};

const held = (given: Parameters<typeof aRunnerSet>[0] = {}): AutoscalingRunnerSet =>
  aRunnerSet({
    ...given,
    metadata: { finalizers: [FINALIZERS.runnerSet], annotations: KNOWN, ...given.metadata },
    status: { phase: 'Pending' },
  });

const observed = (given: Partial<Observed> = {}): Observed => ({
  now: NOW,
  config,
  runnerSet: held(),
  sets: [],
  listeners: [],
  runners: [],
  ...given,
});

const does = (given: Partial<Observed>): string[] =>
  plan(observed(given))
    .map((action) => action.do)
    .filter((step) => step !== 'report');

const deleting = (metadata: object = {}): AutoscalingRunnerSet =>
  held({ metadata: { deletionTimestamp: DELETED, ...metadata } });

const upToDate = (runnerSet: AutoscalingRunnerSet) => {
  const set = desiredSet(runnerSet, 7, config);
  const listener = desiredListener({ runnerSet, setName: 'linux', scaleSetId: 7 }, config);
  return {
    sets: [aSet({ metadata: { ...set.metadata }, spec: set.spec })],
    listeners: [aListener({ metadata: { ...listener.metadata }, spec: listener.spec })],
  };
};

describe('what comes next', () => {
  test.each<{ name: string; given: Partial<Observed>; is: string[] }>([
    { name: 'holds it first', given: { runnerSet: aRunnerSet() }, is: ['hold'] },
    {
      name: 'makes itself known',
      given: { runnerSet: held({ metadata: { annotations: {} } }) },
      is: ['register'],
    },
    {
      name: 'registers anew with an id that is no number',
      given: { runnerSet: held({ metadata: { annotations: { 'runner-scale-set-id': 'x' } } }) },
      is: ['register'],
    },
    {
      name: 'moves to another group',
      given: { runnerSet: held({ spec: { runnerGroup: 'gpu' } }) },
      is: ['move'],
    },
    {
      name: 'compares groups without regard to case',
      given: { runnerSet: held({ spec: { runnerGroup: 'DEFAULT' } }) },
      is: ['create-set'],
    },
    {
      name: 'takes a new name',
      given: { runnerSet: held({ spec: { runnerScaleSetName: 'arm' } }) },
      is: ['rename'],
    },
    { name: 'makes its set before anybody listens', given: {}, is: ['create-set'] },
    { name: 'then its listener', given: { sets: upToDate(held()).sets }, is: ['create-listener'] },
    { name: 'leaves what is as it should be', given: upToDate(held()), is: [] },
    {
      name: 'patches the set for a new template',
      given: {
        ...upToDate(held()),
        runnerSet: held({
          spec: { template: { spec: { containers: [{ name: 'runner', image: 'new' }] } } },
        }),
      },
      is: ['update-set'],
    },
    {
      name: 'patches the listener alone for new limits',
      given: { ...upToDate(held()), runnerSet: held({ spec: { maxRunners: 3 } }) },
      is: ['update-listener'],
    },
    {
      name: 'BUG-4: takes away a listener of another name before it makes one',
      given: { sets: upToDate(held()).sets, listeners: [aListener({ metadata: { name: 'old' } })] },
      is: ['delete-listeners'],
    },
    {
      name: 'waits for a set that is being deleted',
      given: { sets: [aSet({ metadata: { deletionTimestamp: DELETED } })] },
      is: [],
    },
    {
      name: 'keeps the newest of several sets',
      given: {
        ...upToDate(held()),
        sets: [...upToDate(held()).sets, aSet({ metadata: { name: 'old' } })],
      },
      is: ['delete-sets'],
    },
  ])('$name', ({ given, is }) => {
    expect(does(given)).toEqual(is);
  });
});

describe('deletion goes backwards', () => {
  test.each<{ name: string; given: Partial<Observed>; is: string[] }>([
    {
      name: 'the listener first',
      given: { sets: [aSet()], listeners: [aListener()] },
      is: ['delete-listeners'],
    },
    {
      name: 'the set only when nobody listens',
      given: {
        sets: [aSet()],
        listeners: [aListener({ metadata: { deletionTimestamp: DELETED } })],
      },
      is: [],
    },
    { name: 'then the set', given: { sets: [aSet()] }, is: ['delete-sets'] },
    { name: 'then the scale set', given: {}, is: ['deregister'] },
    {
      name: '15: asks nothing of GitHub when it was never there',
      given: { runnerSet: deleting({ annotations: {} }) },
      is: ['unprotect', 'release'],
    },
    {
      name: 'is not ours any more without its finalizer',
      given: { runnerSet: deleting({ finalizers: [] }) },
      is: [],
    },
  ])('$name', ({ given, is }) => {
    expect(does({ runnerSet: deleting(), ...given })).toEqual(is);
  });

  test('says what it waits for', () => {
    const runners = [aRunner('a', { status: { jobId: '1' } }), aRunner('b')];
    const actions = plan(observed({ runnerSet: deleting(), sets: [aSet()], runners }));
    expect(actions.map(({ because }) => because)).toContain(
      'waits for 2 runners to end, 1 of them with a job',
    );
  });
});

describe('failures', () => {
  const missing = new CredentialsError('missing', 'Secret "x" does not exist');
  const register = { do: 'register', because: '' } as const;
  const deregister = { do: 'deregister', because: '' } as const;
  const late = held({ metadata: { deletionTimestamp: '2026-01-01T00:49:00Z' } });

  test.each([
    {
      name: 'says that credentials are missing, and looks again',
      action: register,
      error: missing,
      runnerSet: held(),
      is: ['report', 'wait'],
    },
    {
      name: 'says that GitHub refuses',
      action: register,
      error: new ActionsError('unauthorized', 'no'),
      runnerSet: held(),
      is: ['report', 'wait'],
    },
    {
      name: 'gives up on the far side after ten minutes',
      action: deregister,
      error: missing,
      runnerSet: late,
      is: ['forget'],
    },
    {
      name: 'never when GitHub only answers errors',
      action: deregister,
      error: new ActionsError('unavailable', '503'),
      runnerSet: late,
      is: ['report', 'wait'],
    },
  ])('$name', ({ action, error, runnerSet, is }) => {
    const next = afterFailure(action, error, observed({ runnerSet }));
    expect(next === 'retry' ? next : next.map((step) => step.do)).toEqual(is);
  });

  test('what it does not know is retried', () => {
    expect(afterFailure(register, new Error('boom'), observed())).toBe('retry');
  });
});

test('the listener is named as ARC names it', () => {
  expect(
    desiredListener({ runnerSet: held(), setName: 'linux', scaleSetId: 7 }, config).metadata.name,
  ).toBe(listenerName(held()));
});

test('BUG-6: pull secrets do not make its listener differ', () => {
  const withSecrets = { ...config, imagePullSecrets: ['pull'] };
  const given = { runnerSet: held(), setName: 'linux', scaleSetId: 7 };
  const { metadata, spec } = desiredListener(given, withSecrets);
  const listeners = [aListener({ metadata: { ...metadata }, spec })];
  expect(does({ config: withSecrets, sets: upToDate(held()).sets, listeners })).toEqual([]);
});
