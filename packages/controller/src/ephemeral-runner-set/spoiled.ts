// Runners that could not run stay for a while, so that people can look at them and a broken template is
// not tried in a hot loop; then others are tried in their place. Decides only.
import { annotation, ANNOTATIONS } from '@muster/api';
import type { EphemeralRunner } from '@muster/api';
import type { Tally } from './tally.ts';

const FAILED_STAYS_MS = 60_000;
const OUTDATED_STAYS_MS = 900_000;

interface Given {
  /** The hash of the template as it is now. */
  template: string;
  now: number;
}

export const expiredOf = (tally: Tally, given: Given): EphemeralRunner[] =>
  spoiledOf(tally)
    .filter(({ runner, staysMs }) => leftMs(runner, staysMs, given) <= 0)
    .map(({ runner }) => runner);

/** Until the next one's time is up; undefined when there is none. */
export function nextExpiryMs(tally: Tally, given: Given): number | undefined {
  const left = spoiledOf(tally)
    .map(({ runner, staysMs }) => leftMs(runner, staysMs, given))
    .filter((ms) => ms > 0);
  return left.length === 0 ? undefined : left.reduce((least, ms) => Math.min(least, ms));
}

const spoiledOf = ({ failed, outdated }: Tally) => [
  ...failed.map(({ runner }) => ({ runner, staysMs: FAILED_STAYS_MS })),
  ...outdated.map(({ runner }) => ({ runner, staysMs: OUTDATED_STAYS_MS })),
];

/** One of an older template need not stay: what was wrong with it may be right now. */
function leftMs(runner: EphemeralRunner, staysMs: number, { template, now }: Given): number {
  const made = annotation(runner, ANNOTATIONS.integrityHash);
  if (made !== undefined && made !== template) return 0;
  return spoiledSince(runner) + staysMs - now;
}

/** Its condition says so; a CRD of ARC's does not keep conditions. */
const spoiledSince = ({ metadata, status }: EphemeralRunner): number =>
  Date.parse(
    status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ??
      metadata.creationTimestamp,
  );
