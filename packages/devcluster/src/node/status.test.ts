import { describe, expect, test } from 'vitest';
import { markRunning, markTerminated, markWaiting, newRecord } from './container-record.ts';
import type { ContainerRecord } from './container-record.ts';
import type { Container, Pod } from './pod.ts';
import { phaseOf, podStatus } from './status.ts';
import type { PodFacts } from './status.ts';

const AT = '2026-11-21T10:00:00Z';
const LATER = '2026-11-21T10:05:00Z';

const waiting = (more: Partial<Container> = {}): ContainerRecord =>
  newRecord({ name: 'main', ...more }, 'ContainerCreating');

function running(more: Partial<Container> = {}): ContainerRecord {
  const record = waiting(more);
  markRunning(record, AT, 'process://1');
  return record;
}

function ended(exitCode: number, more: Partial<Container> = {}): ContainerRecord {
  const record = running(more);
  markTerminated(record, { exitCode }, { startedAt: AT, finishedAt: AT });
  record.final = true;
  return record;
}

function backingOff(): ContainerRecord {
  const record = ended(1);
  record.final = false;
  markWaiting(record, 'CrashLoopBackOff');
  return record;
}

const sidecar = { name: 'side', restartPolicy: 'Always' };

const pod: Pod = {
  metadata: { name: 'a', namespace: 'default', uid: 'u' },
  spec: { containers: [{ name: 'main' }] },
};

const facts = (more: Partial<PodFacts>): PodFacts => ({
  pod,
  init: [],
  main: [waiting()],
  podIp: '127.1.2.3',
  startTime: AT,
  prepared: true,
  now: AT,
  ...more,
});

describe('the phase', () => {
  const deleted = waiting();
  deleted.final = true;
  test.each<{ name: string; more: Partial<PodFacts>; phase: string }>([
    { name: 'nothing has started', more: {}, phase: 'Pending' },
    { name: 'one of two runs', more: { main: [running(), waiting()] }, phase: 'Running' },
    { name: 'a container waits to be restarted', more: { main: [backingOff()] }, phase: 'Running' },
    { name: 'one of two has ended', more: { main: [ended(0), running()] }, phase: 'Running' },
    { name: 'all ended well', more: { main: [ended(0), ended(0)] }, phase: 'Succeeded' },
    { name: 'one ended badly', more: { main: [ended(0), ended(1)] }, phase: 'Failed' },
    { name: 'a step ended badly for good', more: { init: [ended(1)] }, phase: 'Failed' },
    { name: 'a step runs', more: { init: [running()] }, phase: 'Pending' },
    {
      name: 'a sidecar still runs',
      more: { init: [running(sidecar)], main: [ended(0)] },
      phase: 'Running',
    },
    {
      name: 'a sidecar ended badly after the main one ended well',
      more: { init: [ended(137, sidecar)], main: [ended(0)] },
      phase: 'Succeeded',
    },
    { name: 'it was deleted before its step ran', more: { init: [deleted] }, phase: 'Pending' },
    {
      name: 'its time is over, but it still runs',
      more: { main: [running()], failure: { reason: 'DeadlineExceeded', message: '' } },
      phase: 'Running',
    },
    {
      name: 'its time is over, and what ran has ended well',
      more: { main: [ended(0)], failure: { reason: 'DeadlineExceeded', message: '' } },
      phase: 'Failed',
    },
  ])('$name: $phase', ({ more, phase }) => {
    expect(phaseOf(facts(more))).toBe(phase);
  });
});

describe('the conditions', () => {
  const of = (more: Partial<PodFacts>): Record<string, string | undefined> =>
    Object.fromEntries(
      (podStatus(facts(more)).conditions ?? []).map(({ type, status, reason }) => [
        type,
        reason === undefined ? status : `${status} ${reason}`,
      ]),
    );

  test('a pod whose containers run is ready', () => {
    expect(of({ main: [running()] })).toEqual({
      PodReadyToStartContainers: 'True',
      Initialized: 'True',
      Ready: 'True',
      ContainersReady: 'True',
      PodScheduled: 'True',
    });
  });

  test('a readiness probe that has not answered holds it back', () => {
    expect(of({ main: [running({ readinessProbe: {} })] })).toMatchObject({
      Ready: 'False ContainersNotReady',
      ContainersReady: 'False ContainersNotReady',
    });
  });

  test('a readiness gate holds the pod back, not its containers', () => {
    const gated = { ...pod, spec: { ...pod.spec, readinessGates: [{ conditionType: 'x' }] } };
    expect(of({ pod: gated, main: [running()] })).toMatchObject({
      Ready: 'False ReadinessGatesNotReady',
      ContainersReady: 'True',
    });
  });

  test('a finished pod is not ready because it is complete', () => {
    expect(of({ main: [ended(0)] })).toMatchObject({
      Initialized: 'True PodCompleted',
      Ready: 'False PodCompleted',
    });
  });

  test('a time changes only with its status, and what others wrote stays', () => {
    const before = podStatus(facts({ main: [running()] }));
    const theirs = { type: 'Theirs', status: 'True' as const, lastTransitionTime: AT };
    const conditions = [...(before.conditions ?? []), theirs];
    const known = { ...pod, status: { ...before, conditions } };
    const after = podStatus(facts({ pod: known, main: [ended(0)], now: LATER }));
    const times = after.conditions?.map(({ type, lastTransitionTime }) => [
      type,
      lastTransitionTime,
    ]);
    expect(Object.fromEntries(times ?? [])).toEqual({
      PodReadyToStartContainers: LATER,
      Initialized: AT,
      Ready: LATER,
      ContainersReady: LATER,
      PodScheduled: AT,
      Theirs: AT,
    });
  });
});
