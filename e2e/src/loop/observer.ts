// Watches the cluster without being part of it, sees every version of every runner, and counts.
import { EphemeralRunnerKind, EphemeralRunnerSetKind, isDeleting, isFailed } from '@muster/api';
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
  run: (signal: AbortSignal) => Promise<void>;
}

export function createObserver(kube: KubeClient, clock: Clock): Observer {
  const options = { client: kube, clock, log: silentLog };
  const sets = createCache({ ...options, kind: EphemeralRunnerSetKind });
  const runners = createCache({ ...options, kind: EphemeralRunnerKind });
  const pods = createCache({ ...options, kind: PodKind });
  const made = new Set<string>();
  let mostLive = 0;
  const live = (): number =>
    runners.list().filter((runner) => !isFailed(runner) && !isDeleting(runner)).length;
  runners.onChange(({ object }) => {
    made.add(object.metadata.uid);
    mostLive = Math.max(mostLive, live());
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
    get made() {
      return made.size;
    },
    async run(signal) {
      await Promise.all([sets, runners, pods].map((cache) => cache.run(signal)));
    },
  };
}
