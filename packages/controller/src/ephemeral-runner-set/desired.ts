// The runners of a set, as they should be. reference/controllers.md 3.6.
import {
  ANNOTATIONS,
  COMPONENTS,
  contentHash,
  EphemeralRunnerKind,
  FINALIZERS,
  LABELS,
  ownedBy,
} from '@muster/api';
import type { EphemeralRunner, EphemeralRunnerSet, Unsaved } from '@muster/api';
import { merged, propagated } from '../propagation.ts';
import { proxySecretName } from './proxy.ts';
import { templateHash } from './template.ts';

export interface Settings {
  excludedLabelPrefixes: readonly string[];
}

/** Both finalizers are there from the start, so that holding it costs no write. */
export function runnerOf(
  set: EphemeralRunnerSet,
  name: string,
  { excludedLabelPrefixes }: Settings,
): Unsaved<EphemeralRunner> {
  const { ephemeralRunnerMetadata: extra, ephemeralRunnerSpec: spec, patchID } = set.spec;
  return {
    apiVersion: EphemeralRunnerKind.apiVersion,
    kind: EphemeralRunnerKind.kind,
    metadata: {
      name,
      namespace: set.metadata.namespace,
      labels: propagated(
        merged(extra?.labels, set.metadata.labels, { [LABELS.component]: COMPONENTS.runner }),
        excludedLabelPrefixes,
      ),
      annotations: merged(extra?.annotations, set.metadata.annotations, {
        [ANNOTATIONS.patchId]: String(patchID),
        [ANNOTATIONS.integrityHash]: templateHash(set),
      }),
      finalizers: [FINALIZERS.runner, FINALIZERS.registration],
      ownerReferences: [ownedBy(set)],
    },
    spec: spec.proxy ? { ...spec, proxySecretRef: proxySecretName(set) } : spec,
  };
}

const MAX_NAME = 63;

/**
 * Names for so many new runners, the same ones for the same question: a create that is repeated meets its
 * own object and never makes a twin (design.md, decision 5).
 */
export function newNames(
  { metadata: { name, uid, generation } }: EphemeralRunnerSet,
  count: number,
  { from, taken }: { from: number; taken: ReadonlySet<string> },
): string[] {
  const prefix = `${name}-runner-`.slice(0, MAX_NAME - 8);
  const names = new Set<string>();
  for (let ordinal = from; names.size < count; ordinal += 1) {
    const next = prefix + contentHash([uid, generation ?? 0, ordinal]).slice(0, 8);
    if (!taken.has(next)) names.add(next);
  }
  return [...names];
}
