// AutoscalingRunnerSet: what a user writes. reference/controllers.md 1.2.
import { z } from 'zod';
import { annotation, API_VERSION } from './meta.ts';
import { NO_MAXIMUM, RERUN_ANNOTATION } from './names.ts';
import {
  conditions,
  count,
  githubAccess,
  int64,
  metricsConfig,
  podTemplate,
  resourceMeta,
  text,
} from './schema.ts';
import type { ApiObject, KindOf } from './meta.ts';

export const autoscalingRunnerSetSpec = z.object({
  ...githubAccess,
  githubConfigUrl: githubAccess.githubConfigUrl.optional(),
  githubConfigSecret: githubAccess.githubConfigSecret.optional(),
  runnerGroup: text('The runner group at GitHub; the default group when empty.').optional(),
  runnerScaleSetName: text(
    "The scale set's name at GitHub; this object's name when empty.",
  ).optional(),
  runnerScaleSetLabels: z
    .array(z.string())
    .describe('More labels for runs-on, beside the name.')
    .optional(),
  minRunners: count('Idle runners that are always kept ready.').optional(),
  maxRunners: count('Never more runners than this.').optional(),
  template: podTemplate("The runners' pods. The container named runner gets the job.").optional(),
  listenerTemplate: podTemplate("Merged into the listener's pod.").optional(),
  listenerMetrics: metricsConfig.optional(),
  autoscalingListener: resourceMeta.optional(),
  listenerServiceAccountMetadata: resourceMeta.optional(),
  listenerRoleMetadata: resourceMeta.optional(),
  listenerRoleBindingMetadata: resourceMeta.optional(),
  listenerConfigSecretMetadata: resourceMeta.optional(),
  ephemeralRunnerSetMetadata: resourceMeta.optional(),
  ephemeralRunnerMetadata: resourceMeta.optional(),
  ephemeralRunnerConfigSecretMetadata: resourceMeta.optional(),
});

const rerun = z
  .object({
    state: text('Pending, Done or GivenUp.'),
    reason: text('Why it is so, in one word.').optional(),
    message: text('Why it is so.').optional(),
  })
  .describe('Whether it was run again; absent where nobody asked for that when it was lost.');

const lostJob = z.object({
  job: text("The job's name, as GitHub shows it.").optional(),
  jobId: text('The job at GitHub.').optional(),
  repository: text('owner/repository of the job.').optional(),
  workflow: text('The workflow of the job, with the ref it ran at.').optional(),
  runId: int64('The run of the job.').optional(),
  runUrl: text('Where people look at it.').optional(),
  cause: text('What became of the pod.'),
  at: z.string().meta({ format: 'date-time' }),
  rerun: rerun.optional(),
});

export const autoscalingRunnerSetStatus = z.object({
  currentRunners: count('Runners that are pending, running or failed.').optional(),
  phase: text('Pending, Running or Outdated.').optional(),
  pendingEphemeralRunners: count('Runners whose pod does not run yet.').optional(),
  runningEphemeralRunners: count('Runners whose pod runs.').optional(),
  failedEphemeralRunners: count('Runners that failed.').optional(),
  lostJobs: z
    .record(z.string(), lostJob)
    .describe('The last jobs whose pod was lost, by the name of their runner.')
    .optional(),
  conditions: conditions.optional(),
});

export type LostJob = z.infer<typeof lostJob>;
export type Rerun = z.infer<typeof rerun>;
export type AutoscalingRunnerSetSpec = z.infer<typeof autoscalingRunnerSetSpec>;
export type AutoscalingRunnerSetStatus = z.infer<typeof autoscalingRunnerSetStatus>;

export interface AutoscalingRunnerSet extends ApiObject {
  spec: AutoscalingRunnerSetSpec;
  status?: AutoscalingRunnerSetStatus;
}

export const AutoscalingRunnerSetKind: KindOf<AutoscalingRunnerSet> = {
  apiVersion: API_VERSION,
  kind: 'AutoscalingRunnerSet',
  plural: 'autoscalingrunnersets',
  namespaced: true,
};

/** Whether jobs that lose their pod are to be run again. */
export const wantsReruns = (runnerSet: AutoscalingRunnerSet): boolean =>
  annotation(runnerSet, RERUN_ANNOTATION) === 'true';

/** It waits to be run again. */
export const awaitsRerun = ({ rerun: wish }: LostJob): boolean => wish?.state === 'Pending';

/** The name that workflows put in `runs-on`. */
export const scaleSetNameOf = (runnerSet: AutoscalingRunnerSet): string =>
  runnerSet.spec.runnerScaleSetName ?? runnerSet.metadata.name;

export const minRunnersOf = (runnerSet: AutoscalingRunnerSet): number =>
  runnerSet.spec.minRunners ?? 0;

export const maxRunnersOf = (runnerSet: AutoscalingRunnerSet): number =>
  runnerSet.spec.maxRunners ?? NO_MAXIMUM;
