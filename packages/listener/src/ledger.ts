// What was heard and is not yet written: the newest wish, the started jobs, and which messages wait
// for them to be acknowledged. Bounded. No client, no clock, no await.
import type { JobStarted } from '@muster/actions/wire';
import type { Patch } from './scale.ts';

/** A wish with its number: a message is written once a wish as new as its own is. */
export interface Wish {
  number: number;
  patch: Patch;
  /** When the jobs that it is for were queued, in epoch milliseconds. */
  queuedAt: readonly number[];
}

export interface Heard {
  messageId: number;
  started: readonly JobStarted[];
  /** Ids of the jobs on offer; there are none where the service assigns by itself. */
  offers: readonly number[];
}

interface Entry {
  messageId: number;
  /** The wish that must be written first. */
  wish: number;
  unwritten: Set<JobStarted>;
  offers: readonly number[];
}

export interface Bounds {
  messages: number;
  jobs: number;
}

// An hour without Kubernetes at a message a second. Beyond it messages stay at the service.
const BOUNDS: Bounds = { messages: 4_000, jobs: 10_000 };
const MOST_REMEMBERED = 1_000;

export class Ledger {
  readonly #bounds: Bounds;
  #wish: Wish | undefined;
  #lastWish = 0;
  #written = 0;
  #entries: Entry[] = [];
  #jobs = new Set<JobStarted>();
  /** Acknowledged a while ago; the service may deliver one again. */
  readonly #past = new Set<number>();

  constructor(bounds: Bounds = BOUNDS) {
    this.#bounds = bounds;
  }

  /** Overtakes the one before it. */
  wish(patch: Patch, queuedAt: readonly number[] = []): void {
    this.#lastWish += 1;
    const earlier = this.#wish?.queuedAt ?? [];
    const all = [...earlier, ...queuedAt].slice(-this.#bounds.jobs);
    this.#wish = { number: this.#lastWish, patch, queuedAt: all };
  }

  /** After the wish that it led to, if it led to one. */
  take({ messageId, started, offers }: Heard): void {
    this.#entries.push({
      messageId,
      wish: this.#lastWish,
      unwritten: new Set(started),
      offers,
    });
    for (const job of started) this.#jobs.add(job);
  }

  /** Taken and not forgotten yet: to handle it again would count it twice. */
  knows(messageId: number): boolean {
    return this.#past.has(messageId) || this.#entries.some((one) => one.messageId === messageId);
  }

  /** It came again although it was acknowledged: that is said once more. */
  acknowledgeAgain(messageId: number): void {
    if (this.#entries.some((one) => one.messageId === messageId)) return;
    this.#entries.push({ messageId, wish: 0, unwritten: new Set(), offers: [] });
  }

  get isFull(): boolean {
    return this.#entries.length >= this.#bounds.messages || this.#jobs.size >= this.#bounds.jobs;
  }

  get isEmpty(): boolean {
    return this.#wish === undefined && this.#entries.length === 0;
  }

  get unwrittenWish(): Wish | undefined {
    return this.#wish;
  }

  wishWritten({ number }: Wish): void {
    this.#written = Math.max(this.#written, number);
    if (this.#wish?.number === number) this.#wish = undefined;
  }

  /** The oldest jobs that are not recorded. */
  unwrittenJobs(most: number): JobStarted[] {
    const some: JobStarted[] = [];
    for (const job of this.#jobs) {
      if (some.length >= most) break;
      some.push(job);
    }
    return some;
  }

  jobWritten(job: JobStarted): void {
    this.#jobs.delete(job);
    for (const { unwritten } of this.#entries) {
      if (unwritten.delete(job)) return;
    }
  }

  /** The oldest offer that nobody has answered. */
  get openOffer(): { messageId: number; offers: readonly number[] } | undefined {
    return this.#entries.find(({ offers }) => offers.length > 0);
  }

  offerAnswered(messageId: number): void {
    const entry = this.#entries.find((one) => one.messageId === messageId);
    if (entry) entry.offers = [];
  }

  /** The oldest message, once all that came of it is written. */
  get acknowledgeable(): number | undefined {
    const [oldest] = this.#entries;
    const isWritten =
      oldest !== undefined &&
      oldest.wish <= this.#written &&
      oldest.unwritten.size === 0 &&
      oldest.offers.length === 0;
    return isWritten ? oldest.messageId : undefined;
  }

  acknowledged(messageId: number): void {
    this.#entries = this.#entries.filter((one) => one.messageId !== messageId);
    this.#past.add(messageId);
    if (this.#past.size <= MOST_REMEMBERED) return;
    const [oldest] = this.#past;
    if (oldest !== undefined) this.#past.delete(oldest);
  }
}
