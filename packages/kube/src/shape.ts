// How an object of the wire is given out: with its own kind, and no more of it than was asked for.
import type { Kind, KubeObject, Metadata } from './object.ts';

/** What comes of a list lacks its kind; what comes as metadata has the kind of all metadata. */
export function shaped<T extends KubeObject>(
  { apiVersion, kind, only }: Kind<T>,
  object: { metadata: Metadata },
): T {
  if (only === undefined) return { ...object, apiVersion, kind } as T;
  return { apiVersion, kind, metadata: object.metadata } as T;
}
