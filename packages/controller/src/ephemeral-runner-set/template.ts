// Whether a runner was made of what its set says now.
import { annotation, ANNOTATIONS, contentHash } from '@muster/api';
import type { EphemeralRunner, EphemeralRunnerSet } from '@muster/api';

type Spec = EphemeralRunner['spec'];

/** Specs in caches are not changed, so each is hashed once. */
const hashes = new WeakMap<Spec, string>();

function hashOf(spec: Spec): string {
  const known = hashes.get(spec);
  if (known !== undefined) return known;
  // A set's spec has no name of a proxy Secret yet: it goes into the runner's when that is made.
  const hash = contentHash({ ...spec, proxySecretRef: undefined });
  hashes.set(spec, hash);
  return hash;
}

/** What a runner says of the template it was made of. */
export const templateHash = ({ spec }: EphemeralRunnerSet): string =>
  hashOf(spec.ephemeralRunnerSpec);

/** By its word, else by what it is: ARC's runners say nothing that can be compared. */
export const isOfTemplate = (runner: EphemeralRunner, template: string): boolean =>
  annotation(runner, ANNOTATIONS.integrityHash) === template || hashOf(runner.spec) === template;
