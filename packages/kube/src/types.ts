// The client's face: what reconcilers, caches and programs rely on.
import type { At, Kind, KubeObject, Metadata, Unsaved } from './object.ts';

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

export interface WriteOptions extends CallOptions {
  /** The server judges and answers as if it did, and keeps nothing. */
  dryRun?: boolean;
  /** What becomes of fields that the kind does not have. The server's own default is `Warn`. */
  fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
  /** Is told the server's warnings of this call, in place of the client's log. */
  onWarning?: (warning: string) => void;
}

/** RFC 6902. Where `test` fails the server refuses with `invalid`. */
export type JsonPatchOperation =
  | { op: 'add' | 'replace' | 'test'; path: string; value: unknown }
  | { op: 'remove'; path: string }
  | { op: 'move' | 'copy'; from: string; path: string };

/** autoscaling/v1: how many there are to be, of whatever kind has the scale subresource. */
export interface Scale {
  metadata: Metadata;
  spec: { replicas?: number };
  status?: { replicas: number; selector?: string };
}

export interface DeleteOptions extends CallOptions {
  /** Delete only this very object; another of its name counts as absent. */
  uid?: string;
  /** Delete only this version of it; throws `conflict` when there is another. */
  resourceVersion?: string;
  dryRun?: boolean;
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
    options?: WriteOptions,
  ): Promise<T>;
  /** A merge patch: null deletes a key, arrays are replaced whole. Undefined when there is none. */
  patch<T extends KubeObject>(
    kind: Kind<T>,
    at: At,
    patch: JsonObject,
    options?: WriteOptions,
  ): Promise<T | undefined>;
  /** A merge patch of the status subresource; `patch` is `{status: {...}}`. */
  patchStatus<T extends KubeObject>(
    kind: Kind<T>,
    at: At,
    patch: JsonObject,
    options?: WriteOptions,
  ): Promise<T | undefined>;
  /** A JSON patch, for what a merge patch cannot say: a test, one item of a list. */
  patchJson<T extends KubeObject>(
    kind: Kind<T>,
    at: At,
    operations: readonly JsonPatchOperation[],
    options?: WriteOptions,
  ): Promise<T | undefined>;
  scale(kind: Kind, at: At, options?: CallOptions): Promise<Scale | undefined>;
  /** A merge patch of the scale subresource: `{spec: {replicas}}`. */
  patchScale(
    kind: Kind,
    at: At,
    patch: JsonObject,
    options?: WriteOptions,
  ): Promise<Scale | undefined>;
  delete(kind: Kind, at: At, options?: DeleteOptions): Promise<'deleted' | 'absent'>;
  /** Ends when the server ends it; throws `expired` on 410. */
  watch<T extends KubeObject>(
    kind: Kind<T>,
    from: Selection & CallOptions & { resourceVersion: string },
  ): AsyncIterable<WatchEvent<T>>;
  /** Whether this program may do so (SelfSubjectAccessReview). */
  may(question: AccessQuestion, options?: CallOptions): Promise<boolean>;
  /**
   * The same client over the same connections, which asks before it sends a write, each retry
   * included, and throws `not-leading` where it may not: for a program that holds a lease.
   */
  fenced(mayWrite: () => boolean): KubeClient;
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
  covers?(object: { metadata: Metadata }): boolean;
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
  /** The wall clock, for what others read. It may jump, so no duration is measured with it. */
  now(): number;
  /** Milliseconds since some moment; never jumps and never goes back. For durations. */
  elapsed(): number;
  setTimeout(run: () => void, ms: number): () => void;
}

export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}
