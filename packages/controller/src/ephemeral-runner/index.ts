// One runner for one job: registered at GitHub, run in a pod, taken away again.
import type { Reconciler } from '@muster/kube';
import type { Deps } from '../deps.ts';
import { act } from './act.ts';
import { afterFailure } from './failure.ts';
import { Memory } from './memory.ts';
import { observe } from './observe.ts';
import { plan } from './plan.ts';
import type { Action, Observed } from './plan.ts';

export function createEphemeralRunnerReconciler(
  deps: Pick<
    Deps,
    'caches' | 'kube' | 'github' | 'clock' | 'config' | 'kept' | 'rights' | 'metrics'
  >,
): Reconciler<Observed, Action> {
  const memory = new Memory();
  return {
    name: 'ephemeral-runner',
    observe: (key) => observe(key, { ...deps, memory }),
    plan,
    act: (action, observed, kube) => act(action, observed, { ...deps, memory, kube }),
    afterFailure,
    subject: ({ runner }) => runner,
  };
}
