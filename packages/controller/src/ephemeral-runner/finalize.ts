// The end of a runner. Its order is the promise: GitHub lets go of it first, then the set has counted it,
// then its objects go, and its finalizers last. Decides only.
import { FINALIZERS, hasFinalizer, hasJob } from '@muster/api';
import { runnerPod } from '../runner-pod.ts';
import type { Action, Observed } from './plan.ts';

/** A runner whose job is over ends within seconds; it may still be handing in its logs. */
const GOODBYE_MS = 30_000;

export function finalize(observed: Observed): Action[] {
  const { runner, settled, deregisteredAt } = observed;
  const mayBeKnown = hasFinalizer(runner, FINALIZERS.registration);
  if (!mayBeKnown && !hasFinalizer(runner, FINALIZERS.runner)) return [];
  const deregister =
    mayBeKnown && deregisteredAt === undefined
      ? [{ do: 'deregister', because: 'it is being deleted' } as const]
      : [];
  const ms = goodbyeLeft(observed);
  if (ms > 0) return [...deregister, { do: 'wait', ms, because: 'its runner is about to end' }];
  // The pod tells the set how the runner ended, so it stays until that is counted.
  return [...deregister, ...(settled ? remove() : [uncounted])];
}

/** The set's status wakes us; where the server keeps none of it nothing would. */
const uncounted: Action = { do: 'wait', ms: 5_000, because: 'its set has not counted it yet' };

/** A pod that ends wakes us sooner. */
function goodbyeLeft({ runner, pod, farewell, deregisteredAt, now }: Observed): number {
  if (farewell.word === 'force' || !hasJob(runner) || runnerPod(pod).is !== 'running') return 0;
  return (deregisteredAt ?? now) + GOODBYE_MS - now;
}

/** What is left to do once neither GitHub nor the set needs the runner. */
export const remove = (): Action[] => [
  { do: 'clean-up', because: 'GitHub let go of it' },
  { do: 'release', because: 'nothing of it is left' },
];
