// How a runner set goes: listener, sets, scale set, what the chart protects, itself (reference/controllers.md 2.2.2).
// It always ends; what it waits for stands in its status (design.md, decision 17).
import {
  annotation,
  ANNOTATIONS,
  DELETION_ANNOTATIONS,
  FINALIZERS,
  hasFinalizer,
  hasJob,
  isDeleting,
} from '@muster/api';
import type { AutoscalingListener } from '@muster/api';
import { givenUpBecause, leftBehind } from './giving-up.ts';
import { scaleSetIdOf } from './identity.ts';
import { report } from './report.ts';
import { isTaken } from './status.ts';
import type { Observed } from './observe.ts';
import type { Action } from './plan.ts';

export function dismantle(observed: Observed): Action[] {
  const { runnerSet, listeners, sets } = observed;
  if (!hasFinalizer(runnerSet, FINALIZERS.runnerSet)) return [];
  if (listeners.length > 0) {
    return [
      ...waitingFor(observed, 'its listener to end'),
      ...leave(listeners, 'the runner set is being deleted'),
    ];
  }
  if (sets.length > 0) return [...waitingFor(observed, runnersLeft(observed)), ...drop(observed)];
  if (annotation(runnerSet, ANNOTATIONS.scaleSetId) !== undefined) return [letGo(observed)];
  return [
    { do: 'unprotect', because: 'nothing needs these rights any more' },
    { do: 'release', because: 'nothing of it is left' },
  ];
}

export function leave(listeners: readonly AutoscalingListener[], because: string): Action[] {
  const there = listeners.filter((listener) => !isDeleting(listener));
  return there.length > 0 ? [{ do: 'delete-listeners', listeners: there, because }] : [];
}

function drop({ sets }: Observed): Action[] {
  const there = sets.filter((set) => !isDeleting(set));
  if (there.length === 0) return [];
  return [{ do: 'delete-sets', sets: there, because: 'the runner set is being deleted' }];
}

function runnersLeft({ runners }: Observed): string {
  if (runners.length === 0) return 'its set to end';
  const busy = runners.filter(hasJob).length;
  // A runner says in its status what it waits for itself, such as GitHub's word.
  const why = runners.map(({ status }) => status?.message ?? '').find((text) => text !== '');
  const count = `${runners.length} runners to end, ${busy} of them with a job`;
  return why === undefined ? count : `${count} (${why})`;
}

const waitingFor = (observed: Observed, what: string): Action[] =>
  report(observed, 'Pending', {
    status: 'False',
    reason: 'Deleting',
    message: `waits for ${what}`,
  });

const LEFT = { type: 'Warning', reason: 'ScaleSetLeftBehind' } as const;

function letGo(observed: Observed): Action {
  const { runnerSet, isShared, now } = observed;
  if (scaleSetIdOf(runnerSet) === undefined) {
    return { do: 'forget', because: 'its scale set id is no number' };
  }
  if (isShared) {
    return { do: 'forget', because: 'another runner set uses its scale set' };
  }
  if (isTaken(runnerSet)) {
    const because = `somebody else listens to its scale set; ${leftBehind(runnerSet)}`;
    return { do: 'forget', because, event: LEFT };
  }
  const why = givenUpBecause(runnerSet, now);
  if (why === undefined) return { do: 'deregister', because: 'no runner is left' };
  return { do: 'forget', because: `${why}; ${leftBehind(runnerSet)}`, event: LEFT };
}

/** For people who wait for a far side that does not answer. */
export const HOW_TO_GIVE_UP = `to go without GitHub's word, annotate it with ${DELETION_ANNOTATIONS.giveUp}=true`;
