import { FINALIZERS, parseListenerConfig } from '@muster/api';
import { aListener, aRunnerSet, aSet } from '@muster/api/testing';
import type { AutoscalingListener } from '@muster/api';
import type { Pod, PodStatus } from '@muster/kube';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../config.ts';
import { CredentialsError } from '../credentials.ts';
import { desired } from './desired.ts';
import { plan } from './plan.ts';
import { standing } from './status.ts';
import type { Observed, There } from './observe.ts';

const config = parseConfig({
  args: [],
  env: {
    CONTROLLER_MANAGER_POD_NAMESPACE: 'muster-system',
    CONTROLLER_MANAGER_CONTAINER_IMAGE: 'm:1',
  },
});
const NOW = Date.parse('2026-01-01T01:00:00Z');
const access = {
  configUrl: 'https://github.com/my-org',
  credentials: { kind: 'token', token: 'planted' },
} as const;

const held = (given: Parameters<typeof aListener>[0] = {}): AutoscalingListener =>
  aListener({ ...given, metadata: { finalizers: [FINALIZERS.listener], ...given.metadata } });

const meta = { uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };

const podOf = ({ pod }: There): Pod => {
  if (!pod) throw new Error('it wants no pod');
  return pod;
};

/** All that a listener wants, as the cluster would hold it. */
const complete = (listener = held(), way: Observed['access'] = access): There =>
  way instanceof CredentialsError
    ? {}
    : Object.fromEntries(
        desired({ listener, access: way, config }).map(({ part, object }) => [
          part,
          { ...object, metadata: { ...meta, ...object.metadata } },
        ]),
      );

const withPod = (status: PodStatus, metadata: object = {}): There => {
  const there = complete();
  const pod = podOf(there);
  return { ...there, pod: { ...pod, metadata: { ...pod.metadata, ...metadata }, status } };
};

const container = (state: object): PodStatus => ({
  containerStatuses: [{ name: 'listener', state }],
});

const observed = (given: Partial<Observed> = {}): Observed => ({
  now: NOW,
  config,
  listener: held(),
  runnerSet: aRunnerSet(),
  set: aSet(),
  there: complete(),
  access,
  ...given,
});

const does = (given: Partial<Observed>): string[] =>
  plan(observed(given)).flatMap((action) => {
    if (action.do === 'report') return [];
    return 'resource' in action ? [`${action.do} ${action.resource.part}`] : [action.do];
  });

const ended = (finishedAt: string) => container({ terminated: { exitCode: 1, finishedAt } });
const missing = new CredentialsError('missing', 'Secret "x" does not exist');
const DELETED = '2026-01-01T00:59:55Z';

describe('what comes next', () => {
  test.each<{ name: string; given: Partial<Observed>; is: string[] }>([
    { name: 'holds it first', given: { listener: aListener() }, is: ['hold'] },
    { name: 'leaves with its runner set', given: { runnerSet: undefined }, is: ['leave'] },
    {
      name: '24: makes all it needs, the pod last',
      given: { there: {} },
      is: [
        'create serviceAccount',
        'create role',
        'create roleBinding',
        'create configSecret',
        'create pod',
      ],
    },
    { name: 'leaves what is as it should be', given: {}, is: [] },
    {
      name: '26: another set changes the role, the config and the pod',
      given: { listener: held({ spec: { ephemeralRunnerSetName: 'other' } }) },
      is: ['update role', 'update configSecret', 'stop-pod'],
    },
    {
      name: 'BUG-7, BUG-8: new credentials change the config and the pod',
      given: { access: { ...access, credentials: { kind: 'token', token: 'new' } } },
      is: ['update configSecret', 'stop-pod'],
    },
    {
      name: '28: makes a pod that ended anew',
      given: { there: withPod(ended('2026-01-01T00:59:58Z')) },
      is: ['stop-pod'],
    },
    {
      name: 'rests after a short life',
      given: {
        there: withPod(ended('2026-01-01T00:59:58Z'), {
          creationTimestamp: '2026-01-01T00:59:57Z',
        }),
      },
      is: ['wait'],
    },
    {
      name: '32: makes an evicted pod anew',
      given: { there: withPod({ phase: 'Failed', reason: 'Evicted' }) },
      is: ['stop-pod'],
    },
    {
      name: 'makes no second pod while the old one is there',
      given: { there: withPod({}, { deletionTimestamp: DELETED }) },
      is: ['wait'],
    },
    {
      name: 'ends a pod by force long after its grace',
      given: { there: withPod({}, { deletionTimestamp: '2026-01-01T00:59:00Z' }) },
      is: ['stop-pod'],
    },
    { name: 'keeps its pod without credentials', given: { access: missing }, is: ['wait'] },
    {
      name: 'deleted, takes all away, the pod first',
      given: { listener: held({ metadata: { deletionTimestamp: DELETED } }) },
      is: [
        'delete pod',
        'delete configSecret',
        'delete roleBinding',
        'delete role',
        'delete serviceAccount',
        'wait',
      ],
    },
    {
      name: 'deleted, goes when nothing is left',
      given: { listener: held({ metadata: { deletionTimestamp: DELETED } }), there: {} },
      is: ['release'],
    },
  ])('$name', ({ given, is }) => {
    expect(does(given)).toEqual(is);
  });
});

test('its config is what a listener reads', () => {
  const { data } = complete().configSecret ?? {};
  const text = Buffer.from(data?.['config.json'] ?? '', 'base64').toString('utf8');
  expect(parseListenerConfig(text).scaleSets).toMatchObject([
    { scaleSetId: 1, setName: 'linux', maxRunners: 5, settleSeconds: 3 },
  ]);
});

test('a template adds, and what it does not set keeps the default', () => {
  const template = {
    metadata: { labels: { theirs: 'yes' } },
    spec: {
      containers: [
        { name: 'listener', env: [{ name: 'X', value: '1' }] },
        { name: 'sidecar', image: 's' },
      ],
    },
  };
  const pod = podOf(complete(held({ spec: { template } })));
  expect(pod.metadata.labels).toEqual({ theirs: 'yes' });
  expect(pod.spec.terminationGracePeriodSeconds).toBe(60);
  expect(pod.spec.containers.map(({ name, image }) => [name, image])).toEqual([
    ['listener', 'ghcr.io/muster/muster:dev'],
    ['sidecar', 's'],
  ]);
  expect(pod.spec.containers[0]).toMatchObject({
    env: [{ name: 'LISTENER_CONFIG_PATH' }, { name: 'POD_UID' }, { name: 'X' }],
    securityContext: { readOnlyRootFilesystem: true },
  });
});

test.each([
  { name: 'running', there: withPod(container({ running: {} })), reason: 'Listening' },
  { name: 'not started', there: withPod({}), reason: 'PodStarting' },
  { name: 'absent', there: {}, reason: 'NoPod' },
])('a pod that is $name is $reason', ({ there, reason }) => {
  expect(standing(observed({ there })).reason).toBe(reason);
});

test('what its process says of itself has the last word', () => {
  const set = aSet({
    status: { currentReplicas: 0, listener: { state: 'session-taken', reason: 'by a stranger' } },
  });
  expect(standing(observed({ set, there: withPod(container({ running: {} })) }))).toEqual({
    status: 'False',
    reason: 'SessionTaken',
    message: 'by a stranger',
  });
});
