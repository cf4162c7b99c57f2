// What a set's status should say. The listener writes `status.listener`: it is never in here.
import { contentHash, isDeleting, withCondition } from '@muster/api';
import type { Condition, EphemeralRunnerSet, EphemeralRunnerSetStatus, Slots } from '@muster/api';
import type { ProxyState } from './proxy.ts';
import type { Tally } from './tally.ts';

export type Report = Pick<
  EphemeralRunnerSetStatus,
  | 'currentReplicas'
  | 'pendingEphemeralRunners'
  | 'runningEphemeralRunners'
  | 'failedEphemeralRunners'
  | 'phase'
  | 'slots'
  | 'conditions'
>;

export interface Facts {
  set: EphemeralRunnerSet;
  tally: Tally;
  slots: Slots;
  proxy: ProxyState;
  now: number;
}

/** The whole of our part: `currentReplicas` is required by the schema even when it stays 0 (BUG-3). */
export const reportOf = (facts: Facts): Report => ({
  currentReplicas: facts.tally.total,
  pendingEphemeralRunners: facts.tally.pending.length,
  runningEphemeralRunners: facts.tally.running.length,
  failedEphemeralRunners: facts.tally.failed.length,
  phase: facts.tally.outdated.length > 0 ? 'Outdated' : 'Running',
  slots: facts.slots,
  conditions: withCondition(facts.set.status?.conditions, readiness(facts)),
});

export type Difference =
  | 'none'
  /** Numbers: the next second is soon enough. */
  | 'counts'
  /** A new account, or news for people. */
  | 'urgent';

/** Names of `ended` that have gone are no reason to write: they are dropped with the next difference. */
export function differenceTo(set: EphemeralRunnerSet, report: Report): Difference {
  const { status } = set;
  if (status?.slots?.generation !== report.slots?.generation) return 'urgent';
  if (status?.phase !== report.phase) return 'urgent';
  if (contentHash(news(status)) !== contentHash(news(report))) return 'urgent';
  return contentHash(numbers(status)) === contentHash(numbers(report)) ? 'none' : 'counts';
}

const COUNTS = [
  'currentReplicas',
  'pendingEphemeralRunners',
  'runningEphemeralRunners',
  'failedEphemeralRunners',
] as const;

const numbers = (status: Partial<Report> | undefined): unknown => [
  ...COUNTS.map((name) => status?.[name] ?? 0),
  status?.slots?.spent ?? 0,
];

/** Without the generation: a condition that says the same of a newer one is not news. */
const news = (status: Partial<Report> | undefined): unknown =>
  (status?.conditions ?? []).map(({ type, status: is, reason, message }) => ({
    type,
    is,
    reason,
    message,
  }));

function readiness({ set, tally, proxy, now }: Facts): Condition {
  const [status, reason, message] = verdict({ set, tally, proxy });
  return {
    type: 'Ready',
    status,
    reason,
    message,
    lastTransitionTime: `${new Date(now).toISOString().slice(0, 19)}Z`,
    ...(set.metadata.generation !== undefined && { observedGeneration: set.metadata.generation }),
  };
}

type Verdict = [Condition['status'], string, string];

function verdict({ set, tally, proxy }: Pick<Facts, 'set' | 'tally' | 'proxy'>): Verdict {
  if (isDeleting(set)) return ['False', 'Draining', 'its runners are on their way out'];
  if (proxy.is === 'missing') return ['False', 'ProxyNotReady', proxy.message];
  if (tally.outdated.length > 0) {
    return ['False', 'Outdated', 'GitHub no longer accepts the version of the runner in its image'];
  }
  const [failed] = tally.failed;
  if (failed !== undefined) {
    const { reason = 'RunnersFail', message = 'a runner failed' } = failed.runner.status ?? {};
    return ['False', reason, message];
  }
  return ['True', 'Scaling', 'it makes runners as it is asked to'];
}
