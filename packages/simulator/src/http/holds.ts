// Requests that wait: for a message, for a job, or for as long as a fault says.

interface Hold<T> {
  ms: number;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
  /** Something that is there, or undefined. */
  look: () => T | undefined;
  /** Calls `wake` whenever it is worth another look; returns the way out. */
  subscribe: (wake: () => void) => () => void;
}

export interface Holds {
  /** What was found, or undefined when the time is up, the client has gone or the service stops. */
  wait<T>(hold: Hold<T>): Promise<T | undefined>;
  readonly size: number;
  endAll: () => void;
}

export function createHolds(): Holds {
  const open = new Set<() => void>();
  let isEnding = false;
  return {
    get size() {
      return open.size;
    },
    endAll() {
      isEnding = true;
      for (const end of [...open]) end();
    },
    async wait({ ms, signal, look, subscribe }) {
      const now = look();
      if (now !== undefined || isEnding || signal.aborted) return now;
      return new Promise((resolve) => {
        let isAwake = false;
        const close = (found?: ReturnType<typeof look>): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', end);
          open.delete(end);
          unsubscribe();
          resolve(found);
        };
        const end = (): void => {
          close();
        };
        // Several things that happen in one go make one message.
        const wake = (): void => {
          if (isAwake) return;
          isAwake = true;
          queueMicrotask(() => {
            isAwake = false;
            if (!open.has(end)) return;
            const found = look();
            if (found !== undefined) close(found);
          });
        };
        const timer = ms > 0 ? setTimeout(end, ms) : undefined;
        signal.addEventListener('abort', end);
        open.add(end);
        const unsubscribe = subscribe(wake);
        // Behind what the subscription itself has brought. A timer of no length would cost a turn of the event loop,
        // and tests make idle polls by the ten thousand.
        if (timer === undefined) queueMicrotask(end);
      });
    },
  };
}
