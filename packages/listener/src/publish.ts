// The wish to Kubernetes. Keeps the newest one, the started jobs and the messages to acknowledge
// until Kubernetes has taken them, however long that takes; never decides anything.
import { EphemeralRunnerKind, EphemeralRunnerSetKind } from '@muster/api';
import { isKubeError } from '@muster/kube';
import { backoffMs } from './backoff.ts';
import { pause } from './deps.ts';
import type { ListenedScaleSet } from '@muster/api';
import type { JobStarted } from '@muster/actions/wire';
import type { Deps } from './deps.ts';
import type { Patch } from './scale.ts';

const RETRY = { firstMs: 200, maxMs: 10_000 };
const PARALLEL_STATUSES = 16;
// Beyond this the oldest records go: GitHub still knows who is busy, and says so at removal.
const MOST_JOBS_KEPT = 5_000;

interface Effects {
  patch?: Patch | undefined;
  started?: readonly JobStarted[];
  /** Acknowledged once the rest is written. */
  messageId?: number;
}

export interface Publisher {
  publish(effects: Effects): void;
  /** Writes until the signal; what is unwritten then is given one last try. */
  run(signal: AbortSignal): Promise<void>;
}

interface Pending {
  patch: Patch | undefined;
  started: readonly JobStarted[];
  messageIds: readonly number[];
}

type PublishDeps = Pick<Deps, 'kube' | 'clock' | 'log' | 'metrics' | 'random'> & {
  acknowledge(messageId: number): Promise<void>;
};

const NOTHING: Pending = { patch: undefined, started: [], messageIds: [] };

/** A later patch overtakes an earlier one; the rest adds up, in order. */
const joined = (earlier: Pending, later: Pending): Pending => ({
  patch: later.patch ?? earlier.patch,
  started: [...earlier.started, ...later.started].slice(-MOST_JOBS_KEPT),
  messageIds: [...earlier.messageIds, ...later.messageIds],
});

export function createPublisher(set: ListenedScaleSet, deps: PublishDeps): Publisher {
  let pending = NOTHING;
  let wake = (): void => undefined;

  const publish = ({ patch, started = [], messageId }: Effects): void => {
    const messageIds = messageId === undefined ? [] : [messageId];
    pending = joined(pending, { patch, started, messageIds });
    wake();
  };

  /** One try of everything that is pending. What was not written is pending again. */
  const flush = async (): Promise<'written' | 'failed'> => {
    const taken = pending;
    pending = NOTHING;
    const { left, error } = await write(set, taken, deps);
    pending = joined(left, pending);
    if (error === undefined) return 'written';
    deps.log.warn('could not write; keeping it', { set: set.setName, error });
    return 'failed';
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    let failures = 0;
    signal.addEventListener(
      'abort',
      () => {
        wake();
      },
      { once: true },
    );
    while (!signal.aborted) {
      if (isEmpty(pending)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      failures = (await flush()) === 'written' ? 0 : failures + 1;
      if (failures > 0) await pause(deps.clock, backoffMs(failures, RETRY, deps.random()), signal);
    }
    if (!isEmpty(pending)) await flush();
  };

  return { publish, run };
}

const isEmpty = ({ patch, started, messageIds }: Pending): boolean =>
  patch === undefined && started.length === 0 && messageIds.length === 0;

/** The set first, for runners are wanted at once; then who is busy; then the acknowledgements. */
async function write(
  set: ListenedScaleSet,
  pending: Pending,
  deps: PublishDeps,
): Promise<{ left: Pending; error?: unknown }> {
  let left = pending;
  try {
    if (left.patch) await patchSet(set, left.patch, deps);
    left = { ...left, patch: undefined };
    while (left.started.length > 0) {
      const some = left.started.slice(0, PARALLEL_STATUSES);
      await Promise.all(some.map((job) => recordJob(set, job, deps)));
      left = { ...left, started: left.started.slice(PARALLEL_STATUSES) };
    }
    for (const id of pending.messageIds) {
      await deps.acknowledge(id);
      left = { ...left, messageIds: left.messageIds.slice(1) };
    }
    return { left };
  } catch (error) {
    return { left, error };
  }
}

async function patchSet(set: ListenedScaleSet, patch: Patch, deps: PublishDeps): Promise<void> {
  const at = { namespace: set.setNamespace, name: set.setName };
  const written = await deps.kube.patch(EphemeralRunnerSetKind, at, { spec: patch });
  if (written === undefined) {
    throw new Error(`there is no EphemeralRunnerSet ${set.setNamespace}/${set.setName}`);
  }
  deps.metrics.wished(set, patch.replicas);
  deps.log.info('wished runners', { set: set.setName, ...patch });
}

/** reference/protocol.md 7.5: zero and empty values are left out; a runner that is gone is no error. */
async function recordJob(
  set: ListenedScaleSet,
  job: JobStarted,
  { kube, log }: PublishDeps,
): Promise<void> {
  const status = Object.fromEntries(
    Object.entries({
      jobDisplayName: job.jobDisplayName,
      jobId: job.jobId,
      jobRepositoryName: `${job.ownerName}/${job.repositoryName}`,
      jobRequestId: job.runnerRequestId,
      jobWorkflowRef: job.jobWorkflowRef,
      workflowRunId: job.workflowRunId,
    }).filter(([, value]) => value !== undefined && value !== '' && value !== 0),
  );
  const at = { namespace: set.setNamespace, name: job.runnerName };
  try {
    const written = await kube.patchStatus(EphemeralRunnerKind, at, { status });
    if (written === undefined)
      log.debug('the runner of a started job is gone', { runner: at.name });
  } catch (error) {
    // A name that is no object's name came from a runner that is not ours.
    if (!isKubeError(error, 'invalid') && !isKubeError(error, 'bad-request')) throw error;
    log.warn('could not record a job', { runner: at.name, error });
  }
}
