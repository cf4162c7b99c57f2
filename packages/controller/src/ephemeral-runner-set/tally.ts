// Which runner is what to its set. Decides only.
import { fillsSlot, hasJob, isDeleting, isFailed, isRunning } from '@muster/api';
import type { EphemeralRunner, EphemeralRunnerSet } from '@muster/api';
import type { Pod } from '@muster/kube';
import { isOfTemplate, templateHash } from './template.ts';

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
  /** What is neither failed nor leaving: never more than maxRunners. */
  live: number;
  /** Pending and running ones of an older template. */
  old: { idle: Member[]; busy: Member[]; leaving: Member[] };
}

export function tallyOf({
  set,
  members,
}: {
  set: EphemeralRunnerSet;
  members: readonly Member[];
}): Tally {
  const there = members.filter(({ runner }) => !isDeleting(runner));
  const filling = there.filter(({ runner }) => fillsSlot(runner));
  const running = filling.filter(({ runner }) => isRunning(runner));
  const pending = filling.filter(({ runner }) => !isRunning(runner));
  const failed = there.filter(({ runner }) => isFailed(runner));
  const template = templateHash(set);
  const isOld = ({ runner }: Member): boolean => !isOfTemplate(runner, template);
  const old = filling.filter(isOld);
  return {
    pending,
    running,
    failed,
    outdated: there.filter(({ runner }) => runner.status?.phase === 'Outdated'),
    succeeded: there.filter(({ runner }) => runner.status?.phase === 'Succeeded'),
    total: filling.length + failed.length,
    live: there.length - failed.length,
    old: {
      idle: old.filter(({ runner }) => !hasJob(runner)),
      busy: old.filter(({ runner }) => hasJob(runner)),
      leaving: members.filter((member) => isDeleting(member.runner) && isOld(member)),
    },
  };
}
