// Builders of valid objects: say only what matters to the test.
import { API_VERSION } from '../meta.ts';
import { ANNOTATIONS, FINALIZERS } from '../names.ts';
import type { ApiObject, ObjectMeta } from '../meta.ts';
import type { AutoscalingListener } from '../autoscaling-listener.ts';
import type { AutoscalingRunnerSet } from '../autoscaling-runner-set.ts';
import type { EphemeralRunner, EphemeralRunnerStatus } from '../ephemeral-runner.ts';
import type { EphemeralRunnerSet } from '../ephemeral-runner-set.ts';

/** Fields that replace a builder's own; metadata is merged one level deep. */
export type Given<T extends ApiObject> = Partial<Omit<T, 'metadata' | 'spec'>> & {
  metadata?: Partial<ObjectMeta>;
  spec?: T extends { spec: infer Spec } ? Partial<Spec> : never;
};

const meta = (name: string, given: Partial<ObjectMeta> | undefined): ObjectMeta => ({
  name,
  namespace: 'runners',
  uid: `uid-of-${name}`,
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '2026-01-01T00:00:00Z',
  ...given,
});

const GITHUB = {
  githubConfigUrl: 'https://github.com/my-org',
  githubConfigSecret: 'github-config-secret',
};

const TEMPLATE = {
  spec: { containers: [{ name: 'runner', image: 'ghcr.io/actions/actions-runner:latest' }] },
};

export const aRunnerSet = (given: Given<AutoscalingRunnerSet> = {}): AutoscalingRunnerSet => ({
  apiVersion: API_VERSION,
  kind: 'AutoscalingRunnerSet',
  ...given,
  metadata: meta('linux', given.metadata),
  spec: { ...GITHUB, template: TEMPLATE, ...given.spec },
});

export const aListener = (given: Given<AutoscalingListener> = {}): AutoscalingListener => ({
  apiVersion: API_VERSION,
  kind: 'AutoscalingListener',
  ...given,
  metadata: meta('linux-listener', { namespace: 'muster-system', ...given.metadata }),
  spec: {
    ...GITHUB,
    runnerScaleSetId: 1,
    autoscalingRunnerSetNamespace: 'runners',
    autoscalingRunnerSetName: 'linux',
    ephemeralRunnerSetName: 'linux',
    image: 'ghcr.io/muster-runners/muster:dev',
    maxRunners: 5,
    minRunners: 0,
    ...given.spec,
  },
});

export const aSet = (given: Given<EphemeralRunnerSet> = {}): EphemeralRunnerSet => ({
  apiVersion: API_VERSION,
  kind: 'EphemeralRunnerSet',
  ...given,
  metadata: meta('linux', { finalizers: [FINALIZERS.set], ...given.metadata }),
  spec: {
    replicas: 0,
    patchID: 0,
    ephemeralRunnerSpec: { ...GITHUB, runnerScaleSetId: 1, ...TEMPLATE },
    ...given.spec,
  },
});

/** A registered runner of the set `linux`, without a job. */
export function aRunner(
  name: string,
  {
    status,
    patchId,
    ...given
  }: Given<EphemeralRunner> & { status?: EphemeralRunnerStatus; patchId?: number } = {},
): EphemeralRunner {
  return {
    apiVersion: API_VERSION,
    kind: 'EphemeralRunner',
    ...given,
    metadata: meta(name, {
      finalizers: [FINALIZERS.runner, FINALIZERS.registration],
      annotations: { [ANNOTATIONS.patchId]: String(patchId ?? 0) },
      ...given.metadata,
    }),
    spec: { ...GITHUB, runnerScaleSetId: 1, ...TEMPLATE, ...given.spec },
    status: { phase: 'Running', runnerId: 7, runnerName: name, ...status },
  };
}
