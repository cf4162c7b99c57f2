import type { EphemeralRunner } from '@muster/api';

/** Where people look at the run of a runner's job; undefined while that is not known. */
export function runUrlOf({ spec, status }: EphemeralRunner): string | undefined {
  const { jobRepositoryName = '', workflowRunId } = status ?? {};
  const host = URL.parse(spec.githubConfigUrl)?.origin;
  if (jobRepositoryName === '' || workflowRunId === undefined || host === undefined) {
    return undefined;
  }
  return `${host}/${jobRepositoryName}/actions/runs/${workflowRunId}`;
}

/** A runner's job in words, with its workflow and the address of its run where those are known. */
export function jobOf(runner: EphemeralRunner): string {
  const { jobDisplayName = '', jobWorkflowRef = '' } = runner.status ?? {};
  const job = jobDisplayName === '' ? 'its job' : `job "${jobDisplayName}"`;
  const where = [jobWorkflowRef, runUrlOf(runner) ?? ''].filter((part) => part !== '');
  return where.length === 0 ? job : `${job} (${where.join(', ')})`;
}
