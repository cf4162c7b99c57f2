// Which events wake whom: the promise of reference/controllers.md 2.1.
import { ownedBy } from '@muster/api';
import { aListener, aRunner, aRunnerSet, aSet } from '@muster/api/testing';
import { createSteppedClock } from '@muster/kube/testing';
import type { SteppedClock } from '@muster/kube/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Change, KubeObject } from '@muster/kube';
import type { Caches } from './deps.ts';
import { wire } from './wiring.ts';

type Listen = (change: Change<KubeObject>) => void;

const NAMES = [
  'runnerSets',
  'listeners',
  'sets',
  'runners',
  'pods',
  'serviceAccounts',
  'roles',
  'roleBindings',
] as const;

let tell: Map<string, Listen>;
let held: Record<string, KubeObject[]>;
let woken: string[];
let expired: number;
let stop: () => void;
let clock: SteppedClock;

beforeEach(() => {
  [tell, held, woken, expired] = [new Map<string, Listen>(), {}, [], 0];
  clock = createSteppedClock(0);
  const caches = Object.fromEntries(
    NAMES.map((name) => [
      name,
      {
        list: () => held[name] ?? [],
        find: () => held[name] ?? [],
        onChange: (listen: Listen) => {
          tell.set(name, listen);
          return () => tell.delete(name);
        },
      },
    ]),
  ) as unknown as Caches;
  const loop = (name: string) => ({ wake: (key: string) => void woken.push(`${name} ${key}`) });
  const loops = {
    runnerSets: loop('runner set'),
    listeners: loop('listener'),
    sets: loop('set'),
    runners: loop('runner'),
    lostJobs: loop('lost jobs'),
  };
  stop = wire(caches, loops, { clock, stores: [{ expire: () => (expired += 1) }] });
});

afterEach(() => {
  stop();
});

const modified = (object: KubeObject, before = object): Change<KubeObject> => ({
  type: 'modified',
  object,
  before,
});

const owned = <T extends KubeObject>(object: T, owner: Parameters<typeof ownedBy>[0]): T => ({
  ...object,
  metadata: { ...object.metadata, ownerReferences: [ownedBy(owner)] },
});

const pod = (owner: Parameters<typeof ownedBy>[0]): KubeObject =>
  owned({ ...aRunner('a'), kind: 'Pod' }, owner);

const listened = (state: string) =>
  aSet({ status: { currentReplicas: 0, listener: { state, instance: 'i' } } });

test.each<{ name: string; cache: string; change: Change<KubeObject>; wakes: string[] }>([
  {
    name: 'a runner set itself',
    cache: 'runnerSets',
    change: modified(aRunnerSet()),
    wakes: ['runner set runners/linux'],
  },
  {
    name: 'a listener its runner set, across namespaces',
    cache: 'listeners',
    change: modified(aListener()),
    wakes: ['listener muster-system/linux-listener', 'runner set runners/linux'],
  },
  {
    name: 'a set its runner set, and no listener for a count',
    cache: 'sets',
    change: modified(owned(aSet(), aRunnerSet())),
    wakes: ['set runners/linux', 'runner set runners/linux'],
  },
  {
    name: 'a set its listener, for what its process says',
    cache: 'sets',
    change: modified(listened('listening'), listened('starting')),
    wakes: ['set runners/linux', 'listener muster-system/linux-listener'],
  },
  {
    name: 'a runner its set',
    cache: 'runners',
    change: modified(owned(aRunner('a'), aSet())),
    wakes: ['runner runners/a', 'set runners/linux'],
  },
  {
    name: 'a pod its listener',
    cache: 'pods',
    change: modified(pod(aListener())),
    wakes: ['listener runners/linux-listener'],
  },
  {
    name: 'a role the listener that its labels name',
    cache: 'roles',
    change: modified({
      ...aSet(),
      metadata: {
        ...aSet().metadata,
        labels: {
          'auto-scaling-listener-namespace': 'muster-system',
          'auto-scaling-listener-name': 'linux-listener',
        },
      },
    }),
    wakes: ['listener muster-system/linux-listener'],
  },
  { name: 'a stranger’s pod nobody', cache: 'pods', change: modified(aRunner('a')), wakes: [] },
])('$name', ({ cache, change, wakes }) => {
  held = { listeners: [aListener()] };
  tell.get(cache)?.(change);
  expect(woken).toEqual(wakes);
});

test('BUG-17: each minute listeners look again, after what was read has expired', () => {
  held = { listeners: [aListener()] };
  clock.advance(59_999);
  expect(woken).toEqual([]);
  clock.advance(1);
  expect(expired).toBe(1);
  expect(woken).toEqual(['listener muster-system/linux-listener']);
  clock.advance(60_000);
  expect(woken).toHaveLength(2);
});

test('once stopped it hears nothing', () => {
  stop();
  clock.advance(600_000);
  expect(tell.size).toBe(0);
  expect(woken).toEqual([]);
});

test('a runner set with lost jobs wakes what runs them again, and one without does not', () => {
  tell.get('runnerSets')?.(modified(aRunnerSet()));
  expect(woken).toEqual(['runner set runners/linux']);
  const lostJobs = { a: { cause: 'Evicted', at: '2026-01-01T00:00:00Z' } };
  tell.get('runnerSets')?.(modified(aRunnerSet({ status: { lostJobs } })));
  expect(woken.slice(1)).toEqual(['runner set runners/linux', 'lost jobs runners/linux']);
});
