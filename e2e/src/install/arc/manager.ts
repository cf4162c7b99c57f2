// What ARC 0.14.2's controller does with what it finds, with ARC's rights and nothing of ours, written from reference/controllers.md 2.2 to
// 2.5. It stands in for an image that cannot be pulled here. It makes no runners and starts no listeners: only what was there before it counts.
import {
  AutoscalingListenerKind,
  AutoscalingRunnerSetKind,
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
} from '@muster/api';
import type {
  AutoscalingListener,
  AutoscalingRunnerSet,
  EphemeralRunner,
  EphemeralRunnerSet,
} from '@muster/api';
import type { ActionsClient } from '@muster/actions';
import { PodKind, RoleBindingKind, RoleKind, SecretKind, ServiceAccountKind } from '@muster/kube';
import type { Kind, KubeClient, KubeObject } from '@muster/kube';
import { dismantle } from './dismantle.ts';
import { controlled, dropFinalizer, isDeleting } from './finalizers.ts';
import * as made from './objects.ts';
import type { ArcNames } from './objects.ts';

export interface ArcManager {
  /** Looks at every object once, as each of them would be looked at again whenever one changes. */
  pass(): Promise<void>;
}

export interface ArcDeps {
  /** Asks as ARC's ServiceAccount. */
  kube: KubeClient;
  actions: Pick<ActionsClient, 'removeRunner' | 'deleteScaleSet'>;
  names: ArcNames;
}

const SPEC_HASH = 'actions.github.com/runner-spec-hash';
const CHANGE_HASH = 'actions.github.com/change-hash';
const HASH = 'c'.repeat(10);

export const createArcManager = (deps: ArcDeps): ArcManager => ({
  async pass() {
    const { kube, names } = deps;
    const inRunners = { namespace: names.runners };
    for (const one of (await kube.list(AutoscalingRunnerSetKind, inRunners)).items) {
      await (isDeleting(one) ? dismantle(one, deps) : lead(one, deps));
    }
    const listeners = await kube.list(AutoscalingListenerKind, { namespace: names.system });
    for (const one of listeners.items.filter(isDeleting)) await endListener(one, deps);
    for (const one of (await kube.list(EphemeralRunnerSetKind, inRunners)).items.filter(isDeleting))
      await drain(one, deps);
    for (const one of (await kube.list(EphemeralRunnerKind, inRunners)).items)
      await (isDeleting(one) ? endRunner(one, deps) : follow(one, deps));
  },
});

/** 2.2.3 to 2.2.5, then 2.2.12: every set whose hash is not its own is another generation's, and so is its listener. */
async function lead(runnerSet: AutoscalingRunnerSet, deps: ArcDeps): Promise<void> {
  const { kube, names } = deps;
  const at = { namespace: names.runners, name: runnerSet.metadata.name };
  const { labels = {}, annotations = {}, finalizers = [] } = runnerSet.metadata;
  if (minorOf(labels['app.kubernetes.io/version'] ?? '') !== minorOf(made.VERSION)) {
    await kube.delete(AutoscalingRunnerSetKind, at);
    return;
  }
  if (!finalizers.includes('autoscalingrunnerset.actions.github.com/finalizer')) {
    throw new Error(`${at.name} is not held: ARC would have to know of its scale set first`);
  }
  if (!(Number(annotations['runner-scale-set-id']) > 0)) {
    throw new Error(`${at.name} has no scale set: ARC would make it another one`);
  }
  if (annotations[CHANGE_HASH] !== HASH) {
    await kube.patch(AutoscalingRunnerSetKind, at, {
      metadata: { annotations: { [CHANGE_HASH]: HASH } },
    });
    await kube.patchStatus(AutoscalingRunnerSetKind, at, { status: { phase: 'Pending' } });
  }
  await roll(runnerSet, deps);
}

const minorOf = (version: string): string => version.split('.').slice(0, 2).join('.');

async function roll(runnerSet: AutoscalingRunnerSet, deps: ArcDeps): Promise<void> {
  const { kube, names } = deps;
  const sets = controlled(
    (await kube.list(EphemeralRunnerSetKind, { namespace: names.runners })).items,
    runnerSet,
  );
  const listenerAt = { namespace: names.system, name: made.listenerName(runnerSet, names) };
  const listener = await kube.get(AutoscalingListenerKind, listenerAt);
  if (listener && listener.metadata.annotations?.[SPEC_HASH] !== HASH) {
    if (!isDeleting(listener)) await kube.delete(AutoscalingListenerKind, listenerAt);
    return;
  }
  const wish = wishOf(runnerSet);
  const latest = sets.find(({ metadata }) => metadata.annotations?.[SPEC_HASH] === HASH);
  if (latest === undefined) {
    const set = made.ephemeralRunnerSet(names, wish) as EphemeralRunnerSet;
    const idle = { ...set, spec: { ...set.spec, replicas: 0, patchID: 0 } };
    await kube.create(EphemeralRunnerSetKind, idle);
    return;
  }
  for (const old of sets.filter((one) => one !== latest && !isDeleting(one))) {
    const { name } = old.metadata;
    await kube.delete(EphemeralRunnerSetKind, { namespace: names.runners, name });
  }
  if (listener === undefined) {
    const next = made.listener(names, wish) as AutoscalingListener;
    const annotations = { [SPEC_HASH]: HASH };
    const metadata = { ...next.metadata, name: listenerAt.name, annotations };
    await kube.create(AutoscalingListenerKind, { ...next, metadata });
  }
}

const wishOf = ({ metadata, spec }: AutoscalingRunnerSet): made.Made => ({
  url: spec.githubConfigUrl ?? '',
  template: spec.template as { spec: object },
  scaleSetId: Number(metadata.annotations?.['runner-scale-set-id']),
  uid: metadata.uid,
  runnerId: 0,
  jit: '',
});

/** 2.3.2 */
async function endListener(listener: AutoscalingListener, deps: ArcDeps): Promise<void> {
  const { kube, names } = deps;
  const { name } = listener.metadata;
  const beside: [Kind, string, string][] = [
    [PodKind, names.system, name],
    [SecretKind, names.system, `${name}-config`],
    [RoleBindingKind, names.runners, name],
    [RoleKind, names.runners, name],
    [ServiceAccountKind, names.system, name],
  ];
  let isLeft = false;
  for (const [kind, namespace, one] of beside) {
    const there = await kube.get(kind, { namespace, name: one });
    if (there === undefined) continue;
    isLeft = true;
    if (!isDeleting(there)) await kube.delete(kind, { namespace, name: one });
  }
  if (isLeft) return;
  const finalizer = 'autoscalinglistener.actions.github.com/finalizer';
  await dropFinalizer(kube, { kind: AutoscalingListenerKind, object: listener, finalizer });
}

/** 2.4.2 */
async function drain(set: EphemeralRunnerSet, deps: ArcDeps): Promise<void> {
  const { kube, names } = deps;
  const runners = (await kube.list(EphemeralRunnerKind, { namespace: names.runners })).items;
  const ofIt = controlled(runners, set);
  if (ofIt.length === 0) {
    const finalizer = 'ephemeralrunnerset.actions.github.com/finalizer';
    await dropFinalizer(kube, { kind: EphemeralRunnerSetKind, object: set, finalizer });
  }
  for (const runner of ofIt.filter((one) => !isDeleting(one))) {
    if (await isTakenAway(runner, deps)) await end(EphemeralRunnerKind, runner, kube);
  }
}

/** By the id in its status, which is 0 where none is: then nothing is taken away at GitHub. */
const isTakenAway = async ({ status }: EphemeralRunner, { actions }: ArcDeps): Promise<boolean> =>
  (await actions.removeRunner(status?.runnerId ?? 0)) !== 'busy';

const end = (kind: Kind, { metadata }: KubeObject, kube: KubeClient): Promise<unknown> =>
  kube.delete(kind, { namespace: metadata.namespace ?? '', name: metadata.name });

/** 2.5.1 */
async function endRunner(runner: EphemeralRunner, deps: ArcDeps): Promise<void> {
  const { kube } = deps;
  const kind = EphemeralRunnerKind;
  const registration = 'ephemeralrunner.actions.github.com/runner-registration-finalizer';
  if (runner.metadata.finalizers?.includes(registration)) {
    if (!(await isTakenAway(runner, deps))) return;
    await dropFinalizer(kube, { kind, object: runner, finalizer: registration });
    return;
  }
  for (const owned of [PodKind, SecretKind]) await end(owned, runner, kube);
  const finalizer = 'ephemeralrunner.actions.github.com/finalizer';
  await dropFinalizer(kube, { kind, object: runner, finalizer });
}

/** 2.5.5 and 2.5.9: what ends well is deleted, and its finalizers do the rest. */
async function follow(runner: EphemeralRunner, deps: ArcDeps): Promise<void> {
  const { kube } = deps;
  const { namespace, name } = runner.metadata;
  if (runner.status?.runnerId === undefined) await recordId(runner, deps);
  const pod = await kube.get(PodKind, { namespace, name });
  const container = pod?.status?.containerStatuses?.find((one) => one.name === 'runner');
  if (container?.state?.terminated?.exitCode === 0) await end(EphemeralRunnerKind, runner, kube);
}

async function recordId(
  { metadata: { namespace, name } }: EphemeralRunner,
  { kube }: ArcDeps,
): Promise<void> {
  const secret = await kube.get(SecretKind, { namespace, name });
  const runnerId = Number(Buffer.from(secret?.data?.['runnerId'] ?? '', 'base64').toString());
  if (!(runnerId > 0)) throw new Error(`${name} has no usable Secret: ARC would make another`);
  await kube.patchStatus(EphemeralRunnerKind, { namespace, name }, { status: { runnerId } });
}
