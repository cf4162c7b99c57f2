// AutoscalingListener: a pod that hears of a scale set's jobs, and what it needs.
import type { Reconciler } from '@muster/kube';
import type { Deps } from '../deps.ts';
import { act } from './act.ts';
import { afterFailure } from './failure.ts';
import { Memory } from './memory.ts';
import { observe } from './observe.ts';
import { plan } from './plan.ts';
import type { Observed } from './observe.ts';
import type { Action } from './plan.ts';
import { Turns } from './turns.ts';

export function createAutoscalingListenerReconciler(deps: Deps): Reconciler<Observed, Action> {
  const own = { ...deps, memory: new Memory(), turns: new Turns() };
  return {
    name: 'autoscaling-listener',
    observe: (key) => observe(key, own),
    plan,
    act: (action, { listener }, kube) => act(action, { listener, kube, deps: own }),
    afterFailure,
    subject: ({ listener }) => listener,
  };
}
