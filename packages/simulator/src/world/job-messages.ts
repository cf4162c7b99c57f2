// Job messages as a listener gets them.
import type { JobMessage } from '@muster/actions/wire';
import type { JobResult } from '../job.ts';
import type { JobRecord, ScaleSet } from './model.ts';

/** Go's zero time: an empty string would fail to decode. */
const NEVER = '0001-01-01T00:00:00Z';

const RESULTS: Record<JobResult, string> = {
  succeeded: 'succeeded',
  failed: 'failed',
  canceled: 'canceled',
};

export function tellAvailable(scaleSet: ScaleSet, job: JobRecord): void {
  // Nobody calls this URL; what it looks like is not known.
  const acquireJobUrl = `https://simulator.invalid/jobs/${job.requestId}/acquire`;
  tell(scaleSet, { messageType: 'JobAvailable', acquireJobUrl, ...common(scaleSet, job) });
}

export function tellAssigned(scaleSet: ScaleSet, job: JobRecord): void {
  tell(scaleSet, { messageType: 'JobAssigned', ...common(scaleSet, job) });
}

export function tellStarted(scaleSet: ScaleSet, job: JobRecord): void {
  tell(scaleSet, { messageType: 'JobStarted', ...runnerOf(job), ...common(scaleSet, job) });
}

/** Also for an assignment that was taken back: `canceled`, though the job goes on. */
export function tellCompleted(scaleSet: ScaleSet, job: JobRecord, how: JobResult): void {
  const result = RESULTS[how];
  tell(scaleSet, {
    messageType: 'JobCompleted',
    result,
    ...runnerOf(job),
    ...common(scaleSet, job),
  });
}

function tell(scaleSet: ScaleSet, message: JobMessage): void {
  scaleSet.messages.push(message);
  for (const wake of scaleSet.session?.waiters ?? []) wake();
}

const runnerOf = ({ agent }: JobRecord): { runnerId: number; runnerName: string } => ({
  runnerId: agent?.id ?? 0,
  runnerName: agent?.name ?? '',
});

function common(scaleSet: ScaleSet, job: JobRecord): Omit<JobMessage, 'messageType'> {
  const { wish, times } = job;
  return {
    // github.com, where the service assigns by itself, sends 0.
    runnerRequestId: scaleSet.scope.mode === 'acquire' ? job.requestId : 0,
    repositoryName: wish.repository,
    ownerName: wish.owner,
    jobId: job.id,
    jobWorkflowRef: wish.workflowRef,
    jobDisplayName: wish.displayName,
    workflowRunId: wish.runId,
    eventName: wish.eventName,
    requestLabels: [...wish.labels],
    queueTime: time(times.queued),
    scaleSetAssignTime: time(times.assigned),
    runnerAssignTime: time(times.started),
    finishTime: time(times.finished),
  };
}

const time = (ms: number | undefined): string =>
  ms === undefined ? NEVER : new Date(ms).toISOString();
