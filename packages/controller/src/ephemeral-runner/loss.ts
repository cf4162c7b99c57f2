// A job whose pod was lost: what is kept of it for people. Decides only.
import { awaitsRerun } from '@muster/api';
import type { AutoscalingRunnerSet, EphemeralRunner, LostJob } from '@muster/api';
import type { Pod } from '@muster/kube';
import { runnerPod } from '../runner-pod.ts';
import { timestamp } from '../time.ts';
import { runUrlOf } from './job.ts';

/** Why a pod goes, as far as it says; undefined while nothing takes it away. */
export function fateOf(pod: Pod): string | undefined {
  const disruption = pod.status?.conditions?.find(
    ({ type, status }) => type === 'DisruptionTarget' && status === 'True',
  );
  if (disruption) return said(disruption.reason, disruption.message);
  const state = runnerPod(pod);
  if (state.is === 'failed') return said(state.reason, state.message);
  if (pod.metadata.deletionTimestamp !== undefined) return 'its pod was deleted';
  if (state.is !== 'finished') return undefined;
  return said(state.reason, state.message || `the runner ended with exit code ${state.exitCode}`);
}

const said = (reason = '', message = ''): string =>
  [reason, message].filter((part) => part !== '').join(': ');

export function lossOf(
  runner: EphemeralRunner,
  { cause, now, rerun }: { cause: string; now: number; rerun: boolean },
): LostJob {
  const { status = {} } = runner;
  const facts = {
    job: status.jobDisplayName,
    jobId: status.jobId,
    repository: status.jobRepositoryName,
    workflow: status.jobWorkflowRef,
    runId: status.workflowRunId,
    runUrl: runUrlOf(runner),
  };
  const known = Object.entries(facts).filter(([, fact]) => fact !== undefined && fact !== '');
  return {
    ...Object.fromEntries(known),
    cause,
    at: timestamp(now),
    ...(rerun && { rerun: { state: 'Pending' } }),
  };
}

/** So many are enough to see what happens to a cluster's nodes. */
const KEPT = 20;
/** A node may take so many jobs with it, and each of them awaits its re-run. */
const KEPT_PENDING = 100;

/** A merge patch that adds one and drops the oldest: those that await nothing first. */
export function lossPatch(
  { status }: AutoscalingRunnerSet,
  runner: EphemeralRunner,
  loss: LostJob,
): Record<string, LostJob | null> {
  const { name } = runner.metadata;
  const all = Object.entries({ ...status?.lostJobs, [name]: loss }).sort(newestFirst);
  const dropped = [
    ...all.filter(([, job]) => !awaitsRerun(job)).slice(KEPT),
    ...all.filter(([, job]) => awaitsRerun(job)).slice(KEPT_PENDING),
  ].map(([other]) => [other, null] as const);
  return { [name]: loss, ...Object.fromEntries(dropped) };
}

type Entry = [runner: string, job: LostJob];

const newestFirst = ([, a]: Entry, [, b]: Entry): number => b.at.localeCompare(a.at);
