// What the listener needs of others; the real parts match by shape.
import { sleep } from '@muster/kube';
import type { ActionsClient } from '@muster/actions';
import type { Clock, KubeClient, Log } from '@muster/kube';
import type { Metrics } from './metrics/index.ts';
import type { Standing } from './standing.ts';

/** Hears where a loop stands. */
export interface Watch {
  stands(standing: Standing): void;
  /** The loop came round, and may rest so long before it begins the next turn. */
  turned(restMs: number): void;
}

export interface Deps {
  actions: Pick<ActionsClient, 'createSession' | 'resumeSession' | 'deleteSession'>;
  kube: Pick<KubeClient, 'patch' | 'patchStatus'>;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** This process, as recorded beside the session: the pod's uid, else random. */
  instance: string;
  /** The session's owner at GitHub: the host name. */
  owner: string;
  /** In [0, 1); spreads retries. */
  random: () => number;
  watch?: Watch;
}

/** Resolves after so long, or at once when the signal fires. */
export const pause = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> =>
  ms <= 0 ? Promise.resolve() : sleep(ms, { clock, signal });

/** Does it with a signal that fires after so long. */
export async function within<T>(
  clock: Clock,
  ms: number,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const cancel = clock.setTimeout(() => {
    limit.abort(new Error(`it took longer than ${ms / 1000} s`));
  }, ms);
  try {
    return await run(limit.signal);
  } finally {
    cancel();
  }
}
