// The roll to a new template: an idle runner of the old one goes when a new one is well, one with a job when
// its job is over. While new ones fail it stands still. Decides only.
import { hasJob } from '@muster/api';
import type { Failing } from '@muster/api';
import { isReady } from '../runner-pod.ts';
import type { Member, Tally } from './tally.ts';

export interface RollGiven {
  tally: Tally;
  failing: Failing | undefined;
  /** Runners that there should be. */
  wanted: number;
  maxRunners: number;
}

/** How many to make beyond what is wanted, and how many idle old ones may go. */
export interface RollStep {
  create: number;
  retire: number;
  because: string;
}

/** At most a quarter of the runners at a time. */
const AT_ONCE = 0.25;

export function rollStep(given: RollGiven): RollStep | undefined {
  const { tally, wanted, maxRunners } = given;
  const idle = tally.old.idle.length;
  if (idle === 0 || isFailing(given)) return undefined;
  const untried = untriedOf(tally);
  const step = Math.max(1, Math.ceil(wanted * AT_ONCE));
  const proven = tally.total - untried - wanted;
  if (proven > 0) {
    return { create: 0, retire: Math.min(idle, proven), because: 'new ones are ready' };
  }
  const room = Math.min(step, maxRunners - wanted);
  const create = Math.min(wanted + room - tally.total, idle - untried);
  if (create > 0) return { create, retire: 0, because: 'idle ones are of an older template' };
  // At maxRunners one has to go first.
  if (room > 0 || untried > 0) return undefined;
  return { create: 0, retire: Math.min(step, idle), because: 'there is no room for a new one' };
}

const old = ({ old: { idle, busy } }: Tally): Set<Member> => new Set([...idle, ...busy]);

/** New ones that have not shown yet that they are well. They stand for no old one. */
export function untriedOf(tally: Tally): number {
  if (tally.old.idle.length === 0) return 0;
  const isOld = old(tally);
  return [...tally.pending, ...tally.running].filter(
    (member) => !isOld.has(member) && !hasJob(member.runner) && !isReady(member.pod),
  ).length;
}

/** Whether runners of the new template could not run, or their pods fail. */
export function isFailing({ tally, failing }: Pick<RollGiven, 'tally' | 'failing'>): boolean {
  const isOld = old(tally);
  return (
    failing !== undefined ||
    tally.pending.some(
      (member) =>
        !isOld.has(member) && Object.keys(member.runner.status?.failures ?? {}).length > 0,
    )
  );
}
