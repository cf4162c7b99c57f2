// Whether GitHub counts as many runners online as idle ones run here. One that it does not know any more can get no
// job and would wait for ever (a zombie). Decides only; census-taking.ts asks.
import { hasJob } from '@muster/api';
import { runnerPod, runningSince } from '../runner-pod.ts';
import type { Member, Tally } from './tally.ts';

/** What GitHub said of the runners that run here. */
export interface Census {
  at: number;
  is:
    | 'online'
    /** It counts fewer online than run here, and others of the organization are. */
    | 'offline'
    /** It counts none of the organization online: it is GitHub, or the way to it. Nothing is replaced. */
    | 'outage'
    /** It does not answer. Nothing is replaced. */
    | 'unreachable';
  /** Of those that it knows, so many are not online. */
  missing: number;
  /** By name; it does not know them any more. */
  gone: readonly string[];
  /** Since when it has been so, one census after another. */
  since: number;
}

/** The seven counts of the service that matter here. */
export interface Counts {
  totalBusyRunners: number;
  totalIdleRunners: number;
}

const EVERY_MS = 300_000;

interface Given {
  tally: Tally;
  census: Census | undefined;
  onlineMs: number;
  now: number;
}

/** Idle as far as is known here, and for long enough to be online. */
export const suspectsOf = ({ tally, onlineMs, now }: Omit<Given, 'census'>): Member[] =>
  idleOf(tally).filter((member) => waitedMs(member, now) >= onlineMs);

const idleOf = ({ running }: Tally): Member[] =>
  running.filter(
    ({ runner, pod }) =>
      !hasJob(runner) && runner.status?.runnerId !== undefined && runnerPod(pod).is === 'running',
  );

const waitedMs = ({ runner, pod }: Member, now: number): number =>
  now - (runningSince(pod) ?? Date.parse(runner.metadata.creationTimestamp));

/** Until GitHub is to be asked; undefined while nobody waits for a job. */
export function censusInMs({ tally, census, onlineMs, now }: Given): number | undefined {
  const waited = idleOf(tally).map((member) => waitedMs(member, now));
  if (waited.length === 0 || !Number.isFinite(onlineMs)) return undefined;
  const longest = waited.reduce((most, ms) => Math.max(most, ms), 0);
  const next = census === undefined ? 0 : census.at + EVERY_MS - now;
  return Math.max(0, onlineMs - longest, next);
}

/** How many of the suspects GitHub does not count online. */
export const missingOf = (
  suspects: number,
  busyHere: number,
  { totalBusyRunners, totalIdleRunners }: Counts,
): number => Math.max(0, suspects - totalIdleRunners - Math.max(0, totalBusyRunners - busyHere));

/** What is fresh enough to act on: older word may be of runners that have got a job since. */
const isFresh = (census: Census, now: number): boolean => now - census.at < 10_000;

export const zombiesOf = ({ tally, census, onlineMs, now }: Given): Member[] =>
  census === undefined || !isFresh(census, now)
    ? []
    : suspectsOf({ tally, onlineMs, now }).filter(({ runner }) =>
        census.gone.includes(runner.metadata.name),
      );

/**
 * The service does not say which ones are offline, so the longest idle are replaced, as many as are missing: GitHub
 * lets go of none that has a job, and those that were well are as good after it. Only when two censuses agree.
 */
export function offlineOf(given: Given): { atMost: number; candidates: Member[] } | undefined {
  const { census, now } = given;
  if (census?.is !== 'offline' || census.missing === 0 || !isFresh(census, now)) return undefined;
  if (census.at - census.since < EVERY_MS) return undefined;
  const candidates = suspectsOf(given).sort((a, b) => waitedMs(b, now) - waitedMs(a, now));
  return { atMost: census.missing, candidates };
}
