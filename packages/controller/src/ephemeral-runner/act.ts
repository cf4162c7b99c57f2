// One action, one case; nothing is decided here.
import { EphemeralRunnerKind, FINALIZERS, LABELS, withoutFinalizers } from '@muster/api';
import type { EphemeralRunner } from '@muster/api';
import { PodKind, SecretKind } from '@muster/kube';
import type { At, Kind, KubeClient, KubeObject, Pod } from '@muster/kube';
import { runnerPodOf, usesContainerHooks } from './desired.ts';
import type { Settings } from './desired.ts';
import type { Memory } from './memory.ts';
import type { Action, Observed } from './plan.ts';
import { deregister, register } from './registration.ts';
import type { RegistrationDeps } from './registration.ts';

type ActDeps = RegistrationDeps & { config: Settings; memory: Memory };

const OURS = [FINALIZERS.runner, FINALIZERS.registration];

export async function act(action: Action, observed: Observed, deps: Doing): Promise<void> {
  if (action.do === 'report') {
    await deps.kube.patchStatus(EphemeralRunnerKind, atOf(observed.runner), {
      status: action.status,
    });
    return;
  }
  await steps[action.do](observed, deps);
}

type Doing = ActDeps & { kube: KubeClient };
type Step = (observed: Observed, deps: Doing) => Promise<unknown> | undefined;

const steps: Record<Exclude<Action['do'], 'report'>, Step> = {
  hold: ({ runner }, { kube }) =>
    patchFinalizers(runner, [...withoutFinalizers(runner, OURS), ...OURS], kube),
  'discard-secret': ({ runner }, { kube }) => kube.delete(SecretKind, atOf(runner)),
  register: ({ runner }, deps) => register(runner, deps),
  'create-pod': ({ runner }, { kube, config }) => kube.create(PodKind, runnerPodOf(runner, config)),
  'delete-pod': ({ pod }, { kube }) => pod && deletePod(pod, kube),
  end: ({ runner }, { kube }) => deleteRunner(runner, kube),
  replace: ({ runner }, { kube }) => deleteRunner(runner, kube),
  deregister: (observed, deps) => deregister(observed, deps),
  'give-up': ({ runner }, { memory, clock }) => {
    memory.of(runner).deregisteredAt = clock.now();
    return undefined;
  },
  'clean-up': (observed, { kube }) => cleanUp(observed, kube),
  release: ({ runner }, { kube }) => patchFinalizers(runner, withoutFinalizers(runner, OURS), kube),
  wait: () => undefined,
};

const atOf = ({ metadata: { namespace, name } }: EphemeralRunner): At => ({ namespace, name });

/** With the version that was read: another's finalizer must not be lost to an old list. */
async function patchFinalizers(
  runner: EphemeralRunner,
  finalizers: string[],
  kube: KubeClient,
): Promise<void> {
  const { resourceVersion } = runner.metadata;
  await kube.patch(EphemeralRunnerKind, atOf(runner), {
    metadata: { finalizers, resourceVersion },
  });
}

const deletePod = ({ metadata: { namespace = '', name, uid } }: Pod, kube: KubeClient) =>
  kube.delete(PodKind, { namespace, name }, { uid });

const deleteRunner = (runner: EphemeralRunner, kube: KubeClient) =>
  kube.delete(EphemeralRunnerKind, atOf(runner), { uid: runner.metadata.uid });

/** Not left to the garbage collector, which is slow when runners come and go by the hundred. */
async function cleanUp({ runner, pod, jit }: Observed, kube: KubeClient): Promise<void> {
  const isPodLeft = pod !== undefined && pod.metadata.deletionTimestamp === undefined;
  await Promise.all([
    isPodLeft ? deletePod(pod, kube) : undefined,
    jit.is === 'absent' ? undefined : kube.delete(SecretKind, atOf(runner)),
    usesContainerHooks(runner) ? deleteHookObjects(PodKind, runner, kube) : undefined,
    usesContainerHooks(runner) ? deleteHookObjects(SecretKind, runner, kube) : undefined,
  ]);
}

async function deleteHookObjects<T extends KubeObject>(
  kind: Kind<T>,
  { metadata: { namespace, name } }: EphemeralRunner,
  kube: KubeClient,
): Promise<void> {
  const labelSelector = `${LABELS.madeByRunner}=${name}`;
  const { items } = await kube.list(kind, { namespace, labelSelector });
  for (const { metadata } of items) {
    await kube.delete(kind, { namespace, name: metadata.name }, { uid: metadata.uid });
  }
}
