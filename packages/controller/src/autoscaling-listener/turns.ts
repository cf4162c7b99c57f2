// So that a new image or a rotated token does not stop all listeners at once: only so many are replaced at a time.
const AT_A_TIME = 5;
// One that does not come back holds up the others no longer than this.
const TURN_MS = 60_000;

interface Turn {
  /** Uid of the pod that is replaced. */
  pod: string;
  until: number;
}

export interface TurnOptions {
  now: number;
  /** Whether this listener's new pod runs. */
  isBack: (key: string, oldPod: string) => boolean;
}

export class Turns {
  readonly #taken = new Map<string, Turn>();

  /** Whether it may be replaced now. */
  isFree(key: string, { now, isBack }: TurnOptions): boolean {
    for (const [other, { pod, until }] of this.#taken) {
      if (now >= until || isBack(other, pod)) this.#taken.delete(other);
    }
    return this.#taken.has(key) || this.#taken.size < AT_A_TIME;
  }

  /** False when others were quicker. */
  take(key: string, pod: string, now: number): boolean {
    if (!this.#taken.has(key) && this.#taken.size >= AT_A_TIME) return false;
    this.#taken.set(key, { pod, until: now + TURN_MS });
    return true;
  }
}
