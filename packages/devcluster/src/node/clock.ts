// Time as a value: the node's waits all go through here, so that tests can step them.

export interface Clock {
  now(): number;
  /** Answers how to call it off. */
  setTimeout(run: () => void, ms: number): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (run, ms) => {
    // A time that has passed already is now; Node warns of it.
    const timer = setTimeout(run, Math.max(0, ms));
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Kubernetes times have whole seconds. */
export const timestamp = (clock: Clock): string =>
  new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');

/** Resolves when the time is over or the signal fires; never rejects. */
export const sleep = async (clock: Clock, ms: number, signal: AbortSignal): Promise<void> => {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const cancel = clock.setTimeout(finish, ms);
    signal.addEventListener('abort', finish, { once: true });
    function finish(): void {
      cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    }
  });
};

/** Resolves when the signal fires. */
export const fired = async (signal: AbortSignal): Promise<void> => {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
};
