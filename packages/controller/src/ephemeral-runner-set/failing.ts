// What is remembered of runners that could not run, and how long others are waited for. Decides only.
import { hasJob } from '@muster/api';
import type { EphemeralRunner, EphemeralRunnerSet, Failing } from '@muster/api';
import { runningSince } from '../runner-pod.ts';
import { timestamp } from '../time.ts';
import { isOfTemplate, templateHash } from './template.ts';
import type { Member, Tally } from './tally.ts';

/** So many in a row, and the image is known to be too old. */
const OUTDATED_IN_A_ROW = 3;
const TRY_AGAIN_MS = 900_000;
const FIRST_ROUND_MS = 60_000;
const LONGEST_ROUND_MS = 900_000;
/** A runner that GitHub finds too old ends within seconds. */
const WELL_AFTER_MS = 60_000;

interface Given {
  set: EphemeralRunnerSet;
  tally: Tally;
  now: number;
}

/** As it should be written; undefined when nothing is wrong. A change of the template begins anew. */
export function failingOf({ set, tally, now }: Given): Failing | undefined {
  const template = templateHash(set);
  const known = set.status?.failing;
  const before = known?.template === template ? known : undefined;
  const ofNow = ({ runner }: Member): boolean => isOfTemplate(runner, template);
  if (before !== undefined && tally.running.filter(ofNow).some(isWellSince(before, now))) {
    return undefined;
  }
  const outdated = tally.outdated.filter(ofNow).map(nameOf);
  const failed = tally.failed.filter(ofNow).map(nameOf);
  if (before === undefined && outdated.length + failed.length === 0) return undefined;
  const counted = [...outdated, ...failed].sort();
  return { ...counting(before ?? afresh(template, now), { outdated, failed, now }), counted };
}

const afresh = (template: string, now: number): Failing => ({
  template,
  outdated: 0,
  rounds: 0,
  since: timestamp(now),
});

/** Those of one round fail within its time and do not make it longer. */
function counting(
  before: Failing,
  { outdated, failed, now }: { outdated: string[]; failed: string[]; now: number },
): Failing {
  const isFresh = (name: string): boolean => before.counted?.includes(name) !== true;
  const freshOutdated = outdated.filter(isFresh).length;
  const isNewRound = failed.some(isFresh) && roundLeftMs(before, now) <= 0;
  return {
    template: before.template,
    outdated: before.outdated + freshOutdated,
    rounds: before.rounds + (isNewRound ? 1 : 0),
    since: isNewRound || freshOutdated > 0 ? timestamp(now) : before.since,
  };
}

const nameOf = ({ runner }: Member): string => runner.metadata.name;

/** It has got a job since the last trouble, or has run for longer than one that fails does. */
const isWellSince =
  ({ since }: Failing, now: number) =>
  ({ runner, pod }: Member): boolean => {
    const at = runningSince(pod) ?? createdAt(runner);
    return at > Date.parse(since) && (hasJob(runner) || now - at >= WELL_AFTER_MS);
  };

const createdAt = ({ metadata }: EphemeralRunner): number => Date.parse(metadata.creationTimestamp);

/** Made after the last one that failed. */
export const isSince = (failing: Failing, { runner }: Member): boolean =>
  createdAt(runner) > Date.parse(failing.since);

/** The set makes no more runners, but for a trial now and then. */
export const isStopped = (failing: Failing | undefined): failing is Failing =>
  (failing?.outdated ?? 0) >= OUTDATED_IN_A_ROW;

/** Until one runner is tried, while the set is stopped. */
export const trialInMs = ({ since }: Failing, now: number): number =>
  Math.max(0, Date.parse(since) + TRY_AGAIN_MS - now);

/** Until the failed ones are replaced: a minute, and twice as long each time, up to a quarter of an hour. */
export function roundLeftMs(failing: Failing | undefined, now: number): number {
  if (failing === undefined || failing.rounds === 0) return 0;
  const ms = Math.min(FIRST_ROUND_MS * 2 ** (failing.rounds - 1), LONGEST_ROUND_MS);
  return Math.max(0, Date.parse(failing.since) + ms - now);
}
