// Owned objects carry a hash of what was last written to them; what others change beside it is left
// alone (design.md, decision 8).
import { ANNOTATIONS, contentHash } from '@muster/api';
import type { KubeObject } from '@muster/kube';

interface Wanted {
  metadata: { name: string; annotations?: Record<string, string> };
}

/** The object with the hash of all that is wanted of it. */
export function sealed<T extends Wanted>(object: T): T {
  const { annotations } = object.metadata;
  const hash = contentHash(object);
  return {
    ...object,
    metadata: {
      ...object.metadata,
      annotations: { ...annotations, [ANNOTATIONS.integrityHash]: hash },
    },
  };
}

const hashOf = ({ metadata }: Wanted): string | undefined =>
  metadata.annotations?.[ANNOTATIONS.integrityHash];

/** Whether what is there was written with this very content. */
export const isAsWanted = (there: KubeObject, wanted: Wanted): boolean =>
  there.metadata.annotations?.[ANNOTATIONS.integrityHash] === hashOf(wanted);
