// The messages of one scale set. They belong to the set, not to a session: what was not deleted comes again.
import type { JobMessage } from '@muster/actions/wire';

/** A batch holds at most so many job messages; more of them wait for the next one. */
const MAX_BATCH = 50;

export interface SealedMessage {
  readonly id: number;
  readonly jobs: readonly JobMessage[];
}

export class MessageQueue {
  #nextId: number;
  #sealed: SealedMessage[] = [];
  #pending: JobMessage[] = [];

  constructor(firstId: number) {
    this.#nextId = firstId;
  }

  /** Ids below this one have been issued. */
  get nextId(): number {
    return this.#nextId;
  }

  /** Job messages that nobody has deleted yet. */
  get size(): number {
    return this.#sealed.reduce((sum, message) => sum + message.jobs.length, this.#pending.length);
  }

  push(job: JobMessage): void {
    this.#pending.push(job);
  }

  /** The oldest message beyond the cursor that was not deleted. */
  next(cursor: number): SealedMessage | undefined {
    const waiting = this.#sealed[this.#firstAfter(cursor)];
    if (waiting) return waiting;
    if (this.#pending.length === 0) return undefined;
    // A cursor that was never issued hides what is to come, as it would at GitHub.
    if (cursor >= this.#nextId) return undefined;
    const message = { id: this.#nextId, jobs: this.#pending.splice(0, MAX_BATCH) };
    this.#nextId += 1;
    this.#sealed.push(message);
    return message;
  }

  delete(id: number): 'deleted' | 'absent' {
    const at = this.#firstAfter(id - 1);
    if (this.#sealed[at]?.id !== id) return 'absent';
    this.#sealed.splice(at, 1);
    return 'deleted';
  }

  #firstAfter(cursor: number): number {
    let low = 0;
    let high = this.#sealed.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sealed[middle]?.id ?? Infinity) > cursor) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
