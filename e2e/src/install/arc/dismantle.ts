// How ARC 0.14.2's controller lets a runner set go (reference/controllers.md 2.2.2).
import {
  AutoscalingListenerKind,
  AutoscalingRunnerSetKind,
  EphemeralRunnerSetKind,
} from '@muster/api';
import type { AutoscalingRunnerSet } from '@muster/api';
import { RoleBindingKind, RoleKind, SecretKind, ServiceAccountKind } from '@muster/kube';
import type { Kind } from '@muster/kube';
import { controlled, dropFinalizer, isDeleting } from './finalizers.ts';
import type { ArcDeps } from './manager.ts';
import { listenerName } from './objects.ts';

const SCALE_SET_ID = 'runner-scale-set-id';

/** In this order; the last two grant what the others need. */
const PROTECTED: [string, Kind][] = [
  ['actions.github.com/cleanup-no-permission-service-account-name', ServiceAccountKind],
  ['actions.github.com/cleanup-github-secret-name', SecretKind],
  ['actions.github.com/cleanup-manager-role-binding', RoleBindingKind],
  ['actions.github.com/cleanup-manager-role-name', RoleKind],
];

export async function dismantle(runnerSet: AutoscalingRunnerSet, deps: ArcDeps): Promise<void> {
  const { kube, actions, names } = deps;
  if (await isAnythingLeft(runnerSet, deps)) return;
  const { name, annotations = {} } = runnerSet.metadata;
  const id = annotations[SCALE_SET_ID];
  if (id !== undefined) {
    await actions.deleteScaleSet(Number(id));
    const metadata = { annotations: { [SCALE_SET_ID]: null } };
    await kube.patch(AutoscalingRunnerSetKind, { namespace: names.runners, name }, { metadata });
  }
  for (const [key, kind] of PROTECTED) {
    const one = annotations[key];
    if (one !== undefined) await unprotect(kind, one, deps);
  }
  const finalizer = 'autoscalingrunnerset.actions.github.com/finalizer';
  await dropFinalizer(kube, { kind: AutoscalingRunnerSetKind, object: runnerSet, finalizer });
}

/** The listener first: it is what asks for more. */
async function isAnythingLeft(
  runnerSet: AutoscalingRunnerSet,
  { kube, names }: ArcDeps,
): Promise<boolean> {
  const listenerAt = { namespace: names.system, name: listenerName(runnerSet, names) };
  const listener = await kube.get(AutoscalingListenerKind, listenerAt);
  if (listener !== undefined) {
    if (!isDeleting(listener)) await kube.delete(AutoscalingListenerKind, listenerAt);
    return true;
  }
  const all = await kube.list(EphemeralRunnerSetKind, { namespace: names.runners });
  const sets = controlled(all.items, runnerSet);
  for (const { metadata } of sets.filter((one) => !isDeleting(one))) {
    const { name } = metadata;
    await kube.delete(EphemeralRunnerSetKind, { namespace: names.runners, name });
  }
  return sets.length > 0;
}

/** ARC reads all but Secrets from its watches. */
async function unprotect(kind: Kind, name: string, { kube, names }: ArcDeps): Promise<void> {
  const { runners: namespace } = names;
  const object =
    kind === SecretKind
      ? await kube.get(kind, { namespace, name })
      : (await kube.list(kind, { namespace, fieldSelector: `metadata.name=${name}` })).items[0];
  if (object === undefined) return;
  await dropFinalizer(kube, { kind, object, finalizer: 'actions.github.com/cleanup-protection' });
}
