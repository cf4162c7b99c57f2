import { aRunner } from '@muster/api/testing';
import type { Pod } from '@muster/kube';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../limits.ts';
import { aPod, aRunningPod } from '../testing-pods.ts';
import { plan } from './plan.ts';
import type { Observed } from './plan.ts';
import { aNewRunner, NOW, observed } from './testing.ts';

const MINUTE = 60_000;
const SINCE = Date.parse('2026-01-01T00:00:00Z');
const runner = aNewRunner();
const busy = aRunner('a', { status: { phase: 'Pending', jobId: '9' } });
const LEAVING = { deletionTimestamp: '2026-01-01T00:00:00Z' };

const scheduled = {
  type: 'PodScheduled',
  status: 'True',
  lastTransitionTime: '2026-01-01T00:00:00Z',
} as const;

const waiting = (reason: string, message?: string): Pod =>
  aPod(runner, {
    phase: 'Pending',
    conditions: [scheduled],
    containerStatuses: [
      { name: 'runner', state: { waiting: { reason, ...(message && { message }) } } },
    ],
  });

const unscheduled = aPod(runner, {
  phase: 'Pending',
  conditions: [
    {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: '0/3 nodes are available',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ],
});

const leaving = (pod: Pod): Pod => ({ ...pod, metadata: { ...pod.metadata, ...LEAVING } });

/** So long after the state began. */
const after = (minutes: number, given: Partial<Observed>): string[] =>
  plan(observed({ runner, now: SINCE + minutes * MINUTE, ...given })).map((action) => {
    const event = action.event ? ` (${action.event.reason})` : '';
    const ms = action.do === 'wait' ? ` ${action.ms / MINUTE} min` : '';
    return `${action.do}${ms}: ${action.because}${event}`;
  });

interface Row {
  name: string;
  minutes: number;
  given: Partial<Observed>;
  does: string[];
}

describe('a runner whose pod does not come up', () => {
  test.each<Row>([
    {
      name: 'waits while its image cannot be pulled',
      minutes: 9,
      given: { pod: waiting('ImagePullBackOff') },
      does: ['wait 1 min: its container has not started'],
    },
    {
      name: 'fails when its image cannot be pulled for ten minutes, with GitHub’s word',
      minutes: 10,
      given: { pod: waiting('ImagePullBackOff', 'Back-off pulling image "no/such:tag"') },
      does: [
        'deregister: Back-off pulling image "no/such:tag"',
        'report: Back-off pulling image "no/such:tag" (ImagePullFailed)',
      ],
    },
    {
      name: 'fails so by an init container too',
      minutes: 10,
      given: {
        pod: aPod(runner, {
          phase: 'Pending',
          conditions: [scheduled],
          initContainerStatuses: [
            { name: 'setup', state: { waiting: { reason: 'ErrImagePull', message: 'no' } } },
          ],
        }),
      },
      does: ['deregister: no', 'report: no (ImagePullFailed)'],
    },
    {
      name: 'waits longer for an image that is being pulled',
      minutes: 29,
      given: { pod: waiting('ContainerCreating') },
      does: ['wait 1 min: its container has not started'],
    },
    {
      name: 'fails when its container does not start for half an hour',
      minutes: 30,
      given: { pod: waiting('CreateContainerConfigError', 'secret "s" not found') },
      does: [
        'deregister: its container does not start: CreateContainerConfigError: secret "s" not found',
        'report: its container does not start: CreateContainerConfigError: secret "s" not found (ContainerNotStarted)',
      ],
    },
    {
      name: 'keeps to the user’s limits',
      minutes: 2,
      given: {
        pod: waiting('ContainerCreating'),
        limits: { ...DEFAULT_LIMITS, start: 2 * MINUTE },
      },
      does: [
        'deregister: its container does not start',
        'report: its container does not start (ContainerNotStarted)',
      ],
    },
    {
      name: 'waits for ever when the user says so',
      minutes: 10_000,
      given: {
        pod: waiting('ImagePullBackOff'),
        limits: { ...DEFAULT_LIMITS, imagePull: Infinity },
      },
      does: [],
    },
    {
      name: 'waits for a node',
      minutes: 9,
      given: { pod: unscheduled },
      does: ['wait 1 min: its container has not started'],
    },
    {
      name: 'says that no node takes it, and waits on',
      minutes: 10,
      given: { pod: unscheduled },
      does: ['report: no node takes its pod (Unschedulable)', 'wait 50 min: no node takes its pod'],
    },
    {
      name: 'is replaced when its registration is too old to be used',
      minutes: 60,
      given: { pod: unscheduled },
      does: ['replace: no node took its pod for as long as GitHub knows it (Unschedulable)'],
    },
    {
      name: 'is left alone when it has a job after all',
      minutes: 1000,
      given: { runner: busy, pod: waiting('ImagePullBackOff') },
      does: [],
    },
  ])('$name', ({ minutes, given, does }) => {
    expect(after(minutes, given)).toEqual(does);
  });

  test('says why in its status', () => {
    const [, report] = plan(
      observed({ runner, pod: waiting('ErrImagePull', 'not found'), now: SINCE + 10 * MINUTE }),
    );
    expect(report).toMatchObject({
      status: { phase: 'Failed', reason: 'ImagePullFailed', message: 'not found' },
    });
  });
});

describe('a runner whose pod somebody else deletes', () => {
  const idle = aRunner('a');
  const atWork = aRunner('a', { status: { jobId: '9' } });
  const evicted = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  } as const;
  const ended = (exitCode: number): Pod =>
    aPod(idle, {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      conditions: [evicted],
      containerStatuses: [{ name: 'runner', state: { terminated: { exitCode } } }],
    });
  const LOST = 'its job lost its pod: EvictionByEvictionAPI: Eviction API: evicting (JobLost)';

  test.each<Row>([
    {
      name: 'follows it to its end',
      minutes: 1,
      given: { runner: atWork, pod: leaving(aRunningPod(idle)) },
      does: ['wait 4 min: its pod is being deleted'],
    },
    {
      name: 'records the job that it had, whatever the exit code',
      minutes: 1,
      given: { runner: atWork, pod: leaving(ended(0)) },
      does: [`record-loss: ${LOST}`, 'replace: its job is lost'],
    },
    {
      name: 'records no job that GitHub says is over',
      minutes: 1,
      given: { runner: atWork, pod: leaving(ended(143)), isOver: true },
      does: ['end: its runner ended well'],
    },
    {
      name: 'is replaced without a job, and never gets another pod for the same registration',
      minutes: 1,
      given: { runner: idle, pod: leaving(ended(0)) },
      does: ['replace: EvictionByEvictionAPI: Eviction API: evicting'],
    },
    {
      name: 'tells what took the pod when it is gone',
      minutes: 1,
      given: { runner: atWork, fate: 'DeletionByTaintManager: its node is gone' },
      does: [
        'record-loss: its job lost its pod: DeletionByTaintManager: its node is gone (JobLost)',
        'replace: its job is lost',
      ],
    },
    {
      name: 'does not wait for a pod that does not go',
      minutes: 5,
      given: { runner: idle, pod: leaving(aRunningPod(idle)) },
      does: ['replace: its pod does not go, although its time is over (PodStuckTerminating)'],
    },
    {
      name: 'records the job under a pod that does not go',
      minutes: 5,
      given: { runner: atWork, pod: leaving(aRunningPod(idle)) },
      does: [
        'record-loss: its job lost its pod: its pod does not go, although its time is over (JobLost)',
        'replace: its job is lost',
      ],
    },
  ])('$name', ({ minutes, given, does }) => {
    expect(after(minutes, given)).toEqual(does);
  });
});

describe('a runner with a maximum lifetime', () => {
  const limits = { ...DEFAULT_LIMITS, lifetime: 60 * MINUTE };
  const idle = aRunner('a', { status: { ready: true } });
  test.each<Row>([
    {
      name: 'is replaced when it is over',
      minutes: 60,
      given: { runner: idle, pod: aRunningPod(idle), limits },
      does: ['replace: it is as old as it may become (LifetimeOver)'],
    },
    {
      name: 'is looked at again then',
      minutes: 50,
      given: { runner: idle, pod: aRunningPod(idle), limits },
      does: ['wait 10 min: it grows old'],
    },
    {
      name: 'finishes a job that it has',
      minutes: 600,
      given: {
        runner: aRunner('a', { status: { jobId: '9', ready: true } }),
        pod: aRunningPod(idle),
        limits,
      },
      does: [],
    },
    {
      name: 'may become as old as it likes by default',
      minutes: 100_000,
      given: { runner: idle, pod: aRunningPod(idle) },
      does: [],
    },
  ])('$name', ({ minutes, given, does }) => {
    expect(after(minutes, given)).toEqual(does);
  });
});

describe('a warm runner that has got a job', () => {
  const atWork = aRunner('a', { status: { jobId: '9', ready: true } });
  const pod = aRunningPod(atWork);
  const marked = {
    ...pod,
    metadata: { ...pod.metadata, labels: { 'actions.github.com/busy': 'true' } },
  };
  test.each<Row & { minutes: 0 }>([
    {
      name: 'is marked where that is permitted',
      minutes: 0,
      given: { runner: atWork, pod, mayMarkPods: true },
      does: ['mark-busy: it has a job, which a drain must not take from it'],
    },
    { name: 'is not where it is not', minutes: 0, given: { runner: atWork, pod }, does: [] },
    {
      name: 'is marked once',
      minutes: 0,
      given: { runner: atWork, pod: marked, mayMarkPods: true },
      does: [],
    },
  ])('$name', ({ given, does }) => {
    expect(after(0, { ...given, now: NOW })).toEqual(does);
  });
});
