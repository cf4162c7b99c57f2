// The loop of one scale set: a session, its statistics, then message after message, for ever. It
// never ends of an error; only its signal ends it, or another process that took its place.
import { pause, within } from './deps.ts';
import { createPublisher } from './publish.ts';
import { createRecorder } from './record.ts';
import { wayBack } from './recover.ts';
import { decide, INITIAL, settle } from './scale.ts';
import type { Message, MessageSession } from '@muster/actions';
import type { ListenedScaleSet } from '@muster/api';
import type { Deps } from './deps.ts';
import type { Publisher } from './publish.ts';
import type { Recorder } from './record.ts';
import type { Decision, Heard, Limits, ScaleState } from './scale.ts';

const GOODBYE_MS = 5_000;
// An empty poll is held for some 50 s. A service that answers at once must not be asked in a hot loop.
const EMPTY_POLL_MS = 1_000;

interface Loop {
  set: ListenedScaleSet;
  deps: Deps;
  publisher: Publisher;
  recorder: Recorder;
  limits: Limits;
  scale: ScaleState;
  session: MessageSession | undefined;
  hadSession: boolean;
  /** Goes on across sessions, for the stream belongs to the scale set. */
  lastMessageId: number;
  failures: number;
  cancelSettle: () => void;
}

/** `replaced`: another process holds the session and is recorded; this one should end. */
export async function listen(
  set: ListenedScaleSet,
  deps: Deps,
  signal: AbortSignal,
): Promise<'stopped' | 'replaced'> {
  const loop = startLoop(set, deps);
  deps.metrics.listening(set);
  const writes = new AbortController();
  const writing = loop.publisher.run(writes.signal);
  const outcome = await hear(loop, signal);
  loop.cancelSettle();
  writes.abort();
  await writing;
  await within(deps.clock, GOODBYE_MS, async (limit) => {
    await loop.session?.close({ signal: limit });
  }).catch((error: unknown) => {
    deps.log.warn('could not end the session; it ends by itself', { set: set.setName, error });
  });
  if (outcome === 'stopped') {
    loop.recorder.report({ state: 'stopped', reason: 'it was told to stop' });
  }
  await loop.recorder.settled();
  return outcome;
}

function startLoop(set: ListenedScaleSet, deps: Deps): Loop {
  const acknowledge = async (messageId: number): Promise<void> => {
    if (loop.session === undefined) throw new Error('there is no session to acknowledge with');
    await loop.session.acknowledge(messageId);
  };
  const { minRunners, maxRunners, settleSeconds } = set;
  const loop: Loop = {
    set,
    deps,
    publisher: createPublisher(set, { ...deps, acknowledge }),
    recorder: createRecorder(set, deps),
    limits: {
      minRunners,
      maxRunners,
      ...(settleSeconds !== undefined && { settleMs: settleSeconds * 1000 }),
    },
    scale: INITIAL,
    session: undefined,
    hadSession: false,
    lastMessageId: 0,
    failures: 0,
    cancelSettle: () => undefined,
  };
  return loop;
}

async function hear(loop: Loop, signal: AbortSignal): Promise<'stopped' | 'replaced'> {
  const isStopped = (): boolean => signal.aborted;
  while (!isStopped()) {
    try {
      loop.session ??= await open(loop, signal);
      await pollOnce(loop, loop.session, signal);
    } catch (error) {
      if (isStopped()) break;
      if ((await recover(loop, error, signal)) === 'replaced') return 'replaced';
    }
  }
  return 'stopped';
}

/** Goes on with the recorded session when the service still knows it; else makes a new one. */
async function open(loop: Loop, signal: AbortSignal): Promise<MessageSession> {
  const { set, deps, recorder } = loop;
  const recorded = (await recorder.read())?.sessionId;
  const session = recorded === undefined ? undefined : await takeOver(loop, recorded, signal);
  const opened =
    session ?? (await deps.actions.createSession(set.scaleSetId, deps.owner, { signal }));
  const how = session === undefined ? 'a new session' : 'the session of its predecessor';
  loop.hadSession = true;
  deps.log.info(`listening with ${how}`, { set: set.setName, scaleSetId: set.scaleSetId });
  recorder.report({ state: 'listening', reason: how, sessionId: opened.id });
  if (opened.statistics) deps.metrics.statistics(set, opened.statistics);
  hearOf(loop, { now: deps.clock.now(), ...assignedOf(opened) });
  return opened;
}

async function takeOver(
  { set, deps }: Loop,
  sessionId: string,
  signal: AbortSignal,
): Promise<MessageSession | undefined> {
  try {
    const session = await deps.actions.resumeSession(set.scaleSetId, sessionId, { signal });
    if (session !== undefined) return session;
    await deps.actions.deleteSession(set.scaleSetId, sessionId, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    deps.log.warn('could not take the recorded session over', { set: set.setName, error });
  }
  return undefined;
}

async function pollOnce(loop: Loop, session: MessageSession, signal: AbortSignal): Promise<void> {
  const { set, deps, lastMessageId } = loop;
  const asked = deps.clock.now();
  const message = await session.poll({ lastMessageId, maxCapacity: set.maxRunners }, { signal });
  if (loop.failures > 0) {
    loop.failures = 0;
    loop.recorder.report({
      state: 'listening',
      reason: 'it polls again',
      sessionId: session.id,
    });
  }
  if (message !== undefined) {
    await take(loop, session, message);
    return;
  }
  hearOf(loop, { now: deps.clock.now() });
  await pause(deps.clock, asked + EMPTY_POLL_MS - deps.clock.now(), signal);
}

/** From here on the message is finished, whatever the signal says. */
async function take(loop: Loop, session: MessageSession, message: Message): Promise<void> {
  const { set, deps } = loop;
  const { id, statistics, available, started, completed, unknown, malformed = [] } = message;
  if (unknown > 0 || malformed.length > 0) {
    deps.log.warn('could not read all of a message', {
      set: set.setName,
      message: id,
      unknown,
      malformed,
    });
  }
  if (available.length > 0) {
    await session.acquire(available.map(({ runnerRequestId }) => runnerRequestId));
  }
  loop.lastMessageId = id;
  if (statistics) deps.metrics.statistics(set, statistics);
  for (const job of started) deps.metrics.started(set, job);
  for (const job of completed) deps.metrics.completed(set, job);
  deps.log.info('heard of jobs', {
    set: set.setName,
    message: id,
    assigned: statistics?.totalAssignedJobs,
    started: started.length,
    completed: completed.length,
  });
  const heard = {
    now: deps.clock.now(),
    ...assignedOf(message),
    started: started.map(jobKey),
    completed: completed.map(jobKey),
    finished: completed.map(({ runnerName }) => runnerName),
  };
  hearOf(loop, heard, { started, messageId: id });
}

const assignedOf = ({
  statistics,
}: Pick<Message, 'statistics'> | MessageSession): { assigned?: number } =>
  statistics ? { assigned: statistics.totalAssignedJobs } : {};

/** The id is 0 for every offer on github.com, and the job's own id is absent on old servers. */
const jobKey = (job: { jobId?: string; runnerRequestId: number }): string =>
  job.jobId ?? String(job.runnerRequestId);

function hearOf(
  loop: Loop,
  heard: Heard,
  effects: Omit<Parameters<Publisher['publish']>[0], 'patch'> = {},
): void {
  const { patch } = adopt(loop, decide(loop.scale, heard, loop.limits));
  loop.publisher.publish({ ...effects, patch });
}

function adopt(loop: Loop, decision: Decision): Decision {
  const { clock } = loop.deps;
  loop.scale = decision.state;
  loop.cancelSettle();
  const { settleAt } = decision.state;
  if (settleAt === undefined) return decision;
  loop.cancelSettle = clock.setTimeout(
    () => {
      const { patch } = adopt(loop, settle(loop.scale, clock.now(), loop.limits));
      loop.publisher.publish({ patch });
    },
    Math.max(0, settleAt - clock.now()),
  );
  return decision;
}

/** A process that lost its session does not fight the one that is recorded in its place. */
async function isReplaced({ recorder, deps, set }: Loop): Promise<boolean> {
  const recorded = await recorder.read();
  if (recorded?.instance === undefined || recorded.instance === deps.instance) return false;
  deps.log.warn('another process listens in its place', { set: set.setName });
  return true;
}

async function recover(
  loop: Loop,
  error: unknown,
  signal: AbortSignal,
): Promise<'recovering' | 'replaced'> {
  const { set, deps, recorder, session } = loop;
  loop.failures += 1;
  const way = wayBack(error, loop.failures, deps.random());
  deps.log.warn('could not hear of jobs; trying again', {
    set: set.setName,
    state: way.state,
    waitMs: way.waitMs,
    error,
  });
  if (way.next === 'reopen') {
    loop.session = undefined;
    // Before anything is reported, which would take the other's record away.
    if (loop.hadSession && (await isReplaced(loop))) return 'replaced';
  }
  const reason = error instanceof Error ? error.message : String(error);
  recorder.report({
    state: way.state,
    reason,
    ...(loop.session && session && { sessionId: session.id }),
  });
  await pause(deps.clock, way.waitMs, signal);
  return 'recovering';
}
