// Lets go of what the scale set chart made and protects: credentials and rights, which were needed until now.
import { annotation, CLEANUP_ANNOTATIONS, FINALIZERS } from '@muster/api';
import type { AutoscalingRunnerSet } from '@muster/api';
import {
  isKubeError,
  RoleBindingKind,
  RoleKind,
  SecretKind,
  ServiceAccountKind,
} from '@muster/kube';
import type { Kind, KubeClient, KubeObject } from '@muster/kube';

const PROTECTED: Record<(typeof CLEANUP_ANNOTATIONS)[number]['kind'], Kind> = {
  Role: RoleKind,
  RoleBinding: RoleBindingKind,
  Secret: SecretKind,
  ServiceAccount: ServiceAccountKind,
};

interface Place {
  namespace: string;
  name: string;
}

/** One after the other: the last ones grant the right to do this. */
export async function unprotect(kube: KubeClient, runnerSet: AutoscalingRunnerSet): Promise<void> {
  for (const { key, kind } of CLEANUP_ANNOTATIONS) {
    const name = annotation(runnerSet, key);
    if (name === undefined || name === '') continue;
    await unprotectOne(kube, PROTECTED[kind], { namespace: runnerSet.metadata.namespace, name });
  }
}

async function unprotectOne(kube: KubeClient, kind: Kind, at: Place): Promise<void> {
  const object = await (kind === SecretKind ? secret(kube, at) : listed(kube, kind, at));
  const { finalizers = [], resourceVersion } = object?.metadata ?? {};
  if (!finalizers.includes(FINALIZERS.cleanupProtection)) return;
  await kube.patch(kind, at, {
    metadata: {
      resourceVersion,
      finalizers: finalizers.filter((one) => one !== FINALIZERS.cleanupProtection),
    },
  });
}

/** By a list of one: the operator's own role permits that for all but Secrets, and once the binding is gone, nothing else does. */
async function listed(kube: KubeClient, kind: Kind, at: Place): Promise<KubeObject | undefined> {
  const { namespace, name } = at;
  return (await kube.list(kind, { namespace, fieldSelector: `metadata.name=${name}` })).items[0];
}

/** The chart's role may name another Secret than the one of today, or be gone already, as this was run before. */
const secret = (kube: KubeClient, at: Place): Promise<KubeObject | undefined> =>
  kube.get(SecretKind, at).catch((error: unknown) => {
    if (isKubeError(error, 'forbidden')) return undefined;
    throw error;
  });
