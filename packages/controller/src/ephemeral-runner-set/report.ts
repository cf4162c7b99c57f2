// What a set's status should say. The listener writes `status.listener`: it is never in here.
import { contentHash, withCondition } from '@muster/api';
import type { Blocked, EphemeralRunnerSet, EphemeralRunnerSetStatus, Failing } from '@muster/api';
import { blockedOf } from './blocked.ts';
import { conditionsOf } from './conditions.ts';
import type { Facts } from './conditions.ts';
import { isStopped } from './failing.ts';

/** A merge patch: null takes a field away. */
export type Report = Pick<
  EphemeralRunnerSetStatus,
  | 'currentReplicas'
  | 'pendingEphemeralRunners'
  | 'runningEphemeralRunners'
  | 'failedEphemeralRunners'
  | 'phase'
  | 'slots'
  | 'conditions'
> & { failing?: Failing | null | undefined; blocked?: BlockedPatch | null | undefined };

type BlockedPatch = Omit<Blocked, 'capacity'> & { capacity?: number | null | undefined };

/** The whole of our part: `currentReplicas` is required by the schema even when it stays 0 (BUG-3). */
export function reportOf(facts: Facts): Report {
  const { set, tally, slots, failing, trouble, now } = facts;
  return {
    currentReplicas: tally.total,
    pendingEphemeralRunners: tally.pending.length,
    runningEphemeralRunners: tally.running.length,
    failedEphemeralRunners: tally.failed.length,
    phase: isStopped(failing) ? 'Outdated' : 'Running',
    slots,
    ...orGone('failing', set.status?.failing, failing),
    ...orGone(
      'blocked',
      set.status?.blocked,
      blockedPatch(facts.set, blockedOf(set, trouble, now)),
    ),
    conditions: conditionsOf(facts).reduce(withCondition, set.status?.conditions ?? []),
  };
}

const orGone = <Name extends string, T>(
  name: Name,
  before: unknown,
  now: T | undefined,
): Partial<Record<Name, T | null>> => {
  if (now !== undefined) return { [name]: now } as Record<Name, T>;
  return before === undefined ? {} : ({ [name]: null } as Record<Name, null>);
};

/** A capacity of another reason's does not stay. */
function blockedPatch(
  { status }: EphemeralRunnerSet,
  blocked: Blocked | undefined,
): BlockedPatch | undefined {
  const isLeft = status?.blocked?.capacity !== undefined && blocked?.capacity === undefined;
  return blocked && isLeft ? { ...blocked, capacity: null } : blocked;
}

export type Difference =
  | 'none'
  /** Numbers: the next second is soon enough. */
  | 'counts'
  /** A new account, or news for people. */
  | 'urgent';

/** Names of `ended` that have gone are no reason to write: they are dropped with the next difference. */
export function differenceTo(set: EphemeralRunnerSet, report: Report): Difference {
  const { status } = set;
  const isOfNewWish = status?.slots?.generation !== report.slots?.generation;
  if (isOfNewWish && !tellsWhoIsOver(set)) return 'urgent';
  if (contentHash(news(status)) !== contentHash(news(report))) return 'urgent';
  if (isOfNewWish) return 'counts';
  return contentHash(numbers(status)) === contentHash(numbers(report)) ? 'none' : 'counts';
}

/**
 * Such a wish says by itself which of those that are over it counts, so that its account comes out the same whether it is
 * opened now or with the next write. Any other one takes who is there at its beginning for its own.
 */
const tellsWhoIsOver = ({ spec: { patchID, finishedRunners } }: EphemeralRunnerSet): boolean =>
  patchID !== 0 && finishedRunners !== undefined;

/** Slots were used up that the status does not tell of. */
export function isSpendingIn({ status }: EphemeralRunnerSet, { slots }: Report): boolean {
  const { generation, spent = 0 } = slots ?? {};
  const told = status?.slots?.generation === generation ? status?.slots?.spent : 0;
  return spent !== told;
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
  status?.failing?.counted ?? [],
];

/** Without the generation: a condition that says the same of a newer one is not news. */
const news = (status: Partial<Report> | undefined): unknown => [
  status?.phase,
  status?.failing && { ...status.failing, counted: undefined },
  status?.blocked && [status.blocked.reason, status.blocked.capacity],
  (status?.conditions ?? []).map(({ type, status: is, reason, message }) => ({
    type,
    is,
    reason,
    message,
  })),
];
