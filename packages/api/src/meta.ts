// Metadata as plain JSON. Times are the strings that the API server sends; nothing here parses them.

/** Metadata of an object that the API server holds. */
export interface ObjectMeta {
  name: string;
  namespace: string;
  uid: string;
  resourceVersion: string;
  /** Rises when the spec changes, not when the status does. */
  generation?: number;
  /** RFC 3339, whole seconds. */
  creationTimestamp: string;
  /** RFC 3339; set while the object waits for its finalizers. */
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** What its creator says of an object; the API server adds the rest. */
export type NewMeta = Pick<ObjectMeta, 'name' | 'namespace'> &
  Partial<Pick<ObjectMeta, 'labels' | 'annotations' | 'finalizers' | 'ownerReferences'>>;

export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** An object as it is sent to be created: no status, no server-set metadata. */
export type Unsaved<T extends ApiObject> = Omit<T, 'metadata' | 'status'> & { metadata: NewMeta };

/** Where a kind lives in the API. `of` carries the type only; it is never set. */
export interface KindOf<T extends ApiObject> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly of?: T;
}

export const GROUP = 'actions.github.com';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

export const isDeleting = (object: ApiObject): boolean =>
  object.metadata.deletionTimestamp !== undefined;

export const hasFinalizer = (object: ApiObject, finalizer: string): boolean =>
  object.metadata.finalizers?.includes(finalizer) ?? false;

/** The finalizers without one of them. A merge patch replaces the array whole, so send all of it. */
export const withoutFinalizers = (object: ApiObject, finalizers: readonly string[]): string[] =>
  (object.metadata.finalizers ?? []).filter((finalizer) => !finalizers.includes(finalizer));

/** A controller owner reference, as ARC writes it (reference/controllers.md 0.1). */
export const ownedBy = (owner: ApiObject): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

/** The reference of the controller that owns an object. */
export const controllerOf = (object: ApiObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find((owner) => owner.controller === true);

export const annotation = (object: ApiObject, key: string): string | undefined =>
  object.metadata.annotations?.[key];

export const label = (object: ApiObject, key: string): string | undefined =>
  object.metadata.labels?.[key];

/** Oldest first; objects of the same second by name, so that the order is the same each time. */
export const byAge = (a: ApiObject, b: ApiObject): number =>
  a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp) ||
  a.metadata.name.localeCompare(b.metadata.name);

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  /** One CamelCase word for programs. */
  reason: string;
  /** A sentence for people. Holds no secret. */
  message: string;
  /** RFC 3339; moves only when `status` does. */
  lastTransitionTime: string;
  observedGeneration?: number | undefined;
}

/** The conditions with one of them set; keeps its time while its status is the same. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  next: Condition,
): Condition[] {
  const before = conditions?.find(({ type }) => type === next.type);
  const kept =
    before?.status === next.status
      ? { ...next, lastTransitionTime: before.lastTransitionTime }
      : next;
  return [...(conditions ?? []).filter(({ type }) => type !== next.type), kept].sort((a, b) =>
    a.type.localeCompare(b.type),
  );
}
