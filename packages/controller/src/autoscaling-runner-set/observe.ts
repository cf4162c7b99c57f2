// Everything that a runner set's plan needs to know.
import { byAge, isDeleting, scaleSetNameOf } from '@muster/api';
import type {
  AutoscalingListener,
  AutoscalingRunnerSet,
  EphemeralRunner,
  EphemeralRunnerSet,
} from '@muster/api';
import type { Config } from '../config.ts';
import { BY_OWNER } from '../deps.ts';
import type { Deps } from '../deps.ts';
import type { Granted } from '../rights.ts';
import { sameUrl, scaleSetIdOf } from './identity.ts';
import type { Memory } from './memory.ts';
import { verdictOn } from './template.ts';
import type { Verdict } from './template.ts';

export interface Observed {
  now: number;
  config: Config;
  runnerSet: AutoscalingRunnerSet;
  /** Its own, newest first. */
  sets: readonly EphemeralRunnerSet[];
  /** The set with the runner set's name, whose ever it is. */
  namesake: EphemeralRunnerSet | undefined;
  /** Under whatever name: the name changes with the runner group and the URL. */
  listeners: readonly AutoscalingListener[];
  /** Of all its sets; only read while it is being deleted or has several. */
  runners: readonly EphemeralRunner[];
  /** Another runner set of this cluster that wants the same scale set, and goes before this one. */
  rival: AutoscalingRunnerSet | undefined;
  /** Another runner set of this cluster uses the same scale set. */
  isShared: boolean;
  /** On the template as it is now; not asked for while it is being deleted. */
  verdict: Verdict;
  granted: Granted;
  /** When GitHub was last asked whether it still has the scale set. */
  lookedForAt: number | undefined;
}

export type ObserveDeps = Pick<Deps, 'caches' | 'clock' | 'config' | 'kept' | 'kube' | 'rights'> & {
  memory: Memory;
};

export async function observe(key: string, deps: ObserveDeps): Promise<Observed | undefined> {
  const { caches, clock, config, kept, memory, rights } = deps;
  const [namespace = '', name = ''] = key.split('/');
  const cached = caches.runnerSets.get({ namespace, name });
  if (cached === undefined) {
    memory.forget(key);
    return undefined;
  }
  const runnerSet = kept.whole(cached);
  const [granted, verdict] = await Promise.all([
    rights.of(namespace),
    isDeleting(runnerSet) ? NOT_ASKED : verdictOn(runnerSet, deps),
  ]);
  const sets = caches.sets.find(BY_OWNER, runnerSet.metadata.uid).sort(byAge).reverse();
  const others = caches.runnerSets.list().filter((other) => wantsTheSame(other, runnerSet));
  return {
    now: clock.now(),
    config,
    runnerSet,
    sets,
    namesake: caches.sets.get({ namespace, name }),
    listeners: caches.listeners
      .list(config.namespace)
      .filter(
        ({ spec }) =>
          spec.autoscalingRunnerSetName === name &&
          spec.autoscalingRunnerSetNamespace === namespace,
      ),
    runners:
      isDeleting(runnerSet) || sets.length > 1
        ? sets.flatMap((set) => caches.runners.find(BY_OWNER, set.metadata.uid))
        : [],
    rival: others.find((other) => !isDeleting(other) && goesBefore(other, runnerSet)),
    isShared: others.some((other) => scaleSetIdOf(other) === scaleSetIdOf(runnerSet)),
    verdict,
    granted,
    lookedForAt: memory.of(runnerSet).lookedForAt,
  };
}

const NOT_ASKED: Verdict = { is: 'unjudged', message: 'it is being deleted' };

function wantsTheSame(other: AutoscalingRunnerSet, own: AutoscalingRunnerSet): boolean {
  const placeOf = (runnerSet: AutoscalingRunnerSet): string =>
    [
      sameUrl(runnerSet.spec.githubConfigUrl ?? ''),
      (runnerSet.spec.runnerGroup ?? '').toLowerCase(),
      scaleSetNameOf(runnerSet).toLowerCase(),
    ].join(' ');
  return other.metadata.uid !== own.metadata.uid && placeOf(other) === placeOf(own);
}

/** Whoever registered it has it; else the older one, and by uid in the end, so that of two exactly one goes first. */
function goesBefore(other: AutoscalingRunnerSet, own: AutoscalingRunnerSet): boolean {
  const isKnown = scaleSetIdOf(other) !== undefined;
  if (isKnown !== (scaleSetIdOf(own) !== undefined)) return isKnown;
  const rank = ({ metadata }: AutoscalingRunnerSet): string =>
    `${metadata.creationTimestamp} ${metadata.uid}`;
  return rank(other) < rank(own);
}
