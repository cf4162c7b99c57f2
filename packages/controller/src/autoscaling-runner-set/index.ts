// AutoscalingRunnerSet: what a user writes becomes a scale set at GitHub, a set and a listener.
import type { Reconciler } from '@muster/kube';
import type { Deps } from '../deps.ts';
import { act } from './act.ts';
import { afterFailure } from './failure.ts';
import { Memory } from './memory.ts';
import { observe } from './observe.ts';
import { plan } from './plan.ts';
import type { Observed } from './observe.ts';
import type { Action } from './plan.ts';

export function createAutoscalingRunnerSetReconciler(deps: Deps): Reconciler<Observed, Action> {
  const own = { ...deps, memory: new Memory() };
  return {
    name: 'autoscaling-runner-set',
    observe: (key) => observe(key, own),
    plan,
    act: (action, observed, kube) => act(action, { observed, kube, deps: own }),
    afterFailure,
    subject: ({ runnerSet }) => runnerSet,
  };
}
