// What was heard to Kubernetes, and then back to GitHub: the wish first, the started jobs beside it,
// the acknowledgement last. Each goes its own lane and is tried until it is done; it decides nothing.
import { EphemeralRunnerKind, EphemeralRunnerSetKind } from '@muster/api';
import { isActionsError } from '@muster/actions';
import { isKubeError } from '@muster/kube';
import { SetGoneError } from './recover.ts';
import { runLane } from './lane.ts';
import type { MessageSession } from '@muster/actions';
import type { JobStarted } from '@muster/actions/wire';
import type { ListenedScaleSet } from '@muster/api';
import type { Board } from './board.ts';
import type { Deps } from './deps.ts';
import type { Bell, Lane } from './lane.ts';
import type { Ledger, Wish } from './ledger.ts';
import type { Patch } from './scale.ts';

const PACE = { firstMs: 200, maxMs: 10_000 };
const PARALLEL_STATUSES = 16;

export interface Publishing extends Pick<
  Deps,
  'kube' | 'clock' | 'log' | 'metrics' | 'random' | 'instance'
> {
  set: ListenedScaleSet;
  ledger: Ledger;
  board: Board;
  bell: Bell;
  /** The session as it is now; undefined while there is none. */
  session: () => MessageSession | undefined;
  /** How the writing to Kubernetes goes. */
  onWrite: (error?: unknown) => void;
}

/** Writes until the signal. */
export async function publish(parts: Publishing, signal: AbortSignal): Promise<void> {
  const lanes = [wishes(parts), jobs(parts), offers(parts), receipts(parts), parts.board.lane];
  const ring = (): void => {
    parts.bell.ring();
  };
  signal.addEventListener('abort', ring, { once: true });
  await Promise.all(lanes.map((lane) => runLane(lane, { ...parts, signal })));
}

function wishes(parts: Publishing): Lane {
  const { ledger, board, set, log, onWrite, bell } = parts;
  let hasFailed = false;
  return {
    next: () => {
      const wish = ledger.unwrittenWish;
      return wish && (() => write(wish));
    },
    pace: PACE,
    onFailure: (error) => {
      hasFailed = true;
      onWrite(error);
      log.warn('could not write; keeping it', { set: set.setName, error });
    },
    onSuccess: () => {
      hasFailed = false;
      onWrite();
      bell.ring();
    },
  };

  async function write(wish: Wish): Promise<void> {
    // While it could not write, another process may have come to do so: an old wish must not undo its.
    if (hasFailed) await board.read();
    if (board.isReplaced) return;
    await patchSet(wish.patch, parts);
    ledger.wishWritten(wish);
    const now = parts.clock.now();
    for (const at of wish.queuedAt) parts.metrics.answered(set, Math.max(0, now - at) / 1000);
  }
}

async function patchSet(patch: Patch, { set, kube, clock, board, log }: Publishing): Promise<void> {
  const at = { namespace: set.setNamespace, name: set.setName };
  const sentAt = clock.elapsed();
  const written = await kube.patch(EphemeralRunnerSetKind, at, { spec: specOf(patch, set) });
  if (written === undefined) throw new SetGoneError(at.namespace, at.name);
  board.see(written, sentAt);
  log.info('wished runners', { set: set.setName, ...patch });
}

/** With ARC's file byte for byte as ARC writes it, where 0 is left out (reference/protocol.md 7.4). */
function specOf(
  { replicas, patchID, finishedRunners }: Patch,
  { settleSeconds }: Pick<ListenedScaleSet, 'settleSeconds'>,
): { patchID: number; replicas: number | null; finishedRunners?: string[] } {
  if (settleSeconds === undefined) return { patchID, replicas: replicas === 0 ? null : replicas };
  return { patchID, replicas, ...(finishedRunners && { finishedRunners }) };
}

function jobs(parts: Publishing): Lane {
  const { ledger, bell, onWrite } = parts;
  const writeSome = async (some: readonly JobStarted[]): Promise<void> => {
    const outcomes = await Promise.allSettled(some.map((job) => recordJob(job, parts)));
    bell.ring();
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  };
  return {
    next: () => {
      const some = ledger.unwrittenJobs(PARALLEL_STATUSES);
      return some.length === 0 ? undefined : () => writeSome(some);
    },
    pace: PACE,
    onFailure: (error) => {
      onWrite(error);
      parts.log.warn('could not record started jobs; keeping them', {
        set: parts.set.setName,
        error,
      });
    },
    onSuccess: () => {
      onWrite();
    },
  };
}

/** A runner that is gone is no error, nor is a name that no object can have: such a runner is not ours. */
async function recordJob(job: JobStarted, { set, kube, log, ledger }: Publishing): Promise<void> {
  const at = { namespace: set.setNamespace, name: job.runnerName };
  try {
    const written = await kube.patchStatus(EphemeralRunnerKind, at, { status: statusOf(job) });
    if (written === undefined) {
      log.debug('the runner of a started job is gone', { runner: at.name });
    }
  } catch (error) {
    if (!isKubeError(error, 'invalid') && !isKubeError(error, 'bad-request')) throw error;
    log.warn('could not record a job', { runner: at.name, error });
  }
  ledger.jobWritten(job);
}

/** reference/protocol.md 7.5: alphabetical; zero and empty values are left out. */
function statusOf(job: JobStarted): Record<string, string | number> {
  const status = {
    jobDisplayName: job.jobDisplayName,
    jobId: job.jobId,
    jobRepositoryName: `${job.ownerName}/${job.repositoryName}`,
    jobRequestId: job.runnerRequestId,
    jobWorkflowRef: job.jobWorkflowRef,
    workflowRunId: job.workflowRunId,
  };
  return Object.fromEntries(
    Object.entries(status).filter(
      (entry): entry is [string, string | number] =>
        entry[1] !== undefined && entry[1] !== '' && entry[1] !== 0,
    ),
  );
}

function offers({ ledger, session, log, set, bell }: Publishing): Lane {
  return {
    next: () => {
      const offer = ledger.openOffer;
      const holding = session();
      if (offer === undefined || holding === undefined) return undefined;
      return async () => {
        const won = await holding.acquire(offer.offers).catch(orGone);
        log.info('asked for jobs on offer', { set: set.setName, asked: offer.offers.length, won });
        ledger.offerAnswered(offer.messageId);
        bell.ring();
      };
    },
    pace: PACE,
    onFailure: (error) => {
      log.warn('could not ask for jobs on offer', { set: set.setName, error });
    },
  };
}

/** What the service refuses for good (an offer that it took back, a message that it lost) is over. */
function orGone(error: unknown): 'gone' {
  if (isActionsError(error, 'refused') || isActionsError(error, 'not-found')) return 'gone';
  throw error;
}

function receipts({ ledger, session, log, set, bell }: Publishing): Lane {
  return {
    next: () => {
      const messageId = ledger.acknowledgeable;
      const holding = session();
      if (messageId === undefined || holding === undefined) return undefined;
      return async () => {
        await holding.acknowledge(messageId).catch(orGone);
        ledger.acknowledged(messageId);
        bell.ring();
      };
    },
    pace: PACE,
    onFailure: (error) => {
      log.warn('could not acknowledge a message; keeping it', { set: set.setName, error });
    },
  };
}
