// The flattened proxy settings of a set, in a Secret that its runner pods read.
// reference/controllers.md 1.1, 2.4.
import { ANNOTATIONS, contentHash, LABELS, nameHash, ownedBy } from '@muster/api';
import type { EphemeralRunnerSet } from '@muster/api';
import { SecretKind } from '@muster/kube';
import type { Secret, Unsaved } from '@muster/kube';
import type { FlatProxy } from '../credentials.ts';

export type ProxyState =
  | { is: 'none' }
  /** The Secret holds what it should. */
  | { is: 'current' }
  | { is: 'absent' | 'stale'; flat: FlatProxy }
  /** It cannot be made: a Secret with the proxy's user is not there, or is of no use. */
  | { is: 'missing'; message: string };

/** Something is to be written, or taken away. */
export type UnsettledProxy = (ProxyState & { is: 'absent' | 'stale' }) | { is: 'unwanted' };

export const proxySecretName = ({ metadata }: EphemeralRunnerSet): string =>
  `${metadata.name}-${nameHash(metadata.namespace)}-runner-proxy`;

export const proxySecret = (set: EphemeralRunnerSet, flat: FlatProxy): Unsaved<Secret> => ({
  apiVersion: SecretKind.apiVersion,
  kind: SecretKind.kind,
  metadata: {
    name: proxySecretName(set),
    namespace: set.metadata.namespace,
    labels: scaleSetLabels(set),
    annotations: { [ANNOTATIONS.integrityHash]: contentHash(flat) },
    ownerReferences: [ownedBy(set)],
  },
  type: 'Opaque',
  data: Object.fromEntries(
    Object.entries(flat).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  ),
});

const scaleSetLabels = ({ metadata: { labels = {} } }: EphemeralRunnerSet) =>
  Object.fromEntries(
    [LABELS.scaleSetName, LABELS.scaleSetNamespace].flatMap((key) =>
      labels[key] === undefined ? [] : [[key, labels[key]]],
    ),
  ) as Record<string, string>;

/** Whether the stored Secret was written from these settings. */
export function proxyState(stored: Secret | undefined, flat: FlatProxy): ProxyState {
  if (stored === undefined) return { is: 'absent', flat };
  const hash = stored.metadata.annotations?.[ANNOTATIONS.integrityHash];
  return hash === contentHash(flat) ? { is: 'current' } : { is: 'stale', flat };
}
