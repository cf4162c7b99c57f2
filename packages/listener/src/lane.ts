// One kind of work, one piece at a time, tried again until it is done.
import { backoffMs } from './backoff.ts';
import { pause } from './deps.ts';
import type { Backoff } from './backoff.ts';
import type { Deps } from './deps.ts';

/** The next piece of work, or undefined when there is none. */
type NextPiece = () => (() => Promise<void>) | undefined;

export interface Lane {
  next: NextPiece;
  pace: Backoff;
  /** Told of each failure, and of the first success after one. */
  onFailure: (error: unknown, failures: number) => void;
  onSuccess?: () => void;
}

/** Wakes everybody who waits when something may have changed. */
export interface Bell {
  ring(): void;
  rung(): Promise<void>;
}

export function createBell(): Bell {
  let waiting = Promise.withResolvers<undefined>();
  return {
    ring() {
      waiting.resolve(undefined);
      waiting = Promise.withResolvers();
    },
    rung: () => waiting.promise,
  };
}

export interface LaneParts extends Pick<Deps, 'clock' | 'random'> {
  bell: Bell;
  /** Ends the lane; whoever aborts it rings the bell. */
  signal: AbortSignal;
}

export async function runLane(lane: Lane, parts: LaneParts): Promise<void> {
  const { bell, signal, clock, random } = parts;
  const isOver = (): boolean => signal.aborted;
  let failures = 0;
  while (!isOver()) {
    const piece = lane.next();
    if (piece === undefined) {
      await bell.rung();
      continue;
    }
    try {
      await piece();
      failures = 0;
      lane.onSuccess?.();
    } catch (error) {
      if (isOver()) return;
      failures += 1;
      lane.onFailure(error, failures);
      await pause(clock, backoffMs(failures, lane.pace, random()), signal);
    }
  }
}
