// Which runner is what to its set, and the account of slots (design.md, decision 6). Decides only.
import { fillsSlot, isDeleting, isDone, isFailed, isRunning } from '@muster/api';
import type { EphemeralRunner, EphemeralRunnerSet, Slots } from '@muster/api';
import type { Pod } from '@muster/kube';
import { spendsSlot } from '../runner-pod.ts';
import { deletingForMs } from '../time.ts';

/** A runner with its pod as the cache shows it. */
export interface Member {
  runner: EphemeralRunner;
  pod: Pod | undefined;
}

export interface Tally {
  pending: Member[];
  running: Member[];
  failed: Member[];
  /** Its image is too old for GitHub. */
  outdated: Member[];
  /** ARC 0.12 and older left them so. */
  succeeded: Member[];
  /** Pending, running and failed: what fills the slots. */
  total: number;
}

export function tallyOf(members: readonly Member[]): Tally {
  const there = members.filter(({ runner }) => !isDeleting(runner));
  const filling = there.filter(({ runner }) => fillsSlot(runner));
  const running = filling.filter(({ runner }) => isRunning(runner));
  const pending = filling.filter(({ runner }) => !isRunning(runner));
  const failed = there.filter(({ runner }) => isFailed(runner));
  return {
    pending,
    running,
    failed,
    outdated: there.filter(({ runner }) => runner.status?.phase === 'Outdated'),
    succeeded: there.filter(({ runner }) => runner.status?.phase === 'Succeeded'),
    total: pending.length + running.length + failed.length,
  };
}

export interface Roll {
  set: EphemeralRunnerSet;
  members: readonly Member[];
  now: number;
}

/**
 * The account as it should be written. With a new generation it starts afresh: who is on the way out then
 * belongs to the past, unless the listener had not heard so. Within one, a runner that used up its slot is
 * counted once, by name, while it is still there; its own reconciler lets it go only when it finds the
 * name here.
 */
export function accountOf({ set, members, now }: Roll): Slots {
  const generation = set.metadata.generation ?? 0;
  const before = set.status?.slots;
  const past = new Set(set.spec.finishedRunners);
  const over = members.filter(
    ({ runner }) => isDeleting(runner) || isDone(runner) || past.has(runner.metadata.name),
  );
  if (before?.generation !== generation) {
    const spent = over.filter((member) => isUnheardOf(member, { set, now })).length;
    return { generation, spent, ended: over.map(nameOf).sort() };
  }
  const counted = new Set(before.ended);
  const fresh = over
    .filter(({ runner, pod }) => spendsSlot(runner, pod))
    .map(nameOf)
    .filter((name) => !counted.has(name) && !past.has(name));
  // What the listener no longer counted in replicas belongs to the past too (docs/decisions/0005).
  const there = members.map(nameOf).filter((name) => counted.has(name) || past.has(name));
  return { generation, spent: before.spent + fresh.length, ended: [...there, ...fresh].sort() };
}

// The listener hears within seconds. Who takes longer to go was heard of, and is no longer named.
const HEARD_WITHIN_MS = 30_000;

/**
 * Whether `replicas` still counts one that is over: our listener names in each numbered patch who no
 * longer counts. ARC's names nobody, and a converging patch counts only what should be there.
 */
function isUnheardOf({ runner, pod }: Member, { set, now }: Omit<Roll, 'members'>): boolean {
  const { finishedRunners, patchID } = set.spec;
  if (finishedRunners === undefined || patchID === 0) return false;
  if (finishedRunners.includes(runner.metadata.name)) return false;
  return spendsSlot(runner, pod) && deletingForMs(runner, now) < HEARD_WITHIN_MS;
}

const nameOf = ({ runner }: Member): string => runner.metadata.name;
