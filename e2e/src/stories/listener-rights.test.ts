// What a listener's ServiceAccount may do (design.md, decision 12): patch its own set, that
// set's status and the status of runners beside it; nothing else, and nothing anywhere else.
import {
  AutoscalingListenerKind,
  AutoscalingRunnerSetKind,
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
} from '@muster/api';
import { OPERATOR_NAMESPACE } from '@muster/cli';
import {
  ConfigMapKind,
  isKubeError,
  PodKind,
  RoleKind,
  SecretKind,
  ServiceAccountKind,
} from '@muster/kube';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { STORY } from './story.ts';
import { aStage, listenerPod } from './world.ts';
import type { KubeClient } from '@muster/kube';
import type { Stage } from './world.ts';

const OWN = { namespace: 'team-a', name: 'linux' };
const OTHER_NAME = { namespace: 'team-a', name: 'windows' };
const ELSEWHERE = { namespace: 'team-b', name: 'linux' };
const RUNNER = { namespace: 'team-a', name: 'linux-runner-1' };
const RUNNER_ELSEWHERE = { namespace: 'team-b', name: 'linux-runner-1' };

const STANDING = { status: { listener: { state: 'Listening', reason: 'Test' } } };
const WISH = { spec: { replicas: 0 } };

interface Row {
  does: string;
  call: (kube: KubeClient, listener: string) => Promise<unknown>;
}

const ALLOWED: Row[] = [
  {
    does: 'patch its own set',
    call: (kube) => kube.patch(EphemeralRunnerSetKind, OWN, WISH),
  },
  {
    does: 'read its own set by an empty patch of the status',
    call: (kube) => kube.patchStatus(EphemeralRunnerSetKind, OWN, {}),
  },
  {
    does: 'record a job in the status of a runner, there or not',
    call: (kube) => kube.patchStatus(EphemeralRunnerKind, RUNNER, { status: { jobId: '7' } }),
  },
];

const REFUSED: Row[] = [
  { does: 'get its own set', call: (kube) => kube.get(EphemeralRunnerSetKind, OWN) },
  {
    does: 'list sets beside it',
    call: (kube) => kube.list(EphemeralRunnerSetKind, { namespace: 'team-a' }),
  },
  { does: 'delete its own set', call: (kube) => kube.delete(EphemeralRunnerSetKind, OWN) },
  {
    does: 'patch a set of another name',
    call: (kube) => kube.patch(EphemeralRunnerSetKind, OTHER_NAME, WISH),
  },
  {
    does: 'patch a set of its name in another namespace',
    call: (kube) => kube.patch(EphemeralRunnerSetKind, ELSEWHERE, WISH),
  },
  {
    does: 'patch the status of that one',
    call: (kube) => kube.patchStatus(EphemeralRunnerSetKind, ELSEWHERE, STANDING),
  },
  {
    does: 'patch a runner',
    call: (kube) => kube.patch(EphemeralRunnerKind, RUNNER, { metadata: { labels: { a: 'b' } } }),
  },
  {
    does: 'list runners',
    call: (kube) => kube.list(EphemeralRunnerKind, { namespace: 'team-a' }),
  },
  {
    does: 'patch the status of a runner in another namespace',
    call: (kube) => kube.patchStatus(EphemeralRunnerKind, RUNNER_ELSEWHERE, { status: {} }),
  },
  {
    does: 'patch its runner set',
    call: (kube) => kube.patch(AutoscalingRunnerSetKind, OWN, { spec: { maxRunners: 100 } }),
  },
  {
    does: 'get its own AutoscalingListener',
    call: (kube, name) =>
      kube.get(AutoscalingListenerKind, { namespace: OPERATOR_NAMESPACE, name }),
  },
  {
    does: 'get the credentials of its scale set',
    call: (kube) => kube.get(SecretKind, { namespace: 'team-a', name: 'github-config-secret' }),
  },
  {
    does: 'list Secrets beside it',
    call: (kube) => kube.list(SecretKind, { namespace: OPERATOR_NAMESPACE }),
  },
  { does: 'list pods everywhere', call: (kube) => kube.list(PodKind) },
  {
    does: 'make a pod',
    call: (kube) =>
      kube.create(PodKind, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace: 'team-a', name: 'mine' },
        spec: { containers: [{ name: 'mine', image: 'mine' }] },
      }),
  },
  {
    does: 'make a ConfigMap',
    call: (kube) =>
      kube.create(ConfigMapKind, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace: 'team-a', name: 'mine' },
      }),
  },
  {
    does: 'widen its own role',
    call: (kube, name) => kube.patch(RoleKind, { namespace: 'team-a', name }, { rules: [] }),
  },
  {
    does: 'get its own ServiceAccount',
    call: (kube, name) => kube.get(ServiceAccountKind, { namespace: OPERATOR_NAMESPACE, name }),
  },
];

describe("a listener's ServiceAccount", STORY, () => {
  let stage: Stage;
  let kube: KubeClient;
  let listener: string;

  beforeAll(async () => {
    stage = await aStage();
    const { world } = stage;
    const limits = { minRunners: 0, maxRunners: 1 };
    for (const namespace of ['team-a', 'team-b']) {
      await world.install({ name: 'linux', namespace, owner: `org-of-${namespace}`, ...limits });
    }
    listener = await vi.waitFor(async () => {
      const pods = await Promise.all(['team-a', 'team-b'].map((at) => listenerPod(world, at)));
      expect(pods.map((pod) => pod?.status?.phase)).toEqual(['Running', 'Running']);
      return pods[0]?.metadata.name ?? '';
    }, STORY.timeout);
    kube = await stage.clientAs(listener);
  }, STORY.timeout);

  afterAll(() => stage.end(), STORY.timeout);

  const outcome = async ({ call }: Row): Promise<'allowed' | 'refused'> => {
    try {
      await call(kube, listener);
      return 'allowed';
    } catch (error) {
      if (isKubeError(error, 'forbidden')) return 'refused';
      throw error;
    }
  };

  test.for(ALLOWED)('may $does', async (row) => {
    expect(await outcome(row)).toBe('allowed');
  });

  test.for(REFUSED)('may not $does', async (row) => {
    expect(await outcome(row)).toBe('refused');
  });
});
