// Everything that a runner set's plan needs to know.
import { byAge } from '@muster/api';
import type {
  AutoscalingListener,
  AutoscalingRunnerSet,
  EphemeralRunner,
  EphemeralRunnerSet,
} from '@muster/api';
import type { Config } from '../config.ts';
import { BY_OWNER } from '../deps.ts';
import type { Deps } from '../deps.ts';

export interface Observed {
  now: number;
  config: Config;
  runnerSet: AutoscalingRunnerSet;
  /** Newest first; there is one, except after a take-over from older versions of ARC. */
  sets: readonly EphemeralRunnerSet[];
  /** Under whatever name: the name changes with the runner group and the URL. */
  listeners: readonly AutoscalingListener[];
  /** Those of its sets; only read while it is being deleted. */
  runners: readonly EphemeralRunner[];
}

export function observe(key: string, { caches, clock, config }: Deps): Observed | undefined {
  const [namespace = '', name = ''] = key.split('/');
  const runnerSet = caches.runnerSets.get({ namespace, name });
  if (runnerSet === undefined) return undefined;
  const { uid, deletionTimestamp } = runnerSet.metadata;
  const sets = caches.sets.find(BY_OWNER, uid).sort(byAge).reverse();
  return {
    now: clock.now(),
    config,
    runnerSet,
    sets,
    listeners: caches.listeners
      .list(config.namespace)
      .filter(
        ({ spec }) =>
          spec.autoscalingRunnerSetName === name &&
          spec.autoscalingRunnerSetNamespace === namespace,
      ),
    runners:
      deletionTimestamp === undefined
        ? []
        : sets.flatMap((set) => caches.runners.find(BY_OWNER, set.metadata.uid)),
  };
}
