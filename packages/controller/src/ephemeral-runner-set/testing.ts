// Sets and their runners for tables of decisions: say only what matters.
import { ANNOTATIONS, NO_MAXIMUM } from '@muster/api';
import type { EphemeralRunner, EphemeralRunnerSet, EphemeralRunnerSetStatus } from '@muster/api';
import { aRunner, aSet } from '@muster/api/testing';
import type { Pod } from '@muster/kube';
import { aFinishedPod, aNewPod, aRunningPod } from '../testing-pods.ts';
import { troubleOf } from './blocked.ts';
import { failingOf } from './failing.ts';
import { plan } from './plan.ts';
import type { Action, Observed } from './plan.ts';
import { reportOf } from './report.ts';
import { tallyOf } from './tally.ts';
import type { Member } from './tally.ts';

export const NOW = Date.parse('2026-01-01T00:01:00Z');

export type Given = Parameters<typeof aRunner>[1];

/** So long before now. */
export const ago = (seconds: number): string =>
  `${new Date(NOW - seconds * 1000).toISOString().slice(0, 19)}Z`;

/** A member whose pod runs, unless another is given. */
export const member = (
  name: string,
  given: Given = {},
  pod?: (runner: EphemeralRunner) => Pod,
): Member => {
  const runner = aRunner(name, given);
  return { runner, pod: (pod ?? aRunningPod)(runner) };
};

export const withoutPod = (name: string, given: Given = {}): Member => ({
  runner: aRunner(name, { ...given, status: { phase: '', ...given.status } }),
  pod: undefined,
});

export const pending = (name: string, given: Given = {}): Member =>
  member(name, { ...given, status: { phase: 'Pending', ...given.status } }, aNewPod);

export const busy = (name: string): Member => member(name, { status: { jobId: '7' } });

export const failed = (name: string, given: Given = {}): Member =>
  withoutPod(name, {
    ...given,
    status: {
      phase: 'Failed',
      reason: 'InvalidPod',
      message: 'no such PriorityClass',
      ...given.status,
    },
  });

export const outdated = (name: string): Member =>
  withoutPod(name, { status: { phase: 'Outdated' } });

export const leaving = { metadata: { deletionTimestamp: '2026-01-01T00:00:59Z' } };

export const endedWell = (name: string): Member =>
  member(name, leaving, (runner) => aFinishedPod(runner, 0));

/** The same, made of another template than the set's. */
export const old = ({ runner, pod }: Member): Member => ({
  runner: {
    ...runner,
    metadata: {
      ...runner.metadata,
      annotations: { ...runner.metadata.annotations, [ANNOTATIONS.integrityHash]: 'older' },
    },
    spec: { ...runner.spec, spec: { containers: [{ name: 'runner', image: 'older' }] } },
  },
  pod,
});

export const asked = (
  replicas: number,
  patchID = 1,
  given: Parameters<typeof aSet>[0] = {},
): EphemeralRunnerSet => aSet({ ...given, spec: { replicas, patchID } });

export const finished = (
  set: EphemeralRunnerSet,
  finishedRunners: string[],
): EphemeralRunnerSet => ({ ...set, spec: { ...set.spec, finishedRunners } });

export const withStatus = (
  set: EphemeralRunnerSet,
  status: Partial<EphemeralRunnerSetStatus>,
): EphemeralRunnerSet => ({ ...set, status: { currentReplicas: 0, ...set.status, ...status } });

export const observed = (
  set: EphemeralRunnerSet,
  members: readonly Member[],
  given: Partial<Observed> = {},
): Observed => ({
  set,
  members,
  proxy: { is: 'none' },
  census: undefined,
  reportedAt: undefined,
  now: NOW,
  ...given,
  policy: {
    maxRunners: NO_MAXIMUM,
    strategy: 'immediate',
    unschedulableMs: 600_000,
    onlineMs: Infinity,
    ...given.policy,
  },
});

/** The set with a status that already says what is there; its account stays as it was. */
export function settled(
  set: EphemeralRunnerSet,
  members: readonly Member[],
  given: Partial<Observed> = {},
): EphemeralRunnerSet {
  const slots = set.status?.slots ?? {
    generation: 1,
    spent: 0,
    ended: set.spec.finishedRunners ?? [],
  };
  const before = withStatus(set, { slots });
  const seen = observed(before, members, given);
  const tally = tallyOf(seen);
  const { onlineMs } = seen.policy;
  const view = {
    ...seen,
    tally,
    onlineMs,
    failing: failingOf({ set: before, tally, now: seen.now }),
  };
  const { strategy } = seen.policy;
  const report = reportOf({ ...view, slots, strategy, trouble: troubleOf(view) });
  const status = Object.entries(report).filter(([, value]) => value !== null);
  return { ...before, status: Object.fromEntries(status) };
}

const names = (runners: readonly EphemeralRunner[]): string =>
  runners.map(({ metadata }) => metadata.name).join(' ');

const tell = (action: Action): string => {
  if (action.do === 'create') return `create ${action.names.length}: ${action.because}`;
  if (action.do === 'clear') return `clear ${names(action.runners)}: ${action.because}`;
  if (action.do !== 'retire' && action.do !== 'renew') return `${action.do}: ${action.because}`;
  const candidates = names(action.candidates.map(({ runner }) => runner));
  return `${action.do} ${action.atMost} of ${candidates}: ${action.because}`;
};

export const steps = (...given: Parameters<typeof observed>): string[] =>
  plan(observed(...given)).map(tell);
