// What a runner's plan sees: say only what matters.
import type { EphemeralRunner } from '@muster/api';
import { aRunner } from '@muster/api/testing';
import { DEFAULT_LIMITS } from '../limits.ts';
import type { Observed } from './plan.ts';

export const NOW = Date.parse('2026-01-01T00:01:00Z');
export const KEPT = { is: 'kept', runnerId: 7, runnerName: 'a' } as const;

/** A runner that the cluster has just got: no status, no pod, no Secret. */
export const aNewRunner = (given: Parameters<typeof aRunner>[1] = {}): EphemeralRunner => {
  const runner = aRunner('a', given);
  delete runner.status;
  return runner;
};

export const observed = (given: Partial<Observed> = {}): Observed => ({
  runner: aNewRunner(),
  pod: undefined,
  fate: undefined,
  nameTaken: false,
  jit: { is: 'absent' },
  settled: true,
  isOver: false,
  isLossKnown: false,
  limits: DEFAULT_LIMITS,
  farewell: { word: 'none', deadlineMs: Infinity },
  mayMarkPods: false,
  deregisteredAt: undefined,
  now: NOW,
  ...given,
});
