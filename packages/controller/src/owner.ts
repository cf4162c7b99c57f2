// From a runner up to the set that made it and the runner set that a user wrote, as the caches show them.
import { controllerOf } from '@muster/api';
import type {
  ApiObject,
  AutoscalingRunnerSet,
  EphemeralRunner,
  EphemeralRunnerSet,
} from '@muster/api';
import type { Cache, KubeObject } from '@muster/kube';
import type { Caches } from './deps.ts';

/** Undefined for a runner that was made by hand. */
export const setOf = (
  runner: EphemeralRunner,
  { sets }: Pick<Caches, 'sets'>,
): EphemeralRunnerSet | undefined => ownerIn(sets, runner);

/** Undefined for a set that was made by hand. */
export const runnerSetOf = (
  set: EphemeralRunnerSet,
  { runnerSets }: Pick<Caches, 'runnerSets'>,
): AutoscalingRunnerSet | undefined => ownerIn(runnerSets, set);

/** By uid: another object of the same name is not the owner. */
function ownerIn<T extends ApiObject & KubeObject>(
  cache: Cache<T>,
  owned: ApiObject,
): T | undefined {
  const reference = controllerOf(owned);
  if (reference === undefined) return undefined;
  const owner = cache.get({ namespace: owned.metadata.namespace, name: reference.name });
  return owner?.metadata.uid === reference.uid ? owner : undefined;
}
