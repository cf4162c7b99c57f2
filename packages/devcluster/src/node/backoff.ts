// How long the kubelet waits before it starts a container again.

const FIRST_MS = 10_000;
const MOST_MS = 300_000;
/** A container that ran this long starts with a clean slate. */
const RESET_MS = 600_000;

export class RestartBackoff {
  #restarts = 0;

  /** The first restart is immediate, as the kubelet's is; after that 10 s, 20 s, … 300 s. */
  next(ranMs: number): number {
    if (ranMs > RESET_MS) this.#restarts = 0;
    const ms = this.#restarts === 0 ? 0 : FIRST_MS * 2 ** (this.#restarts - 1);
    this.#restarts += 1;
    return Math.min(ms, MOST_MS);
  }
}

export const imagePullBackoff = (attempt: number): number =>
  Math.min(FIRST_MS * 2 ** Math.min(attempt, 10), MOST_MS);
