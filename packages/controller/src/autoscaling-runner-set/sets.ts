// Which of a runner set's sets is the one, and what becomes of the others. There is one, except after a take-over from
// versions of ARC that make a set a template, and while one that somebody deleted finishes its jobs.
import { isDeleting, nameHash, replicasOf } from '@muster/api';
import type { AutoscalingRunnerSet, EphemeralRunner, EphemeralRunnerSet } from '@muster/api';
import type { PlannedAction } from '@muster/kube';

export interface Household {
  runnerSet: AutoscalingRunnerSet;
  /** Its own, newest first. */
  sets: readonly EphemeralRunnerSet[];
  /** Of all its sets. */
  runners: readonly EphemeralRunner[];
  /** What has the runner set's name and is a set, whose ever it is. */
  namesake: EphemeralRunnerSet | undefined;
}

/** The newest that stays. */
export const currentSet = ({ sets }: Pick<Household, 'sets'>): EphemeralRunnerSet | undefined =>
  sets.find((set) => !isDeleting(set));

/** A name is in use until its object has gone, and that may take as long as a job. */
export const newSetName = ({ runnerSet, namesake }: Household): string =>
  namesake === undefined
    ? runnerSet.metadata.name
    : `${runnerSet.metadata.name}-${nameHash(namesake.metadata.uid).slice(0, 5)}`;

export type SetStep = PlannedAction &
  (
    | { do: 'quiesce-set'; set: EphemeralRunnerSet }
    | { do: 'adopt'; set: EphemeralRunnerSet; runners: readonly EphemeralRunner[] }
    | { do: 'delete-sets'; sets: readonly EphemeralRunnerSet[] }
  );

/** An older set is told to make no more, loses its runners to the current one, and goes. */
export function mergeSets({ sets, runners }: Household, current: EphemeralRunnerSet): SetStep[] {
  const others = sets.filter((set) => set !== current && !isDeleting(set));
  return others.flatMap((set) => mergeSet(set, { current, runners }));
}

function mergeSet(
  set: EphemeralRunnerSet,
  { current, runners }: { current: EphemeralRunnerSet; runners: readonly EphemeralRunner[] },
): SetStep[] {
  if (replicasOf(set) > 0 || set.spec.patchID === 0) {
    return [{ do: 'quiesce-set', set, because: 'a newer set takes its place' }];
  }
  const own = runners.filter((runner) => isOf(runner, set) && !isDeleting(runner));
  return own.length > 0
    ? [{ do: 'adopt', set: current, runners: own, because: 'their set is an older one' }]
    : [{ do: 'delete-sets', sets: [set], because: 'a newer set took its place' }];
}

const isOf = ({ metadata }: EphemeralRunner, set: EphemeralRunnerSet): boolean =>
  metadata.ownerReferences?.some(({ uid }) => uid === set.metadata.uid) ?? false;
