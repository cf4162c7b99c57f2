// What the labels say (reference/protocol.md 9.2).
import { parseConfigUrl } from '@muster/actions';
import type { JobCompleted, JobStarted } from '@muster/actions/wire';
import type { ListenedScaleSet } from '@muster/api';
import { workflowOf } from '../workflow-ref.ts';

export type Labels = Readonly<Record<string, string>>;

interface Scope {
  enterprise?: string;
  organization?: string;
  repository?: string;
}

/** Empty for a URL that names nothing: such a set is told of elsewhere. */
function scopeOf({ configUrl }: ListenedScaleSet): Scope {
  try {
    return parseConfigUrl(configUrl);
  } catch {
    return {};
  }
}

export function setLabels(set: ListenedScaleSet): Labels {
  const { enterprise = '', organization = '', repository = '' } = scopeOf(set);
  return { enterprise, organization, repository, name: set.setName, namespace: set.setNamespace };
}

/** They name whose job it was, which an organization's or enterprise's URL does not. */
export function jobLabels({ enterprise = '' }: Labels, job: JobStarted | JobCompleted): Labels {
  const workflow = workflowOf(job.jobWorkflowRef);
  return {
    enterprise,
    organization: job.ownerName,
    repository: job.repositoryName,
    job_name: job.jobDisplayName,
    job_workflow_ref: job.jobWorkflowRef,
    job_workflow_name: workflow.name,
    job_workflow_target: workflow.target,
    event_name: job.eventName,
  };
}

/** A configured label that does not apply has an empty value. */
export const chosen = (labels: Labels, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, labels[name] ?? '']));

/** Whole Unix seconds; undefined for the zero time, which Go writes as year 1. */
export function instant(time: string | undefined): number | undefined {
  const ms = Date.parse(time ?? '');
  return Number.isNaN(ms) || ms <= 0 ? undefined : Math.floor(ms / 1000);
}

export function secondsBetween(
  from: string | undefined,
  to: string | undefined,
): number | undefined {
  const [start, end] = [instant(from), instant(to)];
  return start === undefined || end === undefined ? undefined : end - start;
}
