import { contentHash } from '@muster/api';
import { statusWith } from './status.ts';
import type { Observed } from './observe.ts';
import type { Action } from './plan.ts';
import type { Phase, Standing } from './status.ts';

/** What is to be said of a runner set. Nothing, when its status says so already; lost jobs are others' part of it. */
export function report(
  observed: Observed,
  phase: Phase,
  ready: Standing,
): Extract<Action, { do: 'report' }>[] {
  const status = statusWith(observed, phase, ready);
  const before = { ...observed.runnerSet.status, lostJobs: undefined };
  if (contentHash(status) === contentHash(before)) return [];
  return [{ do: 'report', status, because: ready.message }];
}
