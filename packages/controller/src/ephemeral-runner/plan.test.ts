import { aRunner } from '@muster/api/testing';
import type { Pod } from '@muster/kube';
import { describe, expect, test } from 'vitest';
import { aFinishedPod, aLostPod, aNewPod, aPod, aRunningPod } from '../testing-pods.ts';
import { plan } from './plan.ts';
import type { Action, Observed } from './plan.ts';
import { aNewRunner, KEPT, NOW, observed } from './testing.ts';

const steps = (given: Partial<Observed>): string[] =>
  plan(observed(given)).map((action: Action) => `${action.do}: ${action.because}`);

const deleting = { deletionTimestamp: '2026-01-01T00:00:50Z' };
const idle = aRunner('a');
const pending = aRunner('a', { status: { phase: 'Pending' } });
const busy = aRunner('a', {
  status: {
    jobId: '9',
    jobDisplayName: 'build (linux)',
    jobRepositoryName: 'my-org/app',
    workflowRunId: 42,
  },
});
const JOB = 'job "build (linux)" (https://github.com/my-org/app/actions/runs/42)';
const SETUP_FAILED = {
  phase: 'Pending',
  initContainerStatuses: [{ name: 'setup', state: { terminated: { exitCode: 1 } } }],
} satisfies Pod['status'];
const failures = (count: number, last = '2026-01-01T00:00:58Z') =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`pod-${i}`, last]));

describe('a runner on its way to a pod', () => {
  test.each<{ name: string; given: Partial<Observed>; does: string[] }>([
    {
      name: 'is registered and gets its pod in one pass',
      given: {},
      does: ['register: GitHub does not know it yet', 'create-pod: it has no pod'],
    },
    {
      name: 'is held first when made by hand',
      given: { runner: aNewRunner({ metadata: { finalizers: [] } }) },
      does: ['hold: GitHub is about to know it'],
    },
    { name: 'is not registered twice', given: { jit: KEPT }, does: ['create-pod: it has no pod'] },
    {
      name: 'is registered again when its Secret is of no use',
      given: { jit: { is: 'unusable' } },
      does: [
        'discard-secret: its JIT configuration cannot be used',
        'register: GitHub does not know it yet',
        'create-pod: it has no pod',
      ],
    },
    {
      name: 'waits for a pod of another that has its name',
      given: { nameTaken: true },
      does: ['wait: a pod of another has its name'],
    },
    {
      name: 'fails when no container is the runner',
      given: { runner: aNewRunner({ spec: { spec: { containers: [{ name: 'main' }] } } }) },
      does: ['report: no pod can be made of it: no container is named runner'],
    },
    {
      name: 'waits after a failed pod',
      given: { runner: aRunner('a', { status: { phase: 'Pending', failures: failures(1) } }) },
      does: ['wait: its last pod failed'],
    },
    {
      name: 'tries again when the wait is over',
      given: {
        jit: KEPT,
        runner: aRunner('a', {
          status: { phase: 'Pending', failures: failures(1, '2026-01-01T00:00:55Z') },
        }),
      },
      does: ['create-pod: it has no pod'],
    },
    {
      name: '54: gets another pod when its first one was deleted before it ran',
      given: { jit: KEPT },
      does: ['create-pod: it has no pod'],
    },
    {
      name: 'is replaced when its pod vanished after it ran',
      given: { runner: idle, jit: KEPT },
      does: ['replace: its pod vanished'],
    },
    {
      name: 'is replaced, and the job named, when its pod vanished under a job',
      given: { runner: busy },
      does: [`record-loss: ${JOB} lost its pod: its pod vanished`, 'replace: its job is lost'],
    },
    {
      name: 'gets no other pod when its job is heard of only after its pod failed',
      given: {
        runner: aRunner('a', {
          status: {
            phase: 'Pending',
            failures: { 'pod-of-a': '2026-01-01T00:00:59Z' },
            jobId: '9',
          },
        }),
        jit: KEPT,
        fate: 'Error: the runner ended with exit code 137',
      },
      does: [
        'record-loss: its job lost its pod: Error: the runner ended with exit code 137',
        'replace: its job is lost',
      ],
    },
  ])('$name', ({ given, does }) => {
    expect(steps(given)).toEqual(does);
  });

  test.each([
    [1, 5],
    [2, 10],
    [3, 20],
    [4, 40],
    [5, 80],
  ])('36: after %i failures waits %i s', (count, seconds) => {
    const at = new Date(NOW).toISOString();
    const runner = aRunner('a', { status: { phase: 'Pending', failures: failures(count, at) } });
    expect(plan(observed({ runner }))).toEqual([
      { do: 'wait', ms: seconds * 1000, because: 'its last pod failed' },
    ]);
  });
});

describe('a runner with a pod', () => {
  const fresh = aNewRunner();
  test.each<{ name: string; given: Partial<Observed>; does: string[] }>([
    {
      name: 'writes nothing while its pod is new',
      given: { pod: aNewPod(fresh) },
      does: ['wait: its container has not started'],
    },
    {
      name: 'says so when it runs',
      given: { pod: aRunningPod(fresh), jit: KEPT },
      does: ['report: its pod is running'],
    },
    {
      name: '68: stays quiet in a running pod without container statuses',
      given: { pod: aPod(fresh, { phase: 'Running' }) },
      does: ['wait: its container has not started'],
    },
    {
      name: '66: follows its pod back to pending',
      given: { runner: idle, pod: aPod(idle, { phase: 'Pending' }) },
      does: ['report: its pod is pending', 'wait: its container has not started'],
    },
    {
      name: '72: keeps its phase when the pod succeeded without its container having ended',
      given: { runner: idle, pod: aPod(idle, { phase: 'Succeeded' }) },
      does: ['wait: its container has not started'],
    },
    {
      name: 'BUG-9: is not registered again when its Secret is lost',
      given: { pod: aNewPod(fresh), jit: { is: 'absent' } },
      does: ['wait: its container has not started'],
    },
    {
      name: '73: ends when its container ended well',
      given: { runner: busy, pod: aFinishedPod(busy, 0) },
      does: ['end: its runner ended well'],
    },
    {
      name: '60, 61: ends well although the pod failed',
      given: {
        pod: aPod(fresh, {
          phase: 'Failed',
          containerStatuses: [{ name: 'runner', state: { terminated: { exitCode: 0 } } }],
        }),
      },
      does: ['end: its runner ended well'],
    },
    {
      name: 'is outdated after exit code 7',
      given: { runner: idle, pod: aFinishedPod(idle, 7) },
      does: ['report: its runner is too old for GitHub'],
    },
    {
      name: '57: counts a failed pod, then deletes it',
      given: { runner: pending, pod: aLostPod(pending) },
      does: ['report: its pod failed: Evicted', 'delete-pod: its failure is counted'],
    },
    {
      name: '62: counts a pod whose runner failed, which another registration is needed for',
      given: { runner: pending, pod: aFinishedPod(pending, 1) },
      does: [
        'discard-secret: its registration is spent',
        'report: its pod failed: Error',
        'delete-pod: its failure is counted',
      ],
    },
    {
      name: '70: counts a pod that was evicted after its runner ran, in the same way',
      given: { runner: idle, pod: aLostPod(idle) },
      does: [
        'discard-secret: its registration is spent',
        'report: its pod failed: Evicted',
        'delete-pod: its failure is counted',
      ],
    },
    {
      name: '71: counts a pod that the node refused',
      given: { runner: pending, pod: aLostPod(pending, 'OutOfpods') },
      does: ['report: its pod failed: OutOfpods', 'delete-pod: its failure is counted'],
    },
    {
      name: '58: counts a pod whose init container failed',
      given: { runner: pending, pod: aPod(pending, SETUP_FAILED) },
      does: ['report: its pod failed: InitContainerFailed', 'delete-pod: its failure is counted'],
    },
    {
      name: '59: is replaced when an init container failed under a job',
      given: { runner: busy, pod: aPod(busy, SETUP_FAILED) },
      does: [
        `record-loss: ${JOB} lost its pod: InitContainerFailed: init container setup ended with exit code 1`,
        'replace: its job is lost',
      ],
    },
    {
      name: 'deletes a failed pod that it counted before it was interrupted',
      given: {
        runner: aRunner('a', {
          status: { phase: 'Pending', failures: { 'pod-of-a': '2026-01-01T00:00:58Z' } },
        }),
        pod: aLostPod(idle),
      },
      does: ['delete-pod: its failure is counted'],
    },
    {
      name: 'counts a pod once, and waits for its end',
      given: {
        runner: aRunner('a', {
          status: { phase: 'Pending', failures: { 'pod-of-a': '2026-01-01T00:00:58Z' } },
        }),
        pod: aFinishedPod(idle, 1, deleting),
      },
      does: [],
    },
    {
      name: '69: is replaced when it fails once too often',
      given: {
        runner: aRunner('a', { status: { phase: 'Pending', failures: failures(5) } }),
        pod: aFinishedPod(idle, 1),
      },
      does: ['replace: its pods keep failing: Error'],
    },
    {
      name: '55: is replaced when it fails under a job',
      given: { runner: busy, pod: aFinishedPod(busy, 1) },
      does: [
        `record-loss: ${JOB} lost its pod: Error: the runner ended with exit code 1`,
        'replace: its job is lost',
      ],
    },
    {
      name: '56: is replaced when its pod is lost under a job',
      given: { runner: busy, pod: aLostPod(busy) },
      does: [
        `record-loss: ${JOB} lost its pod: Evicted: the node was low on memory`,
        'replace: its job is lost',
      ],
    },
    {
      name: 'is left as it is when it is done, without its pod',
      given: { runner: aRunner('a', { status: { phase: 'Failed' } }), pod: aNewPod(idle) },
      does: ['delete-pod: its runner is done'],
    },
    {
      name: 'is left as it is when it is done and its pod is gone',
      given: { runner: aRunner('a', { status: { phase: 'Outdated' } }) },
      does: [],
    },
  ])('$name', ({ given, does }) => {
    expect(steps(given)).toEqual(does);
  });

  test('writes its whole status at once when it runs, and none of the fields of its job', () => {
    expect(plan(observed({ pod: aRunningPod(fresh), jit: KEPT }))).toEqual([
      {
        do: 'report',
        because: 'its pod is running',
        status: {
          phase: 'Running',
          ready: true,
          runnerId: 7,
          runnerName: 'a',
          conditions: [
            {
              type: 'Ready',
              status: 'True',
              reason: 'Running',
              message: 'its pod is ready',
              observedGeneration: 1,
              lastTransitionTime: '2026-01-01T00:01:00Z',
            },
          ],
        },
      },
    ]);
  });

  test('writes nothing when its status says so already', () => {
    const runner = aRunner('a', { status: { ready: true } });
    expect(plan(observed({ runner, pod: aRunningPod(runner), jit: { is: 'unread' } }))).toEqual([]);
  });

  test('is pending again while its failed pod is replaced', () => {
    const [, report] = plan(observed({ runner: idle, pod: aLostPod(idle) }));
    expect(report).toMatchObject({
      status: {
        // Its next one comes from the next Secret.
        runnerId: null,
        phase: 'Pending',
        reason: 'Evicted',
        message: 'the node was low on memory',
        failures: { 'pod-of-a': '2026-01-01T00:01:00Z' },
      },
      event: { type: 'Warning', reason: 'PodFailed' },
    });
  });
});

describe('a runner that is being deleted', () => {
  const runner = aRunner('a', { metadata: deleting });
  const worker = aRunner('a', { metadata: deleting, status: { jobId: '7' } });
  const atWork = { runner: worker, pod: aRunningPod(worker) };
  test.each<{ name: string; given: Partial<Observed>; does: string[] }>([
    {
      name: 'is let go by GitHub first, and by us last',
      given: {},
      does: [
        'deregister: it is being deleted',
        'clean-up: GitHub let go of it',
        'release: nothing of it is left',
      ],
    },
    {
      name: 'keeps its pod until its set has counted it',
      given: { settled: false },
      does: ['deregister: it is being deleted', 'wait: its set has not counted it yet'],
    },
    {
      name: 'waits for the count',
      given: { settled: false, deregisteredAt: NOW },
      does: ['wait: its set has not counted it yet'],
    },
    {
      name: 'goes when it was counted, without asking GitHub again',
      given: { deregisteredAt: NOW },
      does: ['clean-up: GitHub let go of it', 'release: nothing of it is left'],
    },
    {
      name: 'lets a runner whose job is over end by itself',
      given: { ...atWork, deregisteredAt: NOW - 29_000 },
      does: ['wait: its runner is about to end'],
    },
    {
      name: 'does not wait for it for ever',
      given: { ...atWork, deregisteredAt: NOW - 30_000 },
      does: ['clean-up: GitHub let go of it', 'release: nothing of it is left'],
    },
    {
      name: 'waits for no goodbye when force is the word',
      given: { ...atWork, deregisteredAt: NOW, farewell: { word: 'force', deadlineMs: Infinity } },
      does: ['clean-up: GitHub let go of it', 'release: nothing of it is left'],
    },
    {
      name: 'has nothing to do with it once it is released',
      given: { runner: aRunner('a', { metadata: { ...deleting, finalizers: ['else/where'] } }) },
      does: [],
    },
  ])('$name', ({ given, does }) => {
    expect(steps({ runner, ...given })).toEqual(does);
  });
});
