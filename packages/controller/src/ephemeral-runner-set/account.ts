// The account of slots (design.md, decision 6; docs/decisions/0003 and 0005). Decides only.
import { contentHash, FINALIZERS, hasFinalizer, hasJob, isDeleting, isDone } from '@muster/api';
import type { EphemeralRunnerSet, Slots } from '@muster/api';
import { isLost, spendsSlot } from '../runner-pod.ts';
import { deletingForMs } from '../time.ts';
import type { Member } from './tally.ts';
import { templateHash } from './template.ts';

export interface Roll {
  set: EphemeralRunnerSet;
  members: readonly Member[];
  now: number;
}

/**
 * The account as it should be written. With a new wish it starts afresh: who is on the way out then
 * belongs to the past, unless the listener had not heard so. Within one, a runner that used up its slot is
 * counted once, by name, while it is still there; its own reconciler lets it go only when it finds the
 * name here.
 */
export function accountOf(roll: Roll): Slots {
  const { set, members, now } = roll;
  const before = set.status?.slots;
  const wish = wishOf(set);
  const past = new Set(set.spec.finishedRunners);
  const over = members.filter(
    ({ runner }) => isDeleting(runner) || isDone(runner) || past.has(runner.metadata.name),
  );
  if (before === undefined || !isSameWish(before, wish)) {
    const spent = over.filter((member) => isUnheardOf(member, { set, now })).length;
    return { ...wish, spent, ended: over.map(nameOf).sort() };
  }
  const counted = new Set(before.ended);
  const fresh = over
    .filter(({ runner, pod }) => spendsSlot(runner, pod))
    .map(nameOf)
    .filter((name) => !counted.has(name) && !past.has(name));
  // What the listener no longer counted in replicas belongs to the past too (docs/decisions/0005).
  const there = members.map(nameOf).filter((name) => counted.has(name) || past.has(name));
  return { ...wish, spent: before.spent + fresh.length, ended: [...there, ...fresh].sort() };
}

type Wish = Pick<Slots, 'generation'> & { patch: string; template: string };

const wishOf = (set: EphemeralRunnerSet): Wish => {
  const { replicas = 0, patchID, finishedRunners = [], ephemeralRunnerMetadata } = set.spec;
  return {
    generation: set.metadata.generation ?? 0,
    patch: contentHash([replicas, patchID, finishedRunners]),
    template: contentHash([templateHash(set), ephemeralRunnerMetadata]),
  };
};

/**
 * A change of the template is no new wish: the slots that were used up stay so, else a change in the middle of
 * a burst would fill them again (reference/controllers.md, BUG-1). The same words in a newer generation of the same
 * template are: patches in between were missed.
 */
const isSameWish = (before: Slots, { generation, patch, template }: Wish): boolean =>
  before.generation === generation || (before.patch === patch && before.template !== template);

// The listener hears within seconds. Who takes longer to go was heard of, and is no longer named.
const HEARD_WITHIN_MS = 30_000;

/**
 * Whether `replicas` still counts one that is over: our listener names in each numbered patch who no
 * longer counts. ARC's names nobody, and a converging patch counts only what should be there.
 */
function isUnheardOf(member: Member, { set, now }: Omit<Roll, 'members'>): boolean {
  const { runner, pod } = member;
  const { finishedRunners, patchID } = set.spec;
  if (finishedRunners === undefined) return false;
  if (finishedRunners.includes(runner.metadata.name)) return false;
  if (isHeldByGitHub(member)) return true;
  return patchID !== 0 && spendsSlot(runner, pod) && deletingForMs(runner, now) < HEARD_WITHIN_MS;
}

/**
 * Its pod is lost, and GitHub, which takes minutes to find out, still calls it busy. Its statistics count the job for
 * as long, so a converging patch too: another runner would wait in vain for it.
 */
const isHeldByGitHub = ({ runner, pod }: Member): boolean =>
  hasJob(runner) &&
  isDeleting(runner) &&
  hasFinalizer(runner, FINALIZERS.registration) &&
  isLost(pod);

const nameOf = ({ runner }: Member): string => runner.metadata.name;
