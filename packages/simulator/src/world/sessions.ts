// Message sessions: the exclusive right to one scale set's messages.
import { randomUUID } from 'node:crypto';
import { fill } from './assignment.ts';
import { assignAcquired } from './jobs.ts';
import { tellWhy } from './matching.ts';
import type { SealedMessage } from './message-queue.ts';
import type { ScaleSet, Session, World } from './model.ts';

/** `taken`: another session of this scale set is alive, be it the same owner's. */
export function openSession(world: World, set: ScaleSet, owner: string): Session | 'taken' {
  if (set.session && isAlive(world, set.session)) return 'taken';
  if (set.session) endSession(world, set.session, 'expired');
  const session: Session = {
    id: randomUUID(),
    owner,
    scaleSet: set,
    heardAt: world.now(),
    waiters: new Set(),
  };
  set.session = session;
  world.emit({ type: 'session', change: 'opened', scaleSetName: set.name, owner });
  tellLanes(world, set);
  return session;
}

export function endSession(world: World, session: Session, how: 'closed' | 'expired'): void {
  const { scaleSet, owner } = session;
  if (scaleSet.session !== session) return;
  scaleSet.session = undefined;
  scaleSet.capacity = undefined;
  world.emit({ type: 'session', change: how, scaleSetName: scaleSet.name, owner });
  for (const wake of [...session.waiters]) wake();
  tellLanes(world, scaleSet);
}

/** A session with a poll that waits is alive, however long it waits. */
export const isAlive = (world: World, { waiters, heardAt }: Session): boolean =>
  waiters.size > 0 || world.now() - heardAt < world.timing.sessionTtlMs;

export interface Poll {
  lastMessageId: number;
  capacity: number;
}

/** The next message, if there is one. The capacity holds until the next poll names another. */
export function poll(world: World, session: Session, request: Poll): SealedMessage | undefined {
  const { scaleSet } = session;
  session.heardAt = world.now();
  assignAcquired(world, scaleSet);
  const isNews = scaleSet.capacity !== request.capacity;
  scaleSet.capacity = request.capacity;
  fill(world, scaleSet);
  if (isNews) tellLanes(world, scaleSet);
  return scaleSet.messages.next(request.lastMessageId);
}

/** A poll begins to wait. Ended by what it returns. */
export function awaitMessage(world: World, session: Session, wake: () => void): () => void {
  session.waiters.add(wake);
  return () => {
    session.waiters.delete(wake);
    session.heardAt = world.now();
  };
}

function tellLanes(world: World, set: ScaleSet): void {
  for (const lane of set.lanes) tellWhy(world, lane);
}
