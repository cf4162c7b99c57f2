// A runner's pod, in the states that matter.
import { ownedBy } from '@muster/api';
import type { EphemeralRunner } from '@muster/api';
import type { Pod } from '@muster/kube';

type State = NonNullable<
  NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number]['state']
>;

const pod = (runner: EphemeralRunner, status: Pod['status'], metadata = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: runner.metadata.name,
    namespace: runner.metadata.namespace,
    uid: `pod-of-${runner.metadata.name}`,
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    ownerReferences: [ownedBy(runner)],
    ...metadata,
  },
  spec: runner.spec.spec ?? { containers: [] },
  ...(status && { status }),
});

const containers = (state: State): NonNullable<Pod['status']> => ({
  containerStatuses: [{ name: 'runner', state }],
});

export const aNewPod = (runner: EphemeralRunner): Pod => pod(runner, { phase: 'Pending' });

export const aRunningPod = (runner: EphemeralRunner): Pod =>
  pod(runner, {
    ...containers({ running: {} }),
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:05Z' }],
  });

export const aFinishedPod = (runner: EphemeralRunner, exitCode: number, metadata = {}): Pod =>
  pod(
    runner,
    {
      ...containers({ terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' } }),
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    },
    metadata,
  );

export const aLostPod = (runner: EphemeralRunner, reason = 'Evicted'): Pod =>
  pod(runner, { phase: 'Failed', reason, message: 'the node was low on memory' });

/** With a status of the test's own. */
export const aPod = (runner: EphemeralRunner, status: Pod['status']): Pod => pod(runner, status);
