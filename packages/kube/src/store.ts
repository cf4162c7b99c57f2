// The objects of a cache with their indexes. Tells each change once, after it has happened.
import type { At, KubeObject, Metadata } from './object.ts';
import type { Change, Log } from './types.ts';

type Index<T> = (object: T) => string[];

export interface StoreOptions<T> {
  indexes: Record<string, Index<T>>;
  log: Log;
}

const keyOf = ({ namespace = '', name }: At): string => `${namespace}/${name}`;

export class Store<T extends KubeObject> {
  readonly #log: Log;
  readonly #objects = new Map<string, T>();
  /** Keys by namespace. */
  readonly #namespaces = new Map<string, Set<string>>();
  readonly #indexes: { name: string; of: Index<T>; keys: Map<string, Set<string>> }[];
  readonly #listeners = new Set<(change: Change<T>) => void>();

  constructor({ indexes, log }: StoreOptions<T>) {
    this.#log = log;
    this.#indexes = Object.entries(indexes).map(([name, of]) => ({ name, of, keys: new Map() }));
  }

  get size(): number {
    return this.#objects.size;
  }

  get(at: At): T | undefined {
    return this.#objects.get(keyOf(at));
  }

  list(namespace?: string): T[] {
    if (namespace === undefined) return [...this.#objects.values()];
    return this.#all(this.#namespaces.get(namespace));
  }

  /** Throws when there is no such index: that is a slip of the programmer. */
  find(name: string, value: string): T[] {
    const index = this.#indexes.find((candidate) => candidate.name === name);
    if (index === undefined) throw new TypeError(`there is no index "${name}"`);
    return this.#all(index.keys.get(value));
  }

  onChange(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** An object as the server has it now; one that is held already changes nothing. */
  put(object: T): void {
    const before = this.#swap(object);
    if (before === 'same') return;
    this.#tell(
      before === undefined ? { type: 'added', object } : { type: 'modified', object, before },
    );
  }

  /** `last` is the object as it was when it went. */
  remove(last: T): void {
    if (this.#drop(last.metadata)) this.#tell({ type: 'deleted', object: last });
  }

  /** A new list of a namespace, or of all. The whole copy is new before the first change is told. */
  replace(items: readonly T[], namespace?: string): void {
    const listed = new Set(items.map(({ metadata }) => keyOf(metadata)));
    const gone = this.list(namespace).filter(({ metadata }) => !listed.has(keyOf(metadata)));
    const changes: Change<T>[] = [];
    for (const object of gone) {
      this.#drop(object.metadata);
      changes.push({ type: 'deleted', object });
    }
    for (const object of items) {
      const before = this.#swap(object);
      if (before === 'same') continue;
      changes.push(
        before === undefined ? { type: 'added', object } : { type: 'modified', object, before },
      );
    }
    for (const change of changes) this.#tell(change);
  }

  #all(keys: Iterable<string> = []): T[] {
    const found: T[] = [];
    for (const key of keys) {
      const object = this.#objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  }

  #swap(object: T): T | undefined | 'same' {
    const { metadata } = object;
    const key = keyOf(metadata);
    const before = this.#objects.get(key);
    if (before !== undefined && isSame(before.metadata, metadata)) return 'same';
    if (before !== undefined) this.#unindex(key, before);
    this.#objects.set(key, object);
    addTo(this.#namespaces, metadata.namespace ?? '', key);
    for (const index of this.#indexes) {
      for (const value of this.#valuesOf(index, object)) addTo(index.keys, value, key);
    }
    return before;
  }

  #drop(at: At): boolean {
    const key = keyOf(at);
    const object = this.#objects.get(key);
    if (object === undefined) return false;
    this.#objects.delete(key);
    removeFrom(this.#namespaces, at.namespace ?? '', key);
    this.#unindex(key, object);
    return true;
  }

  #unindex(key: string, object: T): void {
    for (const index of this.#indexes) {
      for (const value of this.#valuesOf(index, object)) removeFrom(index.keys, value, key);
    }
  }

  // A user's object may be such that an index trips over it. It must not stop the others.
  #valuesOf({ name, of }: { name: string; of: Index<T> }, object: T): string[] {
    try {
      return of(object);
    } catch (error) {
      this.#log.error('an index failed', { index: name, object: object.metadata.name, error });
      return [];
    }
  }

  #tell(change: Change<T>): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        this.#log.error('a listener of a cache failed', { kind: change.object.kind, error });
      }
    }
  }
}

const isSame = (a: Metadata, b: Metadata): boolean =>
  a.uid === b.uid && a.resourceVersion === b.resourceVersion;

function addTo(sets: Map<string, Set<string>>, name: string, key: string): void {
  const set = sets.get(name);
  if (set === undefined) sets.set(name, new Set([key]));
  else set.add(key);
}

function removeFrom(sets: Map<string, Set<string>>, name: string, key: string): void {
  const set = sets.get(name);
  set?.delete(key);
  if (set?.size === 0) sets.delete(name);
}
