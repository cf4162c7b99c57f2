import { describe, expect, test } from 'vitest';
import { Store } from './store.ts';
import { recordedLog, silentLog } from './testing/index.ts';
import type { KubeObject } from './object.ts';
import type { Change } from './types.ts';

interface Owned extends KubeObject {
  owner?: string;
}

const an = (
  name: string,
  {
    version = 1,
    owner,
    namespace = 'n',
  }: { version?: number; owner?: string; namespace?: string } = {},
): Owned => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: {
    name,
    namespace,
    uid: `uid-${name}`,
    resourceVersion: String(version),
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  ...(owner === undefined ? {} : { owner }),
});

const byOwner = { owner: ({ owner }: Owned) => (owner === undefined ? [] : [owner]) };
const names = (objects: Owned[]): string[] => objects.map(({ metadata }) => metadata.name).sort();

function aStore(): { store: Store<Owned>; told: string[] } {
  const store = new Store<Owned>({ indexes: byOwner, log: silentLog });
  const told: string[] = [];
  store.onChange(({ type, object }: Change<Owned>) => {
    told.push(`${type} ${object.metadata.name}@${object.metadata.resourceVersion}`);
  });
  return { store, told };
}

describe('the store', () => {
  test('finds an object by where it belongs now, not by where it belonged', () => {
    const { store } = aStore();
    store.put(an('a', { owner: 'x' }));
    store.put(an('b', { owner: 'x' }));
    store.put(an('a', { owner: 'y', version: 2 }));
    expect(names(store.find('owner', 'x'))).toEqual(['b']);
    expect(names(store.find('owner', 'y'))).toEqual(['a']);
    store.remove(an('a'));
    expect(store.find('owner', 'y')).toEqual([]);
  });

  test('tells of a new list only what differs', () => {
    const { store, told } = aStore();
    store.replace([an('a'), an('b'), an('c')]);
    told.splice(0);
    store.replace([an('a'), an('b', { version: 5 }), an('d', { version: 6 })]);
    expect(told).toEqual(['deleted c@1', 'modified b@5', 'added d@6']);
  });

  test('replaces one namespace without touching another', () => {
    const { store } = aStore();
    store.replace([an('a', { namespace: 'one' })], 'one');
    store.replace([an('b', { namespace: 'two' })], 'two');
    store.replace([], 'one');
    expect(names(store.list())).toEqual(['b']);
    expect(store.list('one')).toEqual([]);
  });

  test('is complete before the first change of a new list is told', () => {
    const { store } = aStore();
    const seen: number[] = [];
    store.onChange(() => seen.push(store.size));
    store.replace([an('a'), an('b'), an('c')]);
    expect(seen).toEqual([3, 3, 3]);
  });

  test('a failing listener or index stops neither the others nor the store', () => {
    const log = recordedLog();
    const store = new Store<Owned>({
      indexes: {
        ...byOwner,
        broken: () => {
          throw new Error('no such field');
        },
      },
      log,
    });
    const heard: string[] = [];
    store.onChange(() => {
      throw new Error('oh');
    });
    store.onChange(({ type }) => heard.push(type));
    store.put(an('a', { owner: 'x' }));
    expect(heard).toEqual(['added']);
    expect(names(store.find('owner', 'x'))).toEqual(['a']);
    expect(log.lines.map(({ message }) => message)).toEqual([
      'an index failed',
      'a listener of a cache failed',
    ]);
  });
});
