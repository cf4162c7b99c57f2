// The session of a scale set: a predecessor's, where the service still knows it, else a new one.
// design.md, decision 13.
import { isActionsError } from '@muster/actions';
import { freshened, isFreshSessionDue, looked } from './doubt.ts';
import { hear, stand } from './loop.ts';
import type { MessageSession } from '@muster/actions';
import type { Loop } from './loop.ts';

const LAST_ANSWER_MS = 2_000;

/** Goes on with what is recorded; its statistics are heard before any poll. */
export async function open(loop: Loop, signal: AbortSignal): Promise<MessageSession> {
  const { set, deps, board } = loop;
  const recorded = (await board.predecessor())?.sessionId;
  signal.throwIfAborted();
  const left = loop.leftSessionId;
  if (typeof left === 'string') await discard(loop, left, signal);
  const isWorthTrying = recorded !== undefined && recorded !== left;
  const resumed = isWorthTrying ? await takeOver(loop, recorded, signal) : undefined;
  const session = resumed ?? (await make(loop, signal));
  const how = resumed ? 'the session of its predecessor' : 'a new session';
  deps.log.info(`listening with ${how}`, { set: set.setName, scaleSetId: set.scaleSetId });
  // A new session tells again what was not acknowledged; what is known of it is not counted twice.
  if (!resumed) loop.lastMessageId = 0;
  hold(loop, session, how);
  return session;
}

/**
 * Told to stop meanwhile, it waits for the answer a little longer: a session of which nobody knows the id would be in
 * its successor's way for a minute or more.
 */
async function make({ set, deps }: Loop, signal: AbortSignal): Promise<MessageSession> {
  const late = new AbortController();
  let cancel: () => void = () => undefined;
  const onStop = (): void => {
    cancel = deps.clock.setTimeout(() => {
      late.abort();
    }, LAST_ANSWER_MS);
  };
  signal.addEventListener('abort', onStop, { once: true });
  try {
    return await deps.actions.createSession(set.scaleSetId, deps.owner, { signal: late.signal });
  } finally {
    signal.removeEventListener('abort', onStop);
    cancel();
  }
}

function hold(loop: Loop, session: MessageSession, reason: string): void {
  loop.session = session;
  stand(loop, { hearing: { state: 'listening', reason } });
  hear(loop, { statistics: session.statistics });
  // Acknowledgements may wait for a session.
  loop.bell.ring();
}

async function takeOver(
  loop: Loop,
  sessionId: string,
  signal: AbortSignal,
): Promise<MessageSession | undefined> {
  const { set, deps } = loop;
  try {
    const session = await deps.actions.resumeSession(set.scaleSetId, sessionId, { signal });
    if (session !== undefined) return session;
  } catch (error) {
    // What is wrong with the scale set or the credentials is wrong for a new session too.
    if (signal.aborted || !isActionsError(error, 'refused')) throw error;
    deps.log.warn('could not take the recorded session over', { set: set.setName, error });
  }
  await discard(loop, sessionId, signal);
  return undefined;
}

async function discard(loop: Loop, sessionId: string, signal: AbortSignal): Promise<void> {
  const { set, deps } = loop;
  try {
    await deps.actions.deleteSession(set.scaleSetId, sessionId, { signal });
  } catch (error) {
    if (signal.aborted || !isActionsError(error, 'refused')) throw error;
    deps.log.debug('could not end a session that is of no more use', { set: set.setName, error });
  }
  loop.leftSessionId = null;
}

/** Statistics that are asked for: by a refresh of the session, whose answer has them. */
export async function askForStatistics(loop: Loop, signal: AbortSignal): Promise<void> {
  const { set, deps, session } = loop;
  if (session === undefined) return;
  loop.doubt = looked(loop.doubt, deps.clock.elapsed());
  const fresh = await deps.actions.resumeSession(set.scaleSetId, session.id, { signal });
  if (fresh === undefined) {
    lose(loop);
    return;
  }
  loop.session = fresh;
  hear(loop, { statistics: fresh.statistics, heard: { isCertain: true } });
}

/** The service has been seen to count jobs that are gone, until the session was made anew. */
export async function renewForPhantoms(loop: Loop, signal: AbortSignal): Promise<void> {
  const { set, deps, session } = loop;
  const now = deps.clock.elapsed();
  if (session === undefined || !isFreshSessionDue(loop.doubt, now)) return;
  deps.log.warn('makes its session anew: the service may be counting jobs that are gone', {
    set: set.setName,
    jobs: loop.doubt.phantoms,
  });
  loop.doubt = freshened(loop.doubt, now);
  await session.close({ signal });
  lose(loop);
}

/** Where that cannot be done, the session stays recorded. */
export async function endSession(loop: Loop, signal: AbortSignal): Promise<void> {
  const { session } = loop;
  if (session === undefined) return;
  lose(loop);
  await session.close({ signal });
  loop.leftSessionId = null;
}

export function lose(loop: Loop): void {
  loop.leftSessionId = loop.session?.id;
  loop.session = undefined;
}
