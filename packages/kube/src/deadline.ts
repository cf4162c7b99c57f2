// A signal that aborts at a caller's wish or when the time is up, and knows which it was.
import { KubeError } from './errors.ts';
import type { Clock } from './types.ts';

export interface Deadline {
  readonly signal: AbortSignal;
  /** What a failure under this signal was, in our words. */
  explain(what: string, error: unknown): KubeError;
  /** Ends the time-out; the caller's signal still counts. */
  lift(): void;
  /** Frees the timer, the listener, and the socket of an answer not read to its end. */
  release(): void;
}

interface DeadlineOptions {
  clock: Clock;
  ms: number;
  signal?: AbortSignal | undefined;
}

/** The deepest cause: undici wraps the socket's error, which alone names host and port. */
function rootOf(error: unknown): string {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  if (root instanceof AggregateError) root = root.errors[0];
  return root instanceof Error ? root.message : String(root);
}

export function deadline({ clock, ms, signal }: DeadlineOptions): Deadline {
  const controller = new AbortController();
  let ended: 'by-caller' | 'by-time' | undefined;
  const end = (how: 'by-caller' | 'by-time'): void => {
    ended ??= how;
    controller.abort();
  };
  const cancel = clock.setTimeout(() => {
    end('by-time');
  }, ms);
  const onAbort = (): void => {
    end('by-caller');
  };
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });

  return {
    signal: controller.signal,
    explain(what, error) {
      if (error instanceof KubeError) return error;
      if (ended === 'by-caller') return new KubeError('aborted', `could not ${what}: aborted`);
      const words = ended === 'by-time' ? `no answer within ${ms} ms` : rootOf(error);
      return new KubeError('unreachable', `could not ${what}: ${words}`, { cause: error });
    },
    lift: cancel,
    release() {
      cancel();
      signal?.removeEventListener('abort', onAbort);
      controller.abort();
    },
  };
}
