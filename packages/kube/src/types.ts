// The client's face: what reconcilers, caches and programs rely on.
import type { At, Kind, KubeObject, Unsaved } from './object.ts';

export interface CallOptions {
  signal?: AbortSignal;
}

export interface Selection {
  /** All namespaces when absent. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

export type JsonObject = Record<string, unknown>;

export interface DeleteOptions extends CallOptions {
  /** Delete only this very object. */
  uid?: string;
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  | { type: 'BOOKMARK'; resourceVersion: string };

export interface AccessQuestion {
  verb: string;
  group: string;
  resource: string;
  subresource?: string;
  namespace?: string;
  name?: string;
}

/** Every call has a deadline, and throws a KubeError when the answer is not the expected one. */
export interface KubeClient {
  /** The object, or undefined when there is none. */
  get<T extends KubeObject>(kind: Kind<T>, at: At, options?: CallOptions): Promise<T | undefined>;
  /** All of them, read page by page. */
  list<T extends KubeObject>(
    kind: Kind<T>,
    selection?: Selection & CallOptions,
  ): Promise<{ items: T[]; resourceVersion: string }>;
  /** Throws `already-exists`, `invalid`, `forbidden`, ... */
  create<T extends KubeObject>(
    kind: Kind<T>,
    object: Unsaved<T>,
    options?: CallOptions,
  ): Promise<T>;
  /** A merge patch: null deletes a key, arrays are replaced whole. Undefined when there is none. */
  patch<T extends KubeObject>(
    kind: Kind<T>,
    at: At,
    patch: JsonObject,
    options?: CallOptions,
  ): Promise<T | undefined>;
  /** A merge patch of the status subresource; `patch` is `{status: {...}}`. */
  patchStatus<T extends KubeObject>(
    kind: Kind<T>,
    at: At,
    patch: JsonObject,
    options?: CallOptions,
  ): Promise<T | undefined>;
  delete(kind: Kind, at: At, options?: DeleteOptions): Promise<'deleted' | 'absent'>;
  /** Ends when the server ends it; throws `expired` on 410. */
  watch<T extends KubeObject>(
    kind: Kind<T>,
    from: Selection & CallOptions & { resourceVersion: string },
  ): AsyncIterable<WatchEvent<T>>;
  /** Whether this program may do so (SelfSubjectAccessReview). */
  may(question: AccessQuestion, options?: CallOptions): Promise<boolean>;
  close(): Promise<void>;
}

/** What a cache tells of each change. A resync after a lost watch tells only what differs. */
export interface Change<T> {
  type: 'added' | 'modified' | 'deleted';
  object: T;
  /** The object before it, for `modified`. */
  before?: T;
}

/** A local copy of the objects of a kind, kept up by list and watch, for ever. */
export interface Cache<T extends KubeObject> {
  readonly kind: Kind<T>;
  get(at: At): T | undefined;
  list(namespace?: string): T[];
  /** By an index given at creation. */
  find(index: string, value: string): T[];
  /** Whether it would hold such an object (namespace, labels); any of its kind when absent. */
  covers?(object: KubeObject): boolean;
  /** Called after the copy has changed. Returns the way to stop being called. */
  onChange(listener: (change: Change<T>) => void): () => void;
  readonly synced: boolean;
  /** Lists and watches until the signal. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves once the first list is in. */
  whenSynced(): Promise<void>;
}

/** One step that a plan asks for. `because` reads on from `do`; no secret, no changing id. */
export interface PlannedAction {
  do: string;
  because: string;
  /** Also an Event on the object that is reconciled, aggregated. */
  event?: { type: 'Normal' | 'Warning'; reason: string };
}

/** The loop's own action: run this key again after so long. A plan returns nothing else with it. */
export interface WaitAction extends PlannedAction {
  do: 'wait';
  ms: number;
}

/**
 * Observe, plan, act: one kind. A key is `namespace/name`.
 *
 * `observe` reads everything, the time too, and never writes; undefined when the object is gone.
 * `plan` decides and has an answer for every observation; it never throws.
 * `act` does one action with the client it is given: the loop runs the key again only when the
 * caches hold what was written through it.
 */
export interface Reconciler<Observed, Action extends PlannedAction> {
  readonly name: string;
  observe(key: string): Observed | undefined | Promise<Observed | undefined>;
  plan(observed: Observed): Action[];
  act(action: Action, observed: Observed, kube: KubeClient): Promise<void>;
  /** What a failed action asks for next; `retry` backs off. Without it every failure is a retry. */
  afterFailure?(action: Action, error: unknown, observed: Observed): Action[] | 'retry';
  /** The object that Events are about. */
  subject?(observed: Observed): KubeObject;
}

/** The one source of time. Tests step it. */
export interface Clock {
  now(): number;
  setTimeout(run: () => void, ms: number): () => void;
}

export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}
