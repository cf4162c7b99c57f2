// EphemeralRunner: one runner for one job; a pod template is inlined as `spec.metadata` and
// `spec.spec`. reference/controllers.md 1.5.
import { z } from 'zod';
import { annotation, API_VERSION, isDeleting } from './meta.ts';
import { ANNOTATIONS } from './names.ts';
import { conditions, count, githubAccess, int64, podSpec, resourceMeta, text } from './schema.ts';
import type { ApiObject, KindOf } from './meta.ts';

/** Of the pod's, labels and annotations count. The rest of a template is kept, for ARC's controller hashes what it reads. */
const templateMeta = resourceMeta
  .extend({
    name: z.string().optional(),
    namespace: z.string().optional(),
    finalizers: z.array(z.string()).optional(),
  })
  .describe("The pod's labels and annotations.");

/** What a set says of each of its runners: an EphemeralRunner's spec before it has a name. */
export const ephemeralRunnerSpec = z.object({
  ...githubAccess,
  runnerScaleSetId: count("The scale set's id at GitHub."),
  proxySecretRef: text('The Secret with the flattened proxy settings.').optional(),
  ephemeralRunnerConfigSecretMetadata: resourceMeta.optional(),
  metadata: templateMeta.optional(),
  spec: podSpec("The pod's spec. The container named runner gets the job.").optional(),
});

export const ephemeralRunnerStatus = z.object({
  ready: z.boolean().describe('Whether its pod is ready.').optional(),
  phase: text('Empty, Pending, Running, Succeeded, Failed or Outdated.').optional(),
  reason: text('Why it is so, in one word.').optional(),
  message: text('Why it is so.').optional(),
  runnerId: count("The runner's id at GitHub.").optional(),
  runnerName: text("The runner's name at GitHub.").optional(),
  failures: z
    .record(z.string(), z.string().meta({ format: 'date-time' }))
    .describe('Pods that failed, by uid, and when.')
    .optional(),
  jobRequestId: int64('The request that its job came by.').optional(),
  jobId: text('Its job at GitHub.').optional(),
  jobRepositoryName: text('owner/repository of its job.').optional(),
  jobWorkflowRef: text('The workflow of its job, with the ref it ran at.').optional(),
  workflowRunId: int64('The run of its job.').optional(),
  jobDisplayName: text("Its job's name, as GitHub shows it.").optional(),
  conditions: conditions.optional(),
});

export type EphemeralRunnerSpec = z.infer<typeof ephemeralRunnerSpec>;
export type EphemeralRunnerStatus = z.infer<typeof ephemeralRunnerStatus>;

export interface EphemeralRunner extends ApiObject {
  spec: EphemeralRunnerSpec;
  status?: EphemeralRunnerStatus;
}

export const EphemeralRunnerKind: KindOf<EphemeralRunner> = {
  apiVersion: API_VERSION,
  kind: 'EphemeralRunner',
  plural: 'ephemeralrunners',
  namespaced: true,
};

/** The listener writes the job as soon as GitHub says that it started. */
export const hasJob = (runner: EphemeralRunner): boolean => (runner.status?.jobId ?? '') !== '';

export const isDone = ({ status }: EphemeralRunner): boolean =>
  ['Succeeded', 'Failed', 'Outdated'].includes(status?.phase ?? '');

export const isFailed = (runner: EphemeralRunner): boolean => runner.status?.phase === 'Failed';

export const isRunning = (runner: EphemeralRunner): boolean => runner.status?.phase === 'Running';

/** Neither done nor on its way out: it fills a slot of its set. */
export const fillsSlot = (runner: EphemeralRunner): boolean =>
  !isDeleting(runner) && !isDone(runner);

/** As far as Kubernetes knows; GitHub has the last word. */
export const isIdle = (runner: EphemeralRunner): boolean => fillsSlot(runner) && !hasJob(runner);

export const patchIdOf = (runner: EphemeralRunner): number =>
  Number.parseInt(annotation(runner, ANNOTATIONS.patchId) ?? '0', 10) || 0;
