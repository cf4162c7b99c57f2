import { aRunner } from '@muster/api/testing';
import type { Pod } from '@muster/kube';
import { describe, expect, test } from 'vitest';
import { isLost, isPodReady, runnerPod, spendsSlot } from './runner-pod.ts';
import { aFinishedPod, aLostPod, aNewPod, aPod, aRunningPod } from './testing-pods.ts';

const runner = aRunner('a');
const ended = (exitCode: number) => ({ terminated: { exitCode } });

describe('what a pod tells of its runner', () => {
  test.each<{ name: string; pod: Pod | undefined; is: string }>([
    { name: 'no pod', pod: undefined, is: 'absent' },
    { name: 'a pod without container statuses', pod: aNewPod(runner), is: 'starting' },
    { name: 'a running container', pod: aRunningPod(runner), is: 'running' },
    { name: 'a container that ended', pod: aFinishedPod(runner, 137), is: 'finished' },
    { name: 'an evicted pod', pod: aLostPod(runner), is: 'failed' },
    {
      name: 'an init container that failed, in a pod that is still pending',
      pod: aPod(runner, {
        phase: 'Pending',
        initContainerStatuses: [{ name: 'setup', state: ended(1) }],
      }),
      is: 'failed',
    },
    {
      name: 'BUG-19: a runner that ended well beside an init container that did not',
      pod: aPod(runner, {
        phase: 'Failed',
        initContainerStatuses: [{ name: 'dind', state: ended(2) }],
        containerStatuses: [{ name: 'runner', state: ended(0) }],
      }),
      is: 'finished',
    },
    {
      name: 'BUG-19: a sidecar that ended under a running runner',
      pod: {
        ...aPod(runner, {
          phase: 'Running',
          initContainerStatuses: [{ name: 'dind', state: ended(2) }],
          containerStatuses: [{ name: 'runner', state: { running: {} } }],
        }),
        spec: { containers: [], initContainers: [{ name: 'dind', restartPolicy: 'Always' }] },
      },
      is: 'running',
    },
  ])('$name: $is', ({ pod, is }) => {
    expect(runnerPod(pod).is).toBe(is);
  });
});

test('67: of several words on readiness the newest counts, and one without a time does not', () => {
  const ready = (status: 'True' | 'False', at?: string) => ({
    type: 'Ready',
    status,
    ...(at !== undefined && { lastTransitionTime: at }),
  });
  const pod = aPod(runner, {
    conditions: [
      ready('True', '2026-01-01T00:00:01Z'),
      ready('False', '2026-01-01T00:00:02Z'),
      ready('True'),
    ],
  });
  expect(isPodReady(pod)).toBe(false);
});

describe('a slot', () => {
  const busy = aRunner('b', { status: { jobId: '7' } });
  test.each([
    {
      name: 'is spent by a job, whatever became of the pod',
      by: busy,
      pod: undefined,
      spends: true,
    },
    { name: 'is spent by ending well', by: runner, pod: aFinishedPod(runner, 0), spends: true },
    { name: 'is not spent by failing', by: runner, pod: aFinishedPod(runner, 1), spends: false },
    { name: 'is not spent by vanishing', by: runner, pod: undefined, spends: false },
    {
      name: 'is not spent by ending because the pod was told to',
      by: runner,
      pod: aFinishedPod(runner, 0, { deletionTimestamp: '2026-01-01T00:00:09Z' }),
      spends: false,
    },
  ])('$name', ({ by, pod, spends }) => {
    expect(spendsSlot(by, pod)).toBe(spends);
  });
});

test.each([
  { name: 'gone', pod: undefined, is: true },
  { name: 'evicted', pod: aLostPod(aRunner('a')), is: true },
  { name: 'ended badly', pod: aFinishedPod(aRunner('a'), 137), is: true },
  { name: 'ended well', pod: aFinishedPod(aRunner('a'), 0), is: false },
  { name: 'running', pod: aRunningPod(aRunner('a')), is: false },
  { name: 'new', pod: aNewPod(aRunner('a')), is: false },
])('a pod that is $name is lost: $is', ({ pod, is }) => {
  expect(isLost(pod)).toBe(is);
});
