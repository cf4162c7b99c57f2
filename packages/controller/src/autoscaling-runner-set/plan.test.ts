import { LABELS, listenerName, RERUN_ANNOTATION } from '@muster/api';
import type { AutoscalingRunnerSetStatus, EphemeralRunnerSetStatus } from '@muster/api';
import { aListener, aRunner, aRunnerSet, aSet } from '@muster/api/testing';
import { describe, expect, test } from 'vitest';
import { desiredListener } from './desired.ts';
import { plan } from './plan.ts';
import { config, DELETED, deleting, held, KNOWN, NOW, observed, upToDate } from './testing.ts';
import type { Observed } from './observe.ts';

const does = (given: Partial<Observed>): string[] =>
  plan(observed(given))
    .map((action) => action.do)
    .filter((step) => step !== 'report');

const says = (given: Partial<Observed>): string[] =>
  plan(observed(given)).flatMap(({ event }) => (event ? [event.reason] : []));

const image = (name: string) => ({ spec: { containers: [{ name: 'runner', image: name }] } });
const readyWith = (reason: string, status: 'True' | 'False' = 'False') => ({
  conditions: [
    { type: 'Ready', status, reason, message: 'm', lastTransitionTime: '2026-01-01T00:00:00Z' },
  ],
});
const hearing = (reason: string) => {
  const { sets, listeners } = upToDate(held());
  return { sets, listeners: listeners.map((one) => ({ ...one, status: readyWith(reason) })) };
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
    { name: 'makes its set before anybody listens', given: {}, is: ['create-set'] },
    { name: 'then its listener', given: { sets: upToDate(held()).sets }, is: ['create-listener'] },
    { name: '3: leaves what is as it should be', given: upToDate(held()), is: [] },
    {
      name: '4: patches the set alone for a new template',
      given: { ...upToDate(held()), runnerSet: held({ spec: { template: image('new') } }) },
      is: ['update-set'],
    },
    {
      name: '5: patches the listener alone for new limits',
      given: { ...upToDate(held()), runnerSet: held({ spec: { maxRunners: 3 } }) },
      is: ['update-listener'],
    },
    {
      name: '6, 9: a label reaches both',
      given: { ...upToDate(held()), runnerSet: held({ metadata: { labels: { team: 'a' } } }) },
      is: ['update-set', 'update-listener'],
    },
    {
      name: '7: annotations for the set reach the set alone',
      given: {
        ...upToDate(held()),
        runnerSet: held({ spec: { ephemeralRunnerSetMetadata: { annotations: { a: 'b' } } } }),
      },
      is: ['update-set'],
    },
    {
      name: '8: metadata of the runners reach the set alone',
      given: {
        ...upToDate(held()),
        runnerSet: held({ spec: { ephemeralRunnerMetadata: { labels: { a: 'b' } } } }),
      },
      is: ['update-set'],
    },
    {
      name: '10: another Secret reaches both',
      given: { ...upToDate(held()), runnerSet: held({ spec: { githubConfigSecret: 'other' } }) },
      is: ['update-set', 'update-listener'],
    },
    {
      name: 'BUG-5: what others write on the set beside it is left alone',
      given: {
        ...upToDate(held()),
        sets: upToDate(held()).sets.map((set) => ({
          ...set,
          metadata: { ...set.metadata, labels: { ...set.metadata.labels, foreign: 'x' } },
        })),
      },
      is: [],
    },
    {
      name: 'BUG-12: metadata with labels and no annotations is taken',
      given: {
        sets: [],
        runnerSet: held({
          spec: {
            ephemeralRunnerSetMetadata: { labels: { a: 'b' } },
            autoscalingListener: { labels: { a: 'b' } },
          },
        }),
      },
      is: ['create-set'],
    },
    {
      name: 'BUG-4: takes away a listener of another name before it makes one',
      given: { sets: upToDate(held()).sets, listeners: [aListener({ metadata: { name: 'old' } })] },
      is: ['delete-listeners'],
    },
    {
      name: '12: a new template stops neither listener nor set while runners run',
      given: {
        ...upToDate(held()),
        sets: upToDate(held()).sets.map((set) => ({
          ...set,
          status: { currentReplicas: 5, runningEphemeralRunners: 2, pendingEphemeralRunners: 3 },
        })),
        runnerSet: held({ spec: { template: image('new') } }),
      },
      is: ['update-set'],
    },
  ])('$name', ({ given, is }) => {
    expect(does(given)).toEqual(is);
  });
});

describe('the scale set at GitHub', () => {
  const with_ = (spec: object, annotations: object = {}) => ({
    ...upToDate(held({ spec })),
    runnerSet: held({ spec, metadata: { annotations: { ...KNOWN, ...annotations } } }),
  });
  const old = { ...KNOWN, 'actions.github.com/runner-scale-set-url': 'https://github.com/old' };

  test.each<{ name: string; given: Partial<Observed>; is: string[] }>([
    { name: '11: moves to another group', given: with_({ runnerGroup: 'gpu' }), is: ['move'] },
    {
      name: '11: asks for the group when nobody knows it any more',
      given: with_({}, { 'actions.github.com/runner-group-name': undefined }),
      is: ['move'],
    },
    {
      name: 'compares groups without regard to case',
      given: with_({ runnerGroup: 'DEFAULT' }),
      is: [],
    },
    { name: '14: takes a new name', given: with_({ runnerScaleSetName: 'arm' }), is: ['rename'] },
    {
      name: 'gets more labels',
      given: with_({ runnerScaleSetLabels: ['gpu'] }),
      is: ['relabel'],
    },
    {
      name: 'loses a label that is not wanted any more',
      given: with_({}, { 'actions.github.com/runner-scale-set-labels': '["linux","gpu"]' }),
      is: ['relabel'],
    },
    {
      name: 'does not ask again for labels in another order',
      given: with_(
        { runnerScaleSetLabels: ['GPU'] },
        { 'actions.github.com/runner-scale-set-labels': '["gpu","linux"]' },
      ),
      is: [],
    },
    {
      name: "takes over ARC's one label without a call",
      given: with_({}, { 'actions.github.com/runner-scale-set-labels': undefined }),
      is: [],
    },
    {
      name: 'registers anew at another URL',
      given: { ...upToDate(held()), runnerSet: held({ metadata: { annotations: old } }) },
      is: ['register'],
    },
    {
      name: "another organization is seen by ARC's labels too",
      given: {
        ...upToDate(held()),
        runnerSet: held({
          metadata: {
            annotations: {
              ...KNOWN,
              'actions.github.com/runner-scale-set-url': undefined as never,
            },
            labels: { 'actions.github.com/organization': 'old' },
          },
        }),
      },
      is: ['register'],
    },
    {
      name: 'is looked for when its listener misses it',
      given: hearing('ScaleSetGone'),
      is: ['restore'],
    },
    {
      name: 'is not looked for again within a minute',
      given: { ...hearing('ScaleSetGone'), lookedForAt: NOW - 59_000 },
      is: [],
    },
    { name: "is looked for when ARC's listener ends", given: hearing('PodEnded'), is: ['restore'] },
    {
      name: "is looked for seldom then, as ARC's listener does not say why",
      given: { ...hearing('PodEnded'), lookedForAt: NOW - 299_000 },
      is: [],
    },
    {
      name: 'is not looked for because a session is taken',
      given: hearing('SessionTaken'),
      is: [],
    },
  ])('$name', ({ given, is }) => {
    expect(does(given)).toEqual(is);
  });

  test('what is asked of it comes last, so that a refusal keeps nothing else from going on', () => {
    const spec = { runnerGroup: 'none', template: image('new') };
    const { listeners } = upToDate(held({ spec }));
    const { sets } = upToDate(held());
    expect(does({ sets, listeners, runnerSet: held({ spec }) })).toEqual(['update-set', 'move']);
  });

  test('the scale set of the old URL is named', () => {
    const [action] = plan(observed({ runnerSet: held({ metadata: { annotations: old } }) }));
    expect(action).toMatchObject({
      because: 'its URL is another one; scale set "linux" (7) stays at https://github.com/old',
      event: { reason: 'ScaleSetLeftBehind' },
    });
  });
});

describe('another runner set wants the same scale set', () => {
  const rival = aRunnerSet({ metadata: { name: 'elder' } });
  test.each<{ name: string; given: Partial<Observed>; is: string[] }>([
    { name: 'stands back', given: { rival }, is: ['wait'] },
    {
      name: 'and stops listening, if it did',
      given: { rival, ...upToDate(held()) },
      is: ['delete-listeners', 'wait'],
    },
  ])('$name', ({ given, is }) => {
    expect(does(given)).toEqual(is);
    expect(says(given)).toEqual(['NameTaken']);
  });
});

describe('its template is judged', () => {
  const changed = { ...upToDate(held()), runnerSet: held({ spec: { template: image('bad') } }) };
  const invalid = { is: 'invalid', message: 'no such field' } as const;

  test.each<{ name: string; given: Partial<Observed>; is: string[] }>([
    {
      name: 'a refused one is not given to the set',
      given: { ...changed, verdict: invalid },
      is: ['wait'],
    },
    {
      name: 'what changed beside it is',
      given: {
        ...upToDate(held()),
        runnerSet: held({ spec: { template: image('bad'), githubConfigSecret: 'other' } }),
        verdict: invalid,
      },
      is: ['update-set', 'update-listener', 'wait'],
    },
    {
      name: 'nobody listens before there was a good one',
      given: { verdict: invalid },
      is: ['wait'],
    },
    {
      name: 'one with unknown fields is given',
      given: { ...changed, verdict: { is: 'warned', message: 'unknown field' } },
      is: ['update-set'],
    },
    {
      name: 'one that could not be judged is given',
      given: { ...changed, verdict: { is: 'unjudged', message: '503' } },
      is: ['update-set', 'wait'],
    },
  ])('$name', ({ given, is }) => {
    expect(does(given)).toEqual(is);
  });

  test('the set keeps the last good template', () => {
    const actions = plan(
      observed({
        ...changed,
        runnerSet: held({ spec: { template: image('bad'), proxy: {} } }),
        verdict: invalid,
      }),
    );
    const [update] = actions.filter((action) => action.do === 'update-set');
    expect(update?.wanted.spec.ephemeralRunnerSpec).toMatchObject({
      proxy: {},
      spec: held().spec.template?.spec,
    });
  });
});

describe('its sets', () => {
  const { sets, listeners } = upToDate(held());
  const old = (spec: object) => aSet({ metadata: { name: 'old', uid: 'uid-of-old' }, spec });
  const idle = { replicas: 0, patchID: 4 };
  const own = (set: string) => [{ uid: `uid-of-${set}`, controller: true }] as never;
  const gone = aSet({ metadata: { deletionTimestamp: DELETED } });

  test.each<{ name: string; given: Partial<Observed>; is: string[] }>([
    {
      name: 'an older one first stops making runners',
      given: { sets: [...sets, old({ replicas: 2, patchID: 4 })], listeners },
      is: ['quiesce-set'],
    },
    {
      name: 'and taking them away',
      given: { sets: [...sets, old({ replicas: 0, patchID: 0 })], listeners },
      is: ['quiesce-set'],
    },
    {
      name: 'then its runners are adopted',
      given: {
        sets: [...sets, old(idle)],
        listeners,
        runners: [aRunner('a', { metadata: { ownerReferences: own('old') } })],
      },
      is: ['adopt'],
    },
    {
      name: 'then it goes, and leaves the current one its runners',
      given: {
        sets: [...sets, old(idle)],
        listeners,
        runners: [aRunner('a', { metadata: { ownerReferences: own('linux') } })],
      },
      is: ['delete-sets'],
    },
    {
      name: 'one under whatever name is kept',
      given: upToDate(held(), 'linux-x7k2p'),
      is: [],
    },
    {
      name: 'one that somebody deletes gets a successor at once',
      given: { sets: [gone] },
      is: ['create-set'],
    },
  ])('$name', ({ given, is }) => {
    expect(does(given)).toEqual(is);
  });

  test('a successor has another name as long as the old one is there', () => {
    const [create] = plan(observed({ sets: [gone] })).filter(
      ({ do: step }) => step === 'create-set',
    );
    expect(create).toMatchObject({
      set: { metadata: { name: expect.stringMatching(/^linux-[a-z0-9]{5}$/) as string } },
    });
  });
});

describe('deletion goes backwards', () => {
  const giveUp = { annotations: { ...KNOWN, 'actions.github.com/give-up': 'true' } };
  const late = { annotations: { ...KNOWN, 'actions.github.com/deletion-deadline': '30s' } };
  const early = { annotations: { ...KNOWN, 'actions.github.com/deletion-deadline': '5m' } };
  const taken = (since: string) => ({
    conditions: [
      {
        type: 'ScaleSetOwned',
        status: 'False' as const,
        reason: 'SessionTaken',
        message: '',
        lastTransitionTime: since,
      },
    ],
  });

  test.each<{ name: string; given: Partial<Observed>; is: string[] }>([
    {
      name: '2: the listener first',
      given: { sets: [aSet()], listeners: [aListener()] },
      is: ['delete-listeners'],
    },
    {
      name: '2: the set only when nobody listens',
      given: {
        sets: [aSet()],
        listeners: [aListener({ metadata: { deletionTimestamp: DELETED } })],
      },
      is: [],
    },
    { name: '2: then the sets', given: { sets: [aSet()] }, is: ['delete-sets'] },
    { name: '2: then the scale set', given: {}, is: ['deregister'] },
    {
      name: '15: asks nothing of GitHub when it was never there',
      given: { runnerSet: deleting({ metadata: { annotations: {} } }) },
      is: ['unprotect', 'release'],
    },
    {
      name: 'is not ours any more without its finalizer',
      given: { runnerSet: deleting({ metadata: { finalizers: [] } }) },
      is: [],
    },
    {
      name: 'an id that is no number is forgotten',
      given: { runnerSet: deleting({ metadata: { annotations: { 'runner-scale-set-id': '0' } } }) },
      is: ['forget'],
    },
    {
      name: 'BUG-15: does not ask GitHub when it was told to give up',
      given: { runnerSet: deleting({ metadata: giveUp }) },
      is: ['forget'],
    },
    {
      name: 'does not ask GitHub past its deadline',
      given: { runnerSet: deleting({ metadata: late }) },
      is: ['forget'],
    },
    {
      name: 'asks GitHub before its deadline',
      given: { runnerSet: deleting({ metadata: early }) },
      is: ['deregister'],
    },
    {
      name: 'leaves a scale set that another runner set uses',
      given: { isShared: true },
      is: ['forget'],
    },
    {
      name: 'leaves a scale set that a stranger has listened to for long',
      given: { runnerSet: deleting({ status: taken('2026-01-01T00:50:00Z') }) },
      is: ['forget'],
    },
    {
      name: 'a session that a killed listener left behind is no stranger',
      given: { runnerSet: deleting({ status: taken('2026-01-01T00:58:00Z') }) },
      is: ['deregister'],
    },
  ])('$name', ({ given, is }) => {
    expect(does({ runnerSet: deleting(), ...given })).toEqual(is);
  });

  test('says what it waits for, and why', () => {
    const runners = [
      aRunner('a', { status: { jobId: '1' } }),
      aRunner('b', { status: { message: 'GitHub does not answer' } }),
    ];
    const actions = plan(observed({ runnerSet: deleting(), sets: [aSet()], runners }));
    expect(actions.map(({ because }) => because)).toContain(
      'waits for 2 runners to end, 1 of them with a job (GitHub does not answer)',
    );
  });

  test('names what stays at GitHub', () => {
    const [action] = plan(observed({ runnerSet: deleting({ metadata: giveUp }) }));
    expect(action).toMatchObject({
      because: 'it was told to give up; scale set "linux" (7) stays at https://github.com/my-org',
      event: { type: 'Warning', reason: 'ScaleSetLeftBehind' },
    });
  });
});

test('1: the listener is named as ARC names it', () => {
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

describe('jobs that lost their pods', () => {
  const lostJobs = { a: { cause: 'Evicted', at: '2026-01-01T00:30:00Z' } };
  const forbidden = {
    a: { ...lostJobs.a, rerun: { state: 'Pending', reason: 'Forbidden', message: 'no right' } },
  };
  const wanting = { annotations: { ...KNOWN, [RERUN_ANNOTATION]: 'true' } };

  function reported(given: Parameters<typeof held>[0]): AutoscalingRunnerSetStatus {
    const [said] = plan(observed({ ...upToDate(held()), runnerSet: held(given) }));
    if (said?.do !== 'report') throw new Error('it says nothing');
    return said.status;
  }

  const rerunsIn = ({ conditions = [] }: AutoscalingRunnerSetStatus) =>
    conditions.filter(({ type }) => type === 'LostJobsRerun');

  test('are told by others: its own status is not written again for them', () => {
    const runnerSet = held({ status: { ...reported({}), lostJobs } });
    expect(plan(observed({ ...upToDate(held()), runnerSet }))).toEqual([]);
  });

  test('are no subject where nobody wants them run again', () => {
    expect(rerunsIn(reported({ status: { lostJobs } }))).toEqual([]);
  });

  test('are run again as far as is known', () => {
    expect(rerunsIn(reported({ metadata: wanting, status: { lostJobs } }))).toMatchObject([
      { status: 'True', reason: 'WhenLost', observedGeneration: 1 },
    ]);
  });

  test('are not run again while the credentials may not', () => {
    const said = reported({ metadata: wanting, status: { lostJobs: forbidden } });
    expect(rerunsIn(said)).toMatchObject([
      { status: 'False', reason: 'Forbidden', message: 'no right' },
    ]);
    expect(rerunsIn(reported({ status: { ...said, lostJobs: forbidden } }))).toEqual([]);
  });
});

describe('its counts', () => {
  const counting = (status: EphemeralRunnerSetStatus, before: AutoscalingRunnerSetStatus = {}) => {
    const { listeners, sets } = upToDate(held());
    const [said] = plan(
      observed({
        listeners,
        sets: sets.map((set) => ({ ...set, status })),
        runnerSet: held({ status: before }),
      }),
    );
    if (said?.do !== 'report') throw new Error('it says nothing');
    return said.status;
  };
  const counts = {
    currentReplicas: 6,
    failedEphemeralRunners: 1,
    runningEphemeralRunners: 2,
    pendingEphemeralRunners: 3,
  };

  test('13: are those of its set', () => {
    expect(counting(counts)).toMatchObject({
      phase: 'Running',
      currentRunners: 6,
      failedEphemeralRunners: 1,
      runningEphemeralRunners: 2,
      pendingEphemeralRunners: 3,
    });
  });

  test('BUG-13: are told when only their shares change', () => {
    const later = { ...counts, runningEphemeralRunners: 3, pendingEphemeralRunners: 2 };
    expect(counting(later, counting(counts))).toMatchObject({
      currentRunners: 6,
      runningEphemeralRunners: 3,
      pendingEphemeralRunners: 2,
    });
  });
});

test.each(['0.9.0', '0.14.2', config.version, 'dev', undefined])(
  '23: one of version %s is understood',
  (version) => {
    expect(compatibleOf(version)).toMatchObject({ status: 'True', reason: 'KnownVersion' });
  },
);

test('23: one of a version that is not known is served all the same, and says so', () => {
  expect(compatibleOf('9.0.0')).toMatchObject({ status: 'False', reason: 'UnknownVersion' });
  const runnerSet = held({ metadata: { labels: { [LABELS.version]: '9.0.0' } } });
  expect(does({ runnerSet })).toEqual(['create-set']);
});

function compatibleOf(version: string | undefined) {
  const labels = version === undefined ? {} : { [LABELS.version]: version };
  const [said] = plan(observed({ ...upToDate(held()), runnerSet: held({ metadata: { labels } }) }));
  if (said?.do !== 'report') throw new Error('it says nothing');
  return said.status.conditions?.find(({ type }) => type === 'Compatible');
}
