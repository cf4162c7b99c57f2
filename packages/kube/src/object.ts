// Objects as plain JSON: unknown fields survive, times stay strings.

export interface Metadata {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: {
    apiVersion: string;
    kind: string;
    name: string;
    uid: string;
    controller?: boolean;
    blockOwnerDeletion?: boolean;
  }[];
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
}

/** An object as it is sent to be created. */
export type Unsaved<T extends KubeObject> = Omit<T, 'metadata' | 'status'> & {
  metadata: Partial<Pick<Metadata, 'labels' | 'annotations' | 'finalizers' | 'ownerReferences'>> & {
    name: string;
    namespace?: string;
  };
};

/** Where a kind lives in the API. `of` carries the type only; it is never set. */
export interface Kind<T extends KubeObject = KubeObject> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Only the metadata is asked for, and all that there is in what is read. */
  readonly only?: 'metadata';
  readonly of?: T;
}

/** The kind without specs and statuses: for caches of objects whose existence is all one asks for. */
export const metadataOnly = (kind: Kind): Kind => ({ ...kind, only: 'metadata' });

/** One object's place. */
export interface At {
  namespace?: string;
  name: string;
}
