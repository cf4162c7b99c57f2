// Small things that ARC's controllers share (reference/controllers.md 2.1).
import type { Kind, KubeClient, KubeObject } from '@muster/kube';

export const isDeleting = ({ metadata }: KubeObject): boolean =>
  metadata.deletionTimestamp !== undefined;

/** By the owner's name, as ARC's index has it. */
export const controlled = <T extends KubeObject>(
  objects: readonly T[],
  { metadata: { name }, kind }: KubeObject,
): T[] =>
  objects.filter(({ metadata }) =>
    metadata.ownerReferences?.some(
      (one) => one.controller && one.kind === kind && one.name === name,
    ),
  );

interface Held {
  kind: Kind;
  object: KubeObject;
  finalizer: string;
}

export async function dropFinalizer(
  kube: KubeClient,
  { kind, object: { metadata }, finalizer }: Held,
): Promise<void> {
  const { namespace = '', name, finalizers = [] } = metadata;
  if (!finalizers.includes(finalizer)) return;
  await kube.patch(
    kind,
    { namespace, name },
    {
      metadata: { finalizers: finalizers.filter((one) => one !== finalizer) },
    },
  );
}
