// Going back to ARC needs no other definitions: ours keep every field that its controllers write (reference/controllers.md 1.1 to 1.5). An API
// server drops without a word what a definition does not know, so each object is read again.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enterGround, hasTools } from './ground.ts';
import type { Ground } from './ground.ts';

const START = { timeout: 60_000 };

const meta = { labels: { a: 'b' }, annotations: { c: 'd' } };
const proxy = {
  http: { url: 'http://proxy:1', credentialSecretRef: 'proxy-auth' },
  https: { url: 'http://proxy:2', credentialSecretRef: 'proxy-auth' },
  noProxy: ['example.com'],
};
const vaultConfig = {
  type: 'azure_key_vault',
  azureKeyVault: { url: 'https://v', tenantId: 't', clientId: 'c', certificatePath: '/p' },
  proxy,
};
const githubServerTLS = {
  certificateFrom: { configMapKeyRef: { name: 'ca', key: 'ca.crt', optional: true } },
};
const metrics = {
  counters: { gha_started_jobs_total: { labels: ['name'] } },
  gauges: { gha_assigned_jobs: { labels: ['name'] } },
  histograms: { gha_job_startup_duration_seconds: { labels: ['name'], buckets: [0.5, 60] } },
};
const github = {
  ...{ githubConfigUrl: 'https://github.com/my-org', githubConfigSecret: 'github' },
  ...{ proxy, githubServerTLS, vaultConfig },
};
const container = { name: 'runner', image: 'runner:1', resources: {}, env: [{ name: 'A' }] };
const template = {
  metadata: { ...meta, finalizers: ['example.com/f'], name: 'n', namespace: 'm' },
  spec: { restartPolicy: 'Never', containers: [container] },
};
const counts = {
  ...{ pendingEphemeralRunners: 1, runningEphemeralRunners: 2, failedEphemeralRunners: 3 },
};
const runnerSpec = {
  ...github,
  ...template,
  ...{ runnerScaleSetId: 7, proxySecretRef: 'p', ephemeralRunnerConfigSecretMetadata: meta },
};
/** More than 32 bits. */
const LONG = 5_000_000_000;

const WRITTEN = [
  {
    kind: 'AutoscalingRunnerSet',
    spec: {
      ...github,
      ...{ runnerGroup: 'g', runnerScaleSetName: 's', runnerScaleSetLabels: ['l'] },
      ...{ template, listenerTemplate: template, listenerMetrics: metrics },
      ...{ autoscalingListener: meta, listenerServiceAccountMetadata: meta },
      ...{ listenerRoleMetadata: meta, listenerRoleBindingMetadata: meta },
      ...{ listenerConfigSecretMetadata: meta, ephemeralRunnerSetMetadata: meta },
      ...{ ephemeralRunnerMetadata: meta, ephemeralRunnerConfigSecretMetadata: meta },
      ...{ maxRunners: 5, minRunners: 0 },
    },
    status: { currentRunners: 6, phase: 'Running', ...counts },
  },
  {
    kind: 'AutoscalingListener',
    spec: {
      ...github,
      ...{ runnerScaleSetId: 7, ephemeralRunnerSetName: 'set' },
      ...{ autoscalingRunnerSetNamespace: 'runners', autoscalingRunnerSetName: 'mine' },
      ...{ maxRunners: 2_147_483_647, minRunners: 1, image: 'arc:0.14.2' },
      ...{ imagePullSecrets: [{ name: 'pull' }], metrics, template },
      ...{ configSecretMetadata: meta, serviceAccountMetadata: meta },
      ...{ roleMetadata: meta, roleBindingMetadata: meta },
    },
    status: {},
  },
  {
    kind: 'EphemeralRunnerSet',
    spec: {
      ...{ replicas: 2, patchID: 0, ephemeralRunnerMetadata: meta },
      ephemeralRunnerSpec: runnerSpec,
    },
    status: { currentReplicas: 0, phase: 'Outdated', ...counts },
  },
  {
    kind: 'EphemeralRunner',
    spec: runnerSpec,
    status: {
      ...{ ready: true, phase: 'Running', reason: 'r', message: 'm', runnerId: 8, runnerName: 'n' },
      failures: { 'a4b5-uid': '2026-01-01T00:00:00Z' },
      ...{ jobRequestId: LONG, jobId: 'j', jobRepositoryName: 'o/r', jobWorkflowRef: 'w' },
      ...{ workflowRunId: LONG, jobDisplayName: 'd' },
    },
  },
];

describe.skipIf(!hasTools)('our definitions', START, () => {
  const namespace = `arc-fields-${randomBytes(3).toString('hex')}`;
  let ground: Ground;

  beforeAll(async () => {
    ground = await enterGround();
    await ground.makeKinds();
    await ground.kubectl(['create', 'namespace', namespace]);
  }, START.timeout);

  afterAll(async () => {
    await ground.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    await ground.stop();
  }, START.timeout);

  test.each(WRITTEN)('keep what ARC writes into an $kind', async ({ kind, spec, status }) => {
    const metadata = { name: 'mine', namespace };
    const object = { apiVersion: 'actions.github.com/v1alpha1', kind, metadata, spec };
    const strictly = ['create', '--validate=strict', '--filename', '-'];
    await ground.kubectl(strictly, JSON.stringify(object));
    const at = [`${kind.toLowerCase()}/mine`, '--namespace', namespace];
    const patch = JSON.stringify({ status });
    await ground.kubectl(['patch', ...at, '--subresource=status', '--type=merge', '-p', patch]);
    const there: unknown = JSON.parse(await ground.kubectl(['get', ...at, '--output', 'json']));
    expect(there).toMatchObject({ spec, ...(Object.keys(status).length > 0 && { status }) });
  });
});
