// The end of a runner. Its order is the promise: GitHub lets go of it first, then the set has counted it,
// then its objects go, and its finalizers last. Decides only.
import { FINALIZERS, hasFinalizer } from '@muster/api';
import type { Action, Observed } from './plan.ts';

export function finalize(observed: Observed): Action[] {
  const { runner, settled, deregistered } = observed;
  const mayBeKnown = hasFinalizer(runner, FINALIZERS.registration);
  if (!mayBeKnown && !hasFinalizer(runner, FINALIZERS.runner)) return [];
  return [
    ...(mayBeKnown && !deregistered
      ? [{ do: 'deregister', because: 'it is being deleted' } as const]
      : []),
    // The pod tells the set how the runner ended, so it stays until that is counted. The set's status wakes us.
    ...(settled ? remove() : []),
  ];
}

/** What is left to do once neither GitHub nor the set needs the runner. */
export const remove = (): Action[] => [
  { do: 'clean-up', because: 'GitHub let go of it' },
  { do: 'release', because: 'nothing of it is left' },
];
