// AutoscalingRunnerSet: what a user writes becomes a scale set at GitHub, a set and a listener.
import type { Reconciler } from '@muster/kube';
import type { Deps } from '../deps.ts';
import { act } from './act.ts';
import { afterFailure } from './failure.ts';
import { observe } from './observe.ts';
import { plan } from './plan.ts';
import type { Observed } from './observe.ts';
import type { Action } from './plan.ts';

export const createAutoscalingRunnerSetReconciler = (deps: Deps): Reconciler<Observed, Action> => ({
  name: 'autoscaling-runner-set',
  observe: (key) => observe(key, deps),
  plan,
  act: (action, observed, kube) => act(action, { observed, kube, deps }),
  afterFailure,
  subject: ({ runnerSet }) => runnerSet,
});
