// Times as the API server writes them.
import type { KubeObject } from '@muster/kube';

/** RFC 3339 in whole seconds: more would be cut off and then differ. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Since its deletion was asked for; of a pod, since its grace ended. 0 while it is not deleted. */
export const deletingForMs = ({ metadata }: KubeObject, now: number): number =>
  metadata.deletionTimestamp === undefined ? 0 : now - Date.parse(metadata.deletionTimestamp);

/** Since then; undefined when the time is. */
export const sinceMs = (time: string | undefined, now: number): number | undefined =>
  time === undefined ? undefined : now - Date.parse(time);
