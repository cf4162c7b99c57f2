// Ends what a signal ends, at once, and leaves no listener on it.
import { setTimeout as delay } from 'node:timers/promises';
import { ActionsError } from './errors.ts';

export function abortedError(signal: AbortSignal): ActionsError {
  return new ActionsError('aborted', 'the call was aborted', { cause: signal.reason });
}

export const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  await delay(ms, undefined, { signal });
};

/** Gives up waiting when the signal fires, whatever the promise does. Throws `aborted`. */
export async function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return promise;
  const fired = Promise.withResolvers<never>();
  const fire = (): void => {
    fired.reject(abortedError(signal));
  };
  if (signal.aborted) fire();
  signal.addEventListener('abort', fire, { once: true });
  try {
    return await Promise.race([promise, fired.promise]);
  } finally {
    signal.removeEventListener('abort', fire);
    // The loser of the race is nobody's: its failure is not to end the process.
    promise.catch(() => undefined);
  }
}

/** A signal that fires with any of the sources; `release` takes it off them. */
export function linked(sources: readonly (AbortSignal | undefined)[]): {
  signal: AbortSignal;
  abort: (reason: unknown) => void;
  release: () => void;
} {
  const controller = new AbortController();
  const releases: (() => void)[] = [];
  for (const source of sources) {
    if (source === undefined) continue;
    const fire = (): void => {
      controller.abort(source.reason);
    };
    if (source.aborted) fire();
    source.addEventListener('abort', fire, { once: true });
    releases.push(() => {
      source.removeEventListener('abort', fire);
    });
  }
  return {
    signal: controller.signal,
    abort: (reason) => {
      controller.abort(reason);
    },
    release: () => {
      for (const release of releases) release();
    },
  };
}
