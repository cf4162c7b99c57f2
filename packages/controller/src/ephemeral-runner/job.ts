import type { EphemeralRunner } from '@muster/api';

/** A runner's job in words, with the address of its run where that is known. */
export function jobOf({ spec, status }: EphemeralRunner): string {
  const { jobDisplayName = '', jobRepositoryName = '', workflowRunId } = status ?? {};
  const job = jobDisplayName === '' ? 'its job' : `job "${jobDisplayName}"`;
  const host = URL.parse(spec.githubConfigUrl)?.origin;
  if (jobRepositoryName === '' || workflowRunId === undefined || host === undefined) return job;
  return `${job} (${host}/${jobRepositoryName}/actions/runs/${workflowRunId})`;
}
