import { describe, expect, test } from 'vitest';
import { byAge, ownedBy, withCondition, withoutFinalizers } from './meta.ts';
import { FINALIZERS } from './names.ts';
import { aRunner, aRunnerSet } from './testing/index.ts';
import type { Condition } from './meta.ts';

describe('withCondition', () => {
  const ready: Condition = {
    type: 'Ready',
    status: 'True',
    reason: 'Listening',
    message: 'it listens',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };

  test('keeps the time while the status stays', () => {
    const next = {
      ...ready,
      message: 'it still listens',
      lastTransitionTime: '2026-01-02T00:00:00Z',
    };
    expect(withCondition([ready], next)).toEqual([
      { ...next, lastTransitionTime: ready.lastTransitionTime },
    ]);
  });

  test('moves the time with the status', () => {
    const next: Condition = {
      ...ready,
      status: 'False',
      lastTransitionTime: '2026-01-02T00:00:00Z',
    };
    expect(withCondition([ready], next)).toEqual([next]);
  });

  test('leaves the others, in the order of their types', () => {
    const other: Condition = { ...ready, type: 'Blocked' };
    expect(withCondition([ready], other).map(({ type }) => type)).toEqual(['Blocked', 'Ready']);
  });
});

test('an owner reference names the owner as its controller', () => {
  expect(ownedBy(aRunnerSet())).toEqual({
    apiVersion: 'actions.github.com/v1alpha1',
    kind: 'AutoscalingRunnerSet',
    name: 'linux',
    uid: 'uid-of-linux',
    controller: true,
    blockOwnerDeletion: true,
  });
});

test('both finalizers of a runner go in one list', () => {
  const runner = aRunner('a', {
    metadata: { finalizers: ['else/where', FINALIZERS.runner, FINALIZERS.registration] },
  });
  expect(withoutFinalizers(runner, [FINALIZERS.runner, FINALIZERS.registration])).toEqual([
    'else/where',
  ]);
});

test('objects of the same second are ordered by name', () => {
  const at = (name: string, creationTimestamp: string): ReturnType<typeof aRunner> =>
    aRunner(name, { metadata: { creationTimestamp } });
  const sorted = [
    at('b', '2026-01-01T00:00:01Z'),
    at('c', '2026-01-01T00:00:00Z'),
    at('a', '2026-01-01T00:00:01Z'),
  ].sort(byAge);
  expect(sorted.map(({ metadata }) => metadata.name)).toEqual(['c', 'a', 'b']);
});
