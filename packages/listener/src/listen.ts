// The loop of one scale set: a session, its statistics, then message after message, for ever. It
// never ends of an error; only its signal ends it, or another process that took its place.
import { isLookDue } from './doubt.ts';
import { pause, within } from './deps.ts';
import { advertised, createLoop, hear, stand, wishAgain, wordOf, wordsOf, wrote } from './loop.ts';
import { askForStatistics, endSession, lose, open, renewForPhantoms } from './open.ts';
import { publish } from './publish.ts';
import { kindOf, wayBack } from './recover.ts';
import { take } from './take.ts';
import type { MessageSession } from '@muster/actions';
import type { ListenedScaleSet } from '@muster/api';
import type { Deps } from './deps.ts';
import type { Loop } from './loop.ts';

const DRAIN_MS = 10_000;
const GOODBYE_MS = 5_000;
const LAST_WORD_MS = 2_000;
// An empty poll is held for some 50 s. A service that answers at once must not be asked in a hot loop.
const EMPTY_POLL_MS = 1_000;
// Well below the 60 s after which the service may forget a session of which it hears nothing.
const FULL_MS = 20_000;
const LOOK_MS = 5_000;
const LOOK_PATIENCE_MS = 1_000;

/** `replaced`: another process holds the session and is recorded; this one should end. */
export async function listen(
  set: ListenedScaleSet,
  deps: Deps,
  signal: AbortSignal,
): Promise<'stopped' | 'replaced'> {
  const loop = createLoop(set, deps);
  const { board, ledger, replaced } = loop;
  const hearing = AbortSignal.any([signal, replaced.signal]);
  const writes = new AbortController();
  deps.metrics.listening(set);
  const writing = publish(
    {
      ...deps,
      set,
      ledger,
      board,
      bell: loop.bell,
      session: () => loop.session,
      onWrite: (error) => {
        wrote(loop, error);
      },
    },
    writes.signal,
  );
  await hearUntil(loop, hearing);
  loop.cancelSettle();
  await saidGoodbye(loop);
  writes.abort();
  await writing;
  return board.isReplaced ? 'replaced' : 'stopped';
}

async function hearUntil(loop: Loop, signal: AbortSignal): Promise<void> {
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    try {
      const session = loop.session ?? (await open(loop, signal));
      await turn(loop, session, signal);
      loop.deps.watch?.turned(0);
    } catch (error) {
      if (isOver()) return;
      await recover(loop, error, signal);
    }
  }
}

async function turn(loop: Loop, session: MessageSession, signal: AbortSignal): Promise<void> {
  const { deps } = loop;
  if (isLookDue(loop.doubt, deps.clock.elapsed())) await askForStatistics(loop, signal);
  await renewForPhantoms(loop, signal);
  // Either may have found that the session is gone, or come back with a renewed one.
  if (loop.session !== session) return;
  await lookAtSet(loop);
  const asked = deps.clock.elapsed();
  const message = await session.poll(
    { lastMessageId: loop.lastMessageId, maxCapacity: advertised(loop) },
    { signal },
  );
  deps.metrics.polled(loop.set);
  if (loop.failures.size > 0) {
    loop.failures.clear();
    stand(loop, { hearing: { state: 'listening', reason: 'it polls again' } });
  }
  if (message === undefined) {
    hear(loop, {});
    await pause(deps.clock, EMPTY_POLL_MS - (deps.clock.elapsed() - asked), signal);
    return;
  }
  if (take(loop, message) === 'left') await untilRoom(loop, signal);
}

/**
 * What its cluster has room for, and whether it holds the wish, is known from the answers to patches. While there
 * is work an empty one makes sure that this is no older than a poll. An idle set asks nothing.
 */
async function lookAtSet(loop: Loop): Promise<void> {
  if (!isLookWanted(loop)) return;
  const { wished } = loop.scale;
  const seen = await loop.board.look(LOOK_PATIENCE_MS);
  if (seen === undefined) return;
  loop.deps.metrics.observed(loop.set, seen.current);
  // What was wished meanwhile it may not hold yet.
  if (wished === undefined || loop.scale.wished !== wished) return;
  if (seen.replicas !== wished.replicas) wishAgain(loop);
}

function isLookWanted({ board, ledger, scale, capacity, sides, deps }: Loop): boolean {
  const isBusy = (scale.assigned ?? 0) > 0 || capacity.is === 'lowered';
  const isRecent = deps.clock.elapsed() - (board.seen?.at ?? -Infinity) < LOOK_MS;
  // What waits to be written will tell.
  const isToBeTold = sides.writing !== undefined || ledger.unwrittenWish !== undefined;
  return isBusy && !isRecent && !isToBeTold;
}

/** Polls now and then for the newest statistics, and keeps the session alive by it. */
async function untilRoom(loop: Loop, signal: AbortSignal): Promise<void> {
  const { deps, set } = loop;
  deps.log.warn('can keep no more; the rest stays at GitHub meanwhile', { set: set.setName });
  await pause(deps.clock, FULL_MS, signal);
}

async function recover(loop: Loop, error: unknown, signal: AbortSignal): Promise<void> {
  const { set, deps, session } = loop;
  const kind = kindOf(error);
  const failures = (loop.failures.get(kind) ?? 0) + 1;
  loop.failures.set(kind, failures);
  const way = wayBack(error, {
    failures,
    random: deps.random(),
    hasSession: session !== undefined,
  });
  deps.log.warn('could not hear of jobs; trying again', {
    set: set.setName,
    state: way.state,
    waitMs: way.waitMs,
    error,
  });
  // Whoever ended the session may have taken this process's place: to open another begins with a look.
  if (way.next === 'reopen' && session) lose(loop);
  stand(loop, { hearing: { state: way.state, reason: wordsOf(error) } });
  deps.watch?.turned(way.waitMs);
  await pause(deps.clock, way.waitMs, signal);
}

/**
 * What was heard is written and acknowledged, as far as that can be done in a short time; then its session is ended. One that
 * was replaced does neither.
 */
async function saidGoodbye(loop: Loop): Promise<void> {
  const { deps, set, ledger, board } = loop;
  await whenever(loop, DRAIN_MS, () => ledger.isEmpty || board.isReplaced);
  if (board.isReplaced) return;
  await within(deps.clock, GOODBYE_MS, async (limit) => {
    await endSession(loop, limit);
  }).catch((error: unknown) => {
    deps.log.warn('could not end the session; a successor goes on with it', {
      set: set.setName,
      error,
    });
  });
  const stopped = { state: 'stopped', reason: 'it was told to stop' } as const;
  deps.watch?.stands(stopped);
  board.report(wordOf(loop, stopped));
  await whenever(loop, LAST_WORD_MS, () => board.isWritten || board.isReplaced);
}

/** Waits for something that the bell announces. */
async function whenever({ bell, deps }: Loop, mostMs: number, isSo: () => boolean): Promise<void> {
  const until = deps.clock.elapsed() + mostMs;
  const cancel = deps.clock.setTimeout(() => {
    bell.ring();
  }, mostMs);
  while (!isSo() && deps.clock.elapsed() < until) await bell.rung();
  cancel();
}
