// Which runner is what to its set, and the account of slots (design.md, decision 6). Decides only.
import { fillsSlot, isDeleting, isDone, isFailed, isRunning } from '@muster/api';
import type { EphemeralRunner, EphemeralRunnerSet, Slots } from '@muster/api';
import type { Pod } from '@muster/kube';
import { spendsSlot } from '../runner-pod.ts';

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

/**
 * The account as it should be written. With a new generation it starts afresh: who is on the way out then
 * belongs to the past. Within one, a runner that used up its slot is counted once, by name, while it is
 * still there; its own reconciler lets it go only when it finds the name here.
 */
export function accountOf(set: EphemeralRunnerSet, members: readonly Member[]): Slots {
  const generation = set.metadata.generation ?? 0;
  const before = set.status?.slots;
  const past = new Set(set.spec.finishedRunners);
  const over = members.filter(
    ({ runner }) => isDeleting(runner) || isDone(runner) || past.has(runner.metadata.name),
  );
  if (before?.generation !== generation) {
    return { generation, spent: 0, ended: over.map(nameOf).sort() };
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

const nameOf = ({ runner }: Member): string => runner.metadata.name;
