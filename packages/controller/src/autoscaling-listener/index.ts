// AutoscalingListener: a pod that hears of a scale set's jobs, and what it needs.
import type { Reconciler } from '@muster/kube';
import type { Deps } from '../deps.ts';
import { act } from './act.ts';
import { observe } from './observe.ts';
import { plan } from './plan.ts';
import type { Observed } from './observe.ts';
import type { Action } from './plan.ts';

export const createAutoscalingListenerReconciler = (deps: Deps): Reconciler<Observed, Action> => ({
  name: 'autoscaling-listener',
  observe: (key) => observe(key, deps),
  plan,
  act,
  subject: ({ listener }) => listener,
});
