// How often a runner's pods failed, and how long to wait for the next. reference/controllers.md 2.5.6, 2.5.7.
import type { EphemeralRunner } from '@muster/api';
import type { Pod } from '@muster/kube';

/** The pod after so many failures is the last. */
export const MAX_FAILURES = 5;

/** By the number of failures so far. */
const BACKOFF_SECONDS = [0, 5, 10, 20, 40, 80] as const;

export const failureCount = ({ status }: EphemeralRunner): number =>
  Object.keys(status?.failures ?? {}).length;

export const isCounted = ({ status }: EphemeralRunner, pod: Pod): boolean =>
  status?.failures?.[pod.metadata.uid] !== undefined;

/** Milliseconds until the next pod may be tried. */
export function backoffLeft(runner: EphemeralRunner, now: number): number {
  const times = Object.values(runner.status?.failures ?? {}).map((time) => Date.parse(time));
  if (times.length === 0) return 0;
  const seconds = BACKOFF_SECONDS[Math.min(times.length, BACKOFF_SECONDS.length - 1)] ?? 0;
  return Math.max(0, Math.max(...times) + seconds * 1000 - now);
}
