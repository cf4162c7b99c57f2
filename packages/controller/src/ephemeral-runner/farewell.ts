// When the deletion of a runner no longer waits for GitHub (design.md, decision 17). Decides only.
import { annotation, DELETION_ANNOTATIONS, hasJob } from '@muster/api';
import type { ApiObject } from '@muster/api';
import { durationOf } from '../limits.ts';
import { runnerPod } from '../runner-pod.ts';
import { deletingForMs } from './age.ts';
import type { Observed } from './plan.ts';

/** What people said about a deletion that does not end. */
export interface Farewell {
  /** `force`: a job that still runs is no reason to wait either. */
  word: 'none' | 'give-up' | 'force';
  /** After so long nobody waits. */
  deadlineMs: number;
}

/** The word of the runner, its set or its runner set; the nearest one's deadline. */
export function farewellOf(objects: readonly (ApiObject | undefined)[]): Farewell {
  const words = objects.map((object) => object && annotation(object, DELETION_ANNOTATIONS.giveUp));
  return {
    word: words.includes('force') ? 'force' : words.includes('true') ? 'give-up' : 'none',
    deadlineMs: durationOf(DELETION_ANNOTATIONS.deadline, objects) ?? Infinity,
  };
}

/** Without credentials nothing can be asked. */
const WITHOUT_CREDENTIALS_MS = 600_000;

/**
 * Why its deletion goes on without GitHub's word; undefined while it waits. A pod whose job is not over stays until
 * it ends, unless force is the word.
 */
export function givesUpBecause(
  { runner, pod, farewell, now }: Observed,
  trouble: 'no-credentials' | 'no-word',
): string | undefined {
  if (farewell.word === 'force') return 'force was the word';
  if (hasJob(runner) && runnerPod(pod).is === 'running') return undefined;
  if (farewell.word === 'give-up') return 'it was told to give up';
  const ms = deletingForMs(runner, now);
  if (ms >= farewell.deadlineMs) return 'the time for its deletion is over';
  if (trouble === 'no-credentials' && ms >= WITHOUT_CREDENTIALS_MS) {
    return 'there have been no credentials for ten minutes';
  }
  return undefined;
}
