// What the CRDs of another operator drop from a status is kept here for as long as this process lives, so that
// everything works with them too (design.md, decision 3). With our own CRDs nothing is ever kept.
import type { ApiObject } from '@muster/api';

interface WithStatus extends ApiObject {
  status?: object;
}

export interface Kept {
  /** The object with what its status was said to be and is not. */
  whole<T extends WithStatus>(object: T): T;
  /** Takes note of what was written to the status, and of what the server made of it. */
  note(object: ApiObject, written: object, answer: WithStatus | undefined): void;
  forget(object: ApiObject): void;
}

export function createKept(): Kept {
  const byUid = new Map<string, Record<string, unknown>>();
  return {
    whole(object) {
      const dropped = byUid.get(object.metadata.uid);
      return dropped === undefined
        ? object
        : { ...object, status: { ...dropped, ...object.status } };
    },
    note({ metadata }, written, answer) {
      if (answer === undefined) return;
      const stored = new Set(Object.keys(answer.status ?? {}));
      const dropped = Object.entries(written).filter(
        ([field, value]) => isKeepable(value) && !stored.has(field),
      );
      if (dropped.length === 0) byUid.delete(metadata.uid);
      else byUid.set(metadata.uid, Object.fromEntries(dropped));
    },
    forget({ metadata }) {
      byUid.delete(metadata.uid);
    },
  };
}

/** A merge patch says with null that a field is to go. */
const isKeepable = (value: unknown): boolean => value !== null && value !== undefined;
