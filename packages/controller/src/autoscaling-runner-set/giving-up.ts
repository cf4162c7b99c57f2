// When the deletion of a runner set no longer waits for GitHub (design.md, decision 17).
import { annotation, ANNOTATIONS, DELETION_ANNOTATIONS } from '@muster/api';
import type { AutoscalingRunnerSet } from '@muster/api';
import { durationOf } from '../limits.ts';
import { deletingForMs } from '../time.ts';

/** After which a scale set stays behind whose credentials are gone. */
export const WITHOUT_CREDENTIALS_MS = 600_000;

/** Why it does not; undefined while it waits. */
export function givenUpBecause(runnerSet: AutoscalingRunnerSet, now: number): string | undefined {
  const word = annotation(runnerSet, DELETION_ANNOTATIONS.giveUp);
  if (word === 'true' || word === 'force') return 'it was told to give up';
  const deadline = durationOf(DELETION_ANNOTATIONS.deadline, [runnerSet]);
  const isOver = deadline !== undefined && deletingForMs(runnerSet, now) >= deadline;
  return isOver ? 'the time that it was given for its deletion is over' : undefined;
}

/** For the Event and the log: what somebody may want to delete at GitHub by hand. */
export function leftBehind(runnerSet: AutoscalingRunnerSet): string {
  const name = annotation(runnerSet, ANNOTATIONS.scaleSetName) ?? runnerSet.metadata.name;
  const url = annotation(runnerSet, ANNOTATIONS.scaleSetUrl) ?? runnerSet.spec.githubConfigUrl;
  const id = annotation(runnerSet, ANNOTATIONS.scaleSetId) ?? '';
  return `scale set "${name}" (${id}) stays at ${url ?? 'GitHub'}`;
}
