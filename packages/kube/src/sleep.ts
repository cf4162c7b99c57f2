// Waiting on a Clock, cut short by a signal.
import type { Clock } from './types.ts';

export interface Sleep {
  clock: Clock;
  signal?: AbortSignal | undefined;
}

/** Resolves after `ms`, or at once when the signal aborts; never rejects. */
export function sleep(ms: number, { clock, signal }: Sleep): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.setTimeout(finish, ms);
    signal?.addEventListener('abort', finish, { once: true });
  });
}
