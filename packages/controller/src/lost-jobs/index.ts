// A second chance for jobs that lost their pods, where a runner set asks for it.
import type { Reconciler } from '@muster/kube';
import type { Deps } from '../deps.ts';
import { act } from './act.ts';
import { Memory } from './memory.ts';
import { observe } from './observe.ts';
import { plan } from './plan.ts';
import type { Action, Observed } from './plan.ts';

export function createLostJobsReconciler(
  deps: Pick<Deps, 'caches' | 'clock' | 'github' | 'metrics'>,
): Reconciler<Observed, Action> {
  const memory = new Memory();
  return {
    name: 'lost-jobs',
    observe: (key) => observe(key, { ...deps, memory }),
    plan,
    act: (action, observed, kube) => act(action, observed, { ...deps, memory, kube }),
    subject: ({ runnerSet }) => runnerSet,
  };
}
