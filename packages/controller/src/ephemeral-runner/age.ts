import type { EphemeralRunner } from '@muster/api';

export const ageMs = ({ metadata }: EphemeralRunner, now: number): number =>
  now - Date.parse(metadata.creationTimestamp);

/** Zero while it is not being deleted. */
export const deletingForMs = ({ metadata }: EphemeralRunner, now: number): number =>
  metadata.deletionTimestamp === undefined ? 0 : now - Date.parse(metadata.deletionTimestamp);
