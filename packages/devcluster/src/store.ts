// All objects, their versions and their history. Knows no HTTP and no rule of any kind.
import type { KubeObject } from './object.ts';

export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** The table: `pods`, `roles.rbac.authorization.k8s.io`. */
  table: string;
  object: KubeObject;
  /** The object before it, for `MODIFIED` and `DELETED`. */
  before?: KubeObject;
  version: number;
}

export interface Place {
  namespace?: string | undefined;
  name: string;
}

export interface Dependent {
  table: string;
  object: KubeObject;
}

type Listener = (event: StoreEvent) => void;

interface Table {
  /** Namespace (empty for what has none) to name to object. */
  spaces: Map<string, Map<string, KubeObject>>;
  history: StoreEvent[];
  /** Events up to this version are forgotten. */
  forgotten: number;
  changedAt: number;
  listeners: Set<Listener>;
}

const byName = (a: [string, unknown], b: [string, unknown]): number => (a[0] < b[0] ? -1 : 1);

/** Nothing was written yet, so nobody has read anything at it. */
const FIRST = 1;

/** One counter versions every object, as in etcd. */
export class Store {
  readonly #tables = new Map<string, Table>();
  readonly #dependents = new Map<string, Map<string, Dependent>>();
  readonly #observers = new Set<Listener>();
  readonly #historyLimit: number;
  #version = FIRST;

  constructor(historyLimit: number) {
    this.#historyLimit = historyLimit;
  }

  get version(): number {
    return this.#version;
  }

  /** The version of the last change in this table. */
  changedAt(table: string): number {
    return this.#table(table).changedAt;
  }

  get(table: string, { namespace = '', name }: Place): KubeObject | undefined {
    return this.#table(table).spaces.get(namespace)?.get(name);
  }

  /** By namespace and name, as etcd orders its keys. */
  list(table: string, namespace?: string): KubeObject[] {
    const { spaces } = this.#table(table);
    const chosen =
      namespace === undefined
        ? [...spaces].sort(byName)
        : [[namespace, spaces.get(namespace)] as const];
    return chosen.flatMap(([, space]) =>
      space === undefined ? [] : [...space].sort(byName).map(([, object]) => object),
    );
  }

  /** The list as it was at a version, or `expired` when that is no longer known. */
  listAt(table: string, namespace: string | undefined, version: number): KubeObject[] | 'expired' {
    const since = version >= this.#version ? [] : this.since(table, version);
    if (since === 'expired') return since;
    if (since.length === 0) return this.list(table, namespace);
    const keyOf = ({ metadata }: KubeObject): string =>
      `${metadata.namespace ?? ''}/${metadata.name}`;
    const then = new Map(this.list(table).map((object) => [keyOf(object), object]));
    for (const { type, object, before } of since.reverse()) {
      if (type === 'ADDED' || before === undefined) then.delete(keyOf(object));
      else then.set(keyOf(object), before);
    }
    return [...then]
      .filter(([, { metadata }]) => namespace === undefined || metadata.namespace === namespace)
      .sort(byName)
      .map(([, object]) => object);
  }

  count(table: string, namespace: string): number {
    return this.#table(table).spaces.get(namespace)?.size ?? 0;
  }

  tables(): string[] {
    return [...this.#tables.keys()];
  }

  /** Stores the object under a new version and tells everybody; gives what was stored. */
  put(table: string, object: KubeObject): KubeObject {
    const { spaces } = this.#table(table);
    const { namespace = '', name } = object.metadata;
    const space = spaces.get(namespace) ?? new Map<string, KubeObject>();
    const before = space.get(name);
    const stored = this.#stamp(object);
    spaces.set(namespace, space);
    space.set(name, stored);
    this.#unlink(before);
    this.#link(table, stored);
    this.#emit(
      before === undefined
        ? { type: 'ADDED', table, object: stored, version: this.#version }
        : { type: 'MODIFIED', table, object: stored, before, version: this.#version },
    );
    return stored;
  }

  /** Takes the object away; its last state carries the version of its deletion. */
  remove(table: string, object: KubeObject): KubeObject {
    const { spaces } = this.#table(table);
    const { namespace = '', name } = object.metadata;
    const space = spaces.get(namespace);
    const before = space?.get(name) ?? object;
    this.#unlink(before);
    space?.delete(name);
    if (space?.size === 0) spaces.delete(namespace);
    const last = this.#stamp(object);
    this.#emit({ type: 'DELETED', table, object: last, before, version: this.#version });
    return last;
  }

  /** Those that name this uid as an owner. */
  dependents(uid: string): Dependent[] {
    return [...(this.#dependents.get(uid)?.values() ?? [])];
  }

  /** What happened after this version, or `expired` when that is no longer known. */
  since(table: string, version: number): StoreEvent[] | 'expired' {
    const { history, forgotten } = this.#table(table);
    if (version < forgotten) return 'expired';
    let first = history.length;
    while (first > 0 && (history[first - 1]?.version ?? 0) > version) first -= 1;
    return history.slice(first);
  }

  /** Forgets all history, so that a watch from before now is answered with 410. */
  compact(): void {
    this.#version += 1;
    for (const table of this.#tables.values()) {
      table.history = [];
      table.forgotten = this.#version;
    }
  }

  onChange(table: string, listener: Listener): () => void {
    const { listeners } = this.#table(table);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Every change of every table, after its watchers have heard of it. */
  observe(listener: Listener): void {
    this.#observers.add(listener);
  }

  #table(name: string): Table {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = {
        spaces: new Map(),
        history: [],
        forgotten: FIRST + 1,
        changedAt: 0,
        listeners: new Set(),
      };
      this.#tables.set(name, table);
    }
    return table;
  }

  #stamp(object: KubeObject): KubeObject {
    this.#version += 1;
    const resourceVersion = String(this.#version);
    return { ...object, metadata: { ...object.metadata, resourceVersion } };
  }

  #emit(event: StoreEvent): void {
    const table = this.#table(event.table);
    table.changedAt = event.version;
    table.history.push(event);
    // Twice the limit before cutting, so that the cost of cutting is spread over many events.
    if (table.history.length > 2 * this.#historyLimit) {
      const cut = table.history.splice(0, table.history.length - this.#historyLimit);
      table.forgotten = cut.at(-1)?.version ?? table.forgotten;
    }
    for (const listener of table.listeners) listener(event);
    // Last, since an observer may write, and watchers must hear of events in their order.
    for (const observer of this.#observers) observer(event);
  }

  #link(table: string, object: KubeObject): void {
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const dependents = this.#dependents.get(uid) ?? new Map<string, Dependent>();
      this.#dependents.set(uid, dependents);
      dependents.set(object.metadata.uid, { table, object });
    }
  }

  #unlink(object: KubeObject | undefined): void {
    for (const { uid } of object?.metadata.ownerReferences ?? []) {
      const dependents = this.#dependents.get(uid);
      dependents?.delete(object?.metadata.uid ?? '');
      if (dependents?.size === 0) this.#dependents.delete(uid);
    }
  }
}
