// What the statistics may not tell: when to ask for them anew, and which assigned jobs never start
// although runners wait for them (the service counts jobs that are gone). Decides; does nothing.
import type { Statistics } from '@muster/actions/wire';

type Told = Pick<Statistics, 'totalAssignedJobs' | 'totalRunningJobs' | 'totalIdleRunners'>;

export interface DoubtState {
  /** Assigned jobs without a runner, as last told. */
  waiting: number;
  /** Since when runners enough have been idle for them. */
  since?: number;
  /** When the statistics were told. */
  toldAt: number;
  /** They contradict the news that came with them, or what is known to run. */
  isOdd: boolean;
  /** The jobs that are held to be none. */
  phantoms: number;
  lookedAt: number;
  /** When a session was last made anew for this. */
  freshAt: number;
}

export interface News {
  /** On a clock that never jumps. */
  now: number;
  statistics?: Told;
  /** How many jobs the news was of. */
  assigned?: number;
  started?: number;
  completed?: number;
}

export const NO_DOUBT: DoubtState = {
  waiting: 0,
  toldAt: -Infinity,
  isOdd: false,
  phantoms: 0,
  lookedAt: -Infinity,
  freshAt: -Infinity,
};

const PHANTOM_MS = 5 * 60_000;
// Statistics come with messages only, and a job that never starts makes none.
const LOOK_MS = 2 * 60_000;
const LOOK_AGAIN_MS = 5_000;
const FRESH_MS = 60 * 60_000;

export function weigh(before: DoubtState, heard: News): DoubtState {
  const { now, statistics, started = 0 } = heard;
  if (!statistics) return untold(before, heard);
  const waiting = Math.max(0, statistics.totalAssignedJobs - statistics.totalRunningJobs);
  const told = { ...calm(before), waiting, toldAt: now, isOdd: isContradicted(statistics, heard) };
  const isSuspect = waiting > 0 && statistics.totalIdleRunners >= waiting && started === 0;
  if (!isSuspect) return told;
  const since = before.since ?? now;
  return { ...told, since, phantoms: now - since >= PHANTOM_MS ? waiting : 0 };
}

/** News without a count (null has been seen): the count is asked for. */
function untold(
  before: DoubtState,
  { assigned = 0, started = 0, completed = 0 }: News,
): DoubtState {
  const isNews = assigned + started + completed > 0;
  const after = started > 0 ? calm(before) : before;
  return isNews ? doubted(after) : after;
}

/** Statistics of all zeros beside jobs have been seen (reference/protocol.md 13). */
const isContradicted = (
  { totalAssignedJobs }: Told,
  { assigned = 0, started = 0, completed = 0 }: News,
): boolean => totalAssignedJobs === 0 && completed === 0 && assigned + started > 0;

function calm(before: DoubtState): DoubtState {
  const { waiting, toldAt, isOdd, lookedAt, freshAt } = before;
  return { waiting, toldAt, isOdd, phantoms: 0, lookedAt, freshAt };
}

export const doubted = (before: DoubtState): DoubtState => ({ ...before, isOdd: true });

export const looked = (before: DoubtState, now: number): DoubtState => ({
  ...before,
  lookedAt: now,
});

/** A new session counts anew. */
export const freshened = (before: DoubtState, now: number): DoubtState => ({
  ...calm(before),
  freshAt: now,
});

/** Whether the statistics are worth a call. */
export function isLookDue({ waiting, toldAt, isOdd, lookedAt }: DoubtState, now: number): boolean {
  if (now - lookedAt < LOOK_AGAIN_MS) return false;
  if (toldAt === -Infinity || isOdd) return true;
  return waiting > 0 && now - Math.max(toldAt, lookedAt) >= LOOK_MS;
}

/** One an hour is tried. */
export const isFreshSessionDue = ({ phantoms, freshAt }: DoubtState, now: number): boolean =>
  phantoms > 0 && now - freshAt >= FRESH_MS;
