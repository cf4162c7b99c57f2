// What one scale set's loop knows, and what it does with what it hears. Nothing here waits.
import { Board } from './board.ts';
import { decideCapacity, FULL } from './capacity.ts';
import { doubted, NO_DOUBT, weigh } from './doubt.ts';
import { createBell } from './lane.ts';
import { Ledger } from './ledger.ts';
import { writeTrouble } from './recover.ts';
import { decide, forgetWish, INITIAL, settle } from './scale.ts';
import { standingOf } from './standing.ts';
import type { MessageSession } from '@muster/actions';
import type { Statistics } from '@muster/actions/wire';
import type { ListenedScaleSet } from '@muster/api';
import type { Word } from './board.ts';
import type { CapacityState } from './capacity.ts';
import type { Deps } from './deps.ts';
import type { DoubtState, News } from './doubt.ts';
import type { Bell } from './lane.ts';
import type { Decision, Heard, Limits, ScaleState } from './scale.ts';
import type { Sides, Standing } from './standing.ts';

export interface Loop {
  readonly set: ListenedScaleSet;
  readonly deps: Deps;
  readonly ledger: Ledger;
  readonly board: Board;
  readonly bell: Bell;
  readonly limits: Limits;
  /** Another process has taken its place. */
  readonly replaced: AbortController;
  scale: ScaleState;
  capacity: CapacityState;
  doubt: DoubtState;
  sides: Sides;
  session: MessageSession | undefined;
  /** Of one that is held no longer but may live on at the service; it would be in the way of the next. Null: there is none. */
  leftSessionId: string | null | undefined;
  lastMessageId: number;
  /** In a row, of each kind: the first answer after a long outage must not wait out the patience of that. */
  readonly failures: Map<string, number>;
  cancelSettle: () => void;
}

export function createLoop(set: ListenedScaleSet, deps: Deps): Loop {
  const bell = createBell();
  const replaced = new AbortController();
  const onReplaced = (): void => {
    deps.log.warn('another process listens in its place', { set: set.setName });
    replaced.abort();
    bell.ring();
  };
  const { minRunners, maxRunners, settleSeconds } = set;
  return {
    set,
    deps,
    ledger: new Ledger(),
    board: new Board(set, { ...deps, bell, onReplaced }),
    bell,
    limits: {
      minRunners,
      maxRunners,
      ...(settleSeconds !== undefined && { settleMs: settleSeconds * 1000 }),
    },
    replaced,
    scale: INITIAL,
    capacity: FULL,
    doubt: NO_DOUBT,
    sides: { hearing: { state: 'starting', reason: 'it has not heard of GitHub yet' } },
    session: undefined,
    leftSessionId: undefined,
    lastMessageId: 0,
    failures: new Map(),
    cancelSettle: () => undefined,
  };
}

/** How hearing or writing goes now; told and recorded where it makes a difference. */
export function stand(loop: Loop, change: Partial<Sides>): void {
  const { set, deps, board } = loop;
  const before = standingOf(loop.sides);
  loop.sides = { ...loop.sides, ...change };
  const standing = standingOf(loop.sides);
  deps.metrics.stands(set, standing.state);
  deps.watch?.stands(standing);
  board.report(wordOf(loop, standing));
  if (standing.state === before.state) return;
  deps.log.info(`is ${standing.state}`, { set: set.setName, ...standing });
}

/** What is recorded of it: also a session that is no longer held, for as long as it may be in a successor's way. */
export function wordOf({ session, leftSessionId }: Loop, standing: Standing): Word {
  const sessionId = session?.id ?? leftSessionId;
  return { ...standing, ...(sessionId !== undefined && { sessionId }) };
}

export const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message : 'for no known reason';

/** How a write went; without an error it went well. */
export function wrote(loop: Loop, error?: unknown): void {
  const { hearing, writing } = loop.sides;
  if (error === undefined) {
    if (writing === undefined) return;
    loop.sides = { hearing };
    stand(loop, {});
    return;
  }
  stand(loop, { writing: { state: writeTrouble(error), reason: wordsOf(error) } });
}

interface Told {
  statistics?: Statistics | undefined;
  /** What the statistics came with. */
  news?: Omit<News, 'now' | 'statistics'>;
  heard?: Omit<Heard, 'now' | 'assigned' | 'ignored'>;
  queuedAt?: readonly number[];
}

/** A message, a session, or a poll that ended empty: to a wish. */
export function hear(loop: Loop, { statistics, news, heard, queuedAt = [] }: Told): void {
  const { set, deps, board } = loop;
  const now = deps.clock.elapsed();
  if (statistics) deps.metrics.statistics(set, statistics);
  const doubt = weigh(loop.doubt, { now, ...news, ...(statistics && { statistics }) });
  if (doubt.phantoms > 0 && loop.doubt.phantoms === 0) {
    deps.log.warn('assigned jobs do not start although runners wait for them', {
      set: set.setName,
      jobs: doubt.phantoms,
    });
  }
  loop.doubt = doubt;
  deps.metrics.phantoms(set, doubt.phantoms);
  const decision = decide(
    loop.scale,
    {
      now,
      ...heard,
      ...(statistics && { assigned: statistics.totalAssignedJobs }),
      ignored: board.seen?.ignoresPhantoms === true ? doubt.phantoms : 0,
    },
    loop.limits,
  );
  adopt(loop, decision, queuedAt);
}

/** The set holds something else than what was wished: it was made anew, or another changed it. */
export function wishAgain(loop: Loop): void {
  const { set, deps, board } = loop;
  deps.log.warn('the set does not hold what was wished; wishing it again', {
    set: set.setName,
    holds: board.seen?.replicas,
    wished: loop.scale.wished?.replicas,
  });
  loop.scale = forgetWish(loop.scale);
  hear(loop, {});
}

/** What is advertised with the next poll. */
export function advertised(loop: Loop): number {
  const { set, deps, board, scale } = loop;
  const { state, capacity } = decideCapacity(loop.capacity, {
    now: deps.clock.elapsed(),
    assigned: scale.assigned ?? 0,
    maxRunners: set.maxRunners,
    place: board.seen?.place ?? { running: 0, isFeedbackOff: false },
  });
  if (state.is !== loop.capacity.is) {
    const because = state.is === 'full' ? 'nothing was refused lately' : 'the cluster refuses pods';
    deps.log.info('advertises another capacity', { set: set.setName, capacity, because });
  }
  loop.capacity = state;
  deps.metrics.capacity(set, capacity);
  return capacity;
}

function adopt(loop: Loop, decision: Decision, queuedAt: readonly number[]): void {
  const { set, deps, ledger, bell } = loop;
  const { state, patch, settleInMs, isDoubtful } = decision;
  loop.scale = state;
  if (isDoubtful === true) loop.doubt = doubted(loop.doubt);
  if (patch) {
    deps.metrics.wished(set, patch.replicas);
    ledger.wish(patch, queuedAt);
    bell.ring();
  }
  if (settleInMs === undefined) return;
  loop.cancelSettle();
  loop.cancelSettle = deps.clock.setTimeout(() => {
    adopt(loop, settle(loop.scale, loop.limits), []);
  }, settleInMs);
}
