import { FINALIZERS, parseListenerConfig } from '@muster/api';
import { aListener, aRunnerSet, aSet } from '@muster/api/testing';
import type { AutoscalingListener } from '@muster/api';
import { KubeError, PodKind } from '@muster/kube';
import type { Pod, PodStatus } from '@muster/kube';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../config.ts';
import { CredentialsError } from '../credentials.ts';
import { desired } from './desired.ts';
import { plan } from './plan.ts';
import { standing } from './status.ts';
import { afterFailure } from './failure.ts';
import type { Resource } from './desired.ts';
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
  hasTurn: true,
  refusal: undefined,
  ...given,
});

const does = (given: Partial<Observed>): string[] =>
  plan(observed(given)).flatMap((action) => {
    if (action.do === 'report') return [];
    return 'resource' in action ? [`${action.do} ${action.resource.part}`] : [action.do];
  });

const flat = { http_proxy: 'http://p:1', https_proxy: '', no_proxy: 'a' };
const refusalOf = ({ pod }: There) => ({
  hash: pod?.metadata.annotations?.['actions.github.com/integrity-hash'] ?? '',
  message: 'refused',
  at: NOW - 29_000,
});
const ended = (finishedAt: string) => container({ terminated: { exitCode: 1, finishedAt } });
const missing = new CredentialsError('missing', 'Secret "x" does not exist');
const DELETED = '2026-01-01T00:59:55Z';
const ADDED = { labels: { own: 'yes' }, annotations: { note: 'yes' } };

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
      is: ['update role', 'update configSecret', 'replace-pod pod', 'wait'],
    },
    {
      name: 'BUG-7, BUG-8: new credentials change the config and the pod',
      given: { access: { ...access, credentials: { kind: 'token', token: 'new' } } },
      is: ['update configSecret', 'replace-pod pod', 'wait'],
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
      name: '31: makes a pod anew whose listener failed, though its sidecar runs',
      given: {
        there: withPod({
          containerStatuses: [
            {
              name: 'listener',
              state: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:59:58Z' } },
            },
            { name: 'sidecar', state: { running: {} } },
          ],
        }),
      },
      is: ['stop-pod'],
    },
    {
      name: '30: makes the pod again that somebody deleted',
      given: { there: { ...complete(), pod: undefined } },
      is: ['create pod'],
    },
    {
      name: '27: new metadata reaches each of its objects, and the pod by another one',
      given: {
        listener: held({
          metadata: { labels: { added: 'yes' } },
          spec: {
            serviceAccountMetadata: ADDED,
            roleMetadata: ADDED,
            roleBindingMetadata: ADDED,
            configSecretMetadata: ADDED,
          },
        }),
      },
      is: [
        'update serviceAccount',
        'update role',
        'update roleBinding',
        'update configSecret',
        'replace-pod pod',
        'wait',
      ],
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
    {
      name: 'waits while five others are being replaced',
      given: {
        access: { ...access, credentials: { kind: 'token', token: 'new' } },
        hasTurn: false,
      },
      is: ['update configSecret', 'wait'],
    },
    {
      name: 'does not try a pod again that was just refused',
      given: { there: { ...complete(), pod: undefined }, refusal: refusalOf(complete()) },
      is: ['wait'],
    },
    {
      name: 'tries it half a minute later',
      given: {
        there: { ...complete(), pod: undefined },
        refusal: { ...refusalOf(complete()), at: NOW - 30_000 },
      },
      is: ['create pod'],
    },
    {
      name: 'tries another one at once',
      given: {
        there: { ...complete(), pod: undefined },
        refusal: { ...refusalOf(complete()), hash: 'other' },
      },
      is: ['create pod'],
    },
    {
      name: '33: a proxy needs a Secret, and the pod another start',
      given: { access: { ...access, proxy: flat } },
      is: ['create proxySecret', 'replace-pod pod', 'wait'],
    },
    {
      name: '33: and takes it away when it is gone',
      given: { there: { ...complete(held(), { ...access, proxy: flat }) } },
      is: ['delete proxySecret', 'replace-pod pod', 'wait'],
    },
    {
      name: 'BUG-14: metadata of the pod never means an update of it',
      given: { listener: held({ metadata: { labels: { team: 'a' } } }) },
      is: [
        'update serviceAccount',
        'update role',
        'update roleBinding',
        'update configSecret',
        'replace-pod pod',
        'wait',
      ],
    },
    { name: 'keeps its pod without credentials', given: { access: missing }, is: ['wait'] },
    {
      name: '25: deleted, takes all away, the pod first',
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
      name: '25: deleted, goes when nothing is left',
      given: { listener: held({ metadata: { deletionTimestamp: DELETED } }), there: {} },
      is: ['release'],
    },
  ])('$name', ({ given, is }) => {
    expect(does(given)).toEqual(is);
  });
});

test('27: each of its objects has its own labels and annotations beside those of the listener', () => {
  const listener = held({
    metadata: { labels: { team: 'a' } },
    spec: {
      serviceAccountMetadata: ADDED,
      roleMetadata: ADDED,
      roleBindingMetadata: ADDED,
      configSecretMetadata: ADDED,
    },
  });
  for (const { part, object } of desired({ listener, access, config })) {
    expect(object.metadata.labels, part).toMatchObject({ team: 'a' });
    if (part === 'pod') continue;
    expect(object.metadata, part).toMatchObject(ADDED);
  }
});

test('35: its config brings the root CA', () => {
  const rootCa = '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n';
  const { data } = complete(held(), { ...access, rootCa }).configSecret ?? {};
  const text = Buffer.from(data?.['config.json'] ?? '', 'base64').toString('utf8');
  expect(parseListenerConfig(text).scaleSets).toMatchObject([{ rootCa }]);
  expect(text).toContain('"server_root_ca"');
});

test('its config is what a listener reads', () => {
  const { data } = complete().configSecret ?? {};
  const text = Buffer.from(data?.['config.json'] ?? '', 'base64').toString('utf8');
  expect(parseListenerConfig(text).scaleSets).toMatchObject([
    { scaleSetId: 1, setName: 'linux', maxRunners: 5, settleSeconds: 3 },
  ]);
});

test.each([
  { name: 'running', there: withPod(container({ running: {} })), reason: 'Listening' },
  { name: 'not started', there: withPod({}), reason: 'PodStarting' },
  { name: 'absent', there: {}, reason: 'NoPod' },
])('a pod that is $name is $reason', ({ there, reason }) => {
  expect(standing(observed({ there })).reason).toBe(reason);
});

describe('it is ready when its process says so', () => {
  const ours = held({ spec: { image: 'm:1' } });
  const ourPod = (startedAt: string, isReady: boolean): There => {
    const pod = podOf(complete(ours));
    const status: PodStatus = {
      ...container({ running: { startedAt } }),
      conditions: [
        { type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: startedAt },
      ],
    };
    return { pod: { ...pod, metadata: { ...pod.metadata, uid: 'uid-of-pod' }, status } };
  };
  const saying = (listener: object) => aSet({ status: { currentReplicas: 0, listener } });
  const LATE = '2026-01-01T00:59:49Z';
  const EARLY = '2026-01-01T00:59:51Z';

  test.each([
    { name: 'ours, silent', there: ourPod(EARLY, true), set: aSet(), reason: 'ListenerStarting' },
    {
      name: 'ours, silent for ten seconds, and ready by its probe',
      there: ourPod(LATE, true),
      set: aSet(),
      reason: 'Listening',
    },
    {
      name: 'ours, silent for ten seconds, and not ready by its probe',
      there: ourPod(LATE, false),
      set: aSet(),
      reason: 'ListenerStarting',
    },
    {
      name: 'ours, listening',
      there: ourPod(EARLY, false),
      set: saying({ state: 'listening', instance: 'uid-of-pod' }),
      reason: 'Listening',
    },
    {
      name: 'ours, in trouble',
      there: ourPod(LATE, true),
      set: saying({ state: 'session-taken', reason: 'by a stranger', instance: 'uid-of-pod' }),
      reason: 'SessionTaken',
    },
    {
      name: 'ours, and only the one before it listened',
      there: ourPod(EARLY, true),
      set: saying({ state: 'listening', instance: 'the one before' }),
      reason: 'ListenerStarting',
    },
    {
      name: "ARC's, which says nothing",
      there: withPod(container({ running: {} })),
      set: saying({ state: 'unauthorized', instance: 'the one before' }),
      reason: 'Listening',
    },
  ])('$name: $reason', ({ there, set, reason }) => {
    expect(standing(observed({ listener: ours, there, set })).reason).toBe(reason);
  });
});

describe('a pod that the API server does not take', () => {
  const refused = new KubeError('invalid', 'spec.containers[0].image: Required value');
  const there = complete();
  const resource = { part: 'pod', kind: PodKind, object: podOf(there) } as unknown as Resource;

  test('is not tried again at once, and is told of', () => {
    const create = { do: 'create', resource, because: '' } as const;
    const next = afterFailure(create, refused, observed({ there: {} }));
    expect(next === 'retry' ? [] : next.map((step) => step.do)).toEqual([
      'note-refusal',
      'report',
      'wait',
    ]);
  });

  test('leaves the old one listening, and Ready alone', () => {
    const replace = { do: 'replace-pod', resource, pod: podOf(there), because: '' } as const;
    const next = afterFailure(replace, refused, observed({ there }));
    const said = next === 'retry' ? [] : next.filter((step) => step.do === 'report');
    expect(said.flatMap(({ status }) => status.conditions ?? [])).toMatchObject([
      { type: 'UpToDate', status: 'False', reason: 'PodRefused' },
    ]);
  });

  test('another failure is retried', () => {
    const create = { do: 'create', resource, because: '' } as const;
    expect(afterFailure(create, new KubeError('unavailable', '500'), observed())).toBe('retry');
  });
});
