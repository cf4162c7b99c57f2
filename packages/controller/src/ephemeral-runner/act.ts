// One action, one case; nothing is decided here.
import {
  AutoscalingRunnerSetKind,
  EphemeralRunnerKind,
  FINALIZERS,
  LABELS,
  minRunnersOf,
  wantsReruns,
  withoutFinalizers,
} from '@muster/api';
import type { EphemeralRunner } from '@muster/api';
import { PodKind, SecretKind } from '@muster/kube';
import type { At, Kind, KubeClient, KubeObject, Pod } from '@muster/kube';
import type { Deps } from '../deps.ts';
import { runnerSetOf, setOf } from '../owner.ts';
import { deletingForMs } from '../time.ts';
import { BUSY, runnerPodOf, usesContainerHooks } from './desired.ts';
import type { Settings } from './desired.ts';
import { lossOf, lossPatch } from './loss.ts';
import type { Memory } from './memory.ts';
import type { Action, Observed } from './plan.ts';
import { deregister, register } from './registration.ts';
import type { RegistrationDeps } from './registration.ts';

type ActDeps = RegistrationDeps & {
  config: Settings;
  memory: Memory;
  rights: Deps['rights'];
  caches: Pick<Deps['caches'], 'sets' | 'runnerSets'>;
};

const OURS = [FINALIZERS.runner, FINALIZERS.registration];

export async function act(action: Action, observed: Observed, deps: Doing): Promise<void> {
  if (action.do === 'report') {
    await deps.kube.patchStatus(EphemeralRunnerKind, atOf(observed.runner), {
      status: action.status,
    });
    return;
  }
  if (action.do === 'record-loss') return recordLoss(action.cause, observed, deps);
  await steps[action.do](observed, deps);
}

type Doing = ActDeps & { kube: KubeClient };
type Step = (observed: Observed, deps: Doing) => Promise<unknown> | undefined;

const steps: Record<Exclude<Action['do'], 'report' | 'record-loss'>, Step> = {
  hold: ({ runner }, { kube }) =>
    patchFinalizers(runner, [...withoutFinalizers(runner, OURS), ...OURS], kube),
  'discard-secret': async ({ runner }, { kube, memory }) => {
    await kube.delete(SecretKind, atOf(runner));
    delete memory.of(runner).jit;
  },
  register: ({ runner }, deps) => register(runner, deps),
  'create-pod': ({ runner }, deps) => {
    const isForJob = minimumOf(runner, deps) === 0;
    return deps.kube.create(PodKind, runnerPodOf(runner, deps.config, { isForJob }));
  },
  'mark-busy': ({ pod }, deps) => pod && markBusy(pod, deps),
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

/** Without a runner set nobody says that runners are kept warm. */
function minimumOf(runner: EphemeralRunner, { caches }: Doing): number {
  const runnerSet = runnerSetAbove(runner, caches);
  return runnerSet === undefined ? 0 : minRunnersOf(runnerSet);
}

function runnerSetAbove(runner: EphemeralRunner, caches: Doing['caches']) {
  const set = setOf(runner, caches);
  return set && runnerSetOf(set, caches);
}

/** In the runner set's status, where it is still found when the runner is gone. */
async function recordLoss(
  cause: string,
  { runner, now }: Observed,
  { kube, caches }: Doing,
): Promise<void> {
  const runnerSet = runnerSetAbove(runner, caches);
  if (runnerSet === undefined) return;
  const { namespace, name } = runnerSet.metadata;
  const loss = lossOf(runner, { cause, now, rerun: wantsReruns(runnerSet) });
  const lostJobs = lossPatch(runnerSet, runner, loss);
  await kube.patchStatus(AutoscalingRunnerSetKind, { namespace, name }, { status: { lostJobs } });
}

const markBusy = ({ metadata: { namespace = '', name, uid } }: Pod, { kube, rights }: Doing) =>
  rights.attempt(namespace, () =>
    kube.patch(PodKind, { namespace, name }, { metadata: { uid, ...BUSY } }),
  );

const deletePod = ({ metadata: { namespace = '', name, uid } }: Pod, kube: KubeClient) =>
  kube.delete(PodKind, { namespace, name }, { uid });

const deleteRunner = (runner: EphemeralRunner, kube: KubeClient) =>
  kube.delete(EphemeralRunnerKind, atOf(runner), { uid: runner.metadata.uid });

/** Not left to the garbage collector, which is slow when runners come and go by the hundred. */
async function cleanUp(
  { runner, pod, jit, limits, now }: Observed,
  kube: KubeClient,
): Promise<void> {
  await Promise.all([
    pod && removePod(pod, { kube, isLate: deletingForMs(pod, now) >= limits.termination }),
    jit.is === 'absent' ? undefined : kube.delete(SecretKind, atOf(runner)),
    usesContainerHooks(runner) ? deleteHookObjects(PodKind, runner, kube) : undefined,
    usesContainerHooks(runner) ? deleteHookObjects(SecretKind, runner, kube) : undefined,
  ]);
}

/** By force when it does not go: its node may be gone, and no job is on it, or none that counts. */
async function removePod(
  pod: Pod,
  { kube, isLate }: { kube: KubeClient; isLate: boolean },
): Promise<void> {
  const { namespace = '', name, uid, deletionTimestamp } = pod.metadata;
  if (deletionTimestamp === undefined) await deletePod(pod, kube);
  else if (isLate) await kube.delete(PodKind, { namespace, name }, { uid, gracePeriodSeconds: 0 });
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
