// The `github` context that the service knows; the runner adds what only it can know.
import type { Json } from './expression.ts';
import type { RunWish } from './run.ts';

export function githubContext(wish: RunWish): Record<string, Json> {
  const { workflow, repository, event, runId, runNumber = runId, actor = 'muster' } = wish;
  const { owner, name, ref, sha } = repository;
  const fullName = `${owner}/${name}`;
  const { serverUrl = 'https://github.com', apiUrl = 'https://api.github.com' } = wish;
  return {
    token: '',
    job: '',
    ref,
    ref_name: ref.replace(/^refs\/(?:heads|tags|pull)\//, ''),
    ref_type: ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    ref_protected: false,
    sha,
    repository: fullName,
    repository_owner: owner,
    repositoryUrl: `${serverUrl.replace(/^https?/, 'git')}/${fullName}.git`,
    run_id: String(runId),
    run_number: String(runNumber),
    run_attempt: '1',
    retention_days: '90',
    actor,
    triggering_actor: actor,
    workflow: workflow.name,
    workflow_ref: `${fullName}/${workflow.path}@${ref}`,
    workflow_sha: sha,
    head_ref: '',
    base_ref: '',
    event_name: event.name,
    event: event.payload ?? eventPayload(wish),
    server_url: serverUrl,
    api_url: apiUrl,
    graphql_url: `${apiUrl.replace(/\/v3$/, '')}/graphql`,
    secret_source: 'Actions',
  };
}

function eventPayload({ repository, actor = 'muster' }: RunWish): Json {
  const { owner, name, ref, sha } = repository;
  return {
    ref,
    after: sha,
    head_commit: { id: sha },
    repository: { name, full_name: `${owner}/${name}`, owner: { login: owner } },
    sender: { login: actor },
  };
}
