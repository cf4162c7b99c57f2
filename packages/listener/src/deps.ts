// What the listener needs of others; the real parts match by shape.
import type { ActionsClient } from '@muster/actions';
import type { Clock, KubeClient, Log } from '@muster/kube';
import type { Metrics } from './metrics.ts';

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
}

/** Resolves after so long, or at once when the signal fires. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** Does it with a signal that fires after so long. */
export async function within<T>(
  clock: Clock,
  ms: number,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const cancel = clock.setTimeout(() => {
    limit.abort();
  }, ms);
  try {
    return await run(limit.signal);
  } finally {
    cancel();
  }
}
