// What every Kubernetes object has.
import { randomUUID } from 'node:crypto';

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface Metadata {
  name: string;
  generateName?: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
  [field: string]: unknown;
}

/** RFC 3339 to the second, as every time in metadata. */
export const timestamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

// Kubernetes leaves out vowels and look-alikes, so that no suffix is a word or misread.
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

export const randomSuffix = (): string =>
  // Node keeps random bytes for uuids at hand; asking for five at a time costs more than all else here.
  randomUUID()
    .slice(-10)
    .replaceAll(/../g, (byte) => ALPHABET[parseInt(byte, 16) % ALPHABET.length] ?? '');

export const isDeleting = ({ metadata }: KubeObject): boolean =>
  metadata.deletionTimestamp !== undefined;

export const hasFinalizer = ({ metadata }: KubeObject, finalizer: string): boolean =>
  metadata.finalizers?.includes(finalizer) ?? false;
