// Watches the cluster without being part of it, sees every version of every runner, and counts.
import {
  AutoscalingRunnerSetKind,
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
  isDeleting,
  isFailed,
  maxRunnersOf,
} from '@muster/api';
import type { EphemeralRunner, EphemeralRunnerSet } from '@muster/api';
import { createCache, PodKind } from '@muster/kube';
import type { Cache, Clock, KubeClient, Pod } from '@muster/kube';
import { silentLog } from '@muster/kube/testing';

export interface Observer {
  readonly sets: Cache<EphemeralRunnerSet>;
  readonly runners: Cache<EphemeralRunner>;
  readonly pods: Cache<Pod>;
  /** Runners neither failed nor being deleted. */
  readonly live: number;
  /** The most that there ever were of those. */
  readonly mostLive: number;
  /** All that were ever made. */
  readonly made: number;
  /** What must never be: more runners than the maximum, one removed under its job. */
  readonly wrongs: readonly string[];
  run: (signal: AbortSignal) => Promise<void>;
}

export interface ObserverOptions {
  kube: KubeClient;
  clock: Clock;
  /** Whether GitHub has given this runner a job that is not over. */
  hasJob: (runner: string) => boolean;
}

/** Nothing runs in it that could be taken away. */
const hasEnded = ({ status }: Pod): boolean =>
  status?.containerStatuses?.some(({ state }) => state?.terminated !== undefined) ?? false;

export function createObserver({ kube, clock, hasJob }: ObserverOptions): Observer {
  const options = { client: kube, clock, log: silentLog };
  const runnerSets = createCache({ ...options, kind: AutoscalingRunnerSetKind });
  const sets = createCache({ ...options, kind: EphemeralRunnerSetKind });
  const runners = createCache({ ...options, kind: EphemeralRunnerKind });
  const pods = createCache({ ...options, kind: PodKind });
  const made = new Set<string>();
  const wrongs: string[] = [];
  let mostLive = 0;
  const live = (): number =>
    runners.list().filter((runner) => !isFailed(runner) && !isDeleting(runner)).length;
  runners.onChange(({ type, object: { metadata } }) => {
    if (type === 'deleted' && hasJob(metadata.name)) {
      wrongs.push(`${metadata.name} is gone, and has a job`);
    }
    const isNew = !made.has(metadata.uid);
    made.add(metadata.uid);
    mostLive = Math.max(mostLive, live());
    // When the maximum is lowered, who is there may stay.
    const most = Math.max(...runnerSets.list().map(maxRunnersOf));
    if (isNew && live() > most) wrongs.push(`${live()} runners, and ${most} allowed`);
  });
  pods.onChange(({ object: pod }) => {
    const { name, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined && hasJob(name) && !hasEnded(pod)) {
      wrongs.push(`the pod of ${name} is deleted, and it has a job`);
    }
  });
  return {
    sets,
    runners,
    pods,
    get live() {
      return live();
    },
    get mostLive() {
      return mostLive;
    },
    wrongs,
    get made() {
      return made.size;
    },
    async run(signal) {
      await Promise.all([runnerSets, sets, runners, pods].map((cache) => cache.run(signal)));
    },
  };
}
