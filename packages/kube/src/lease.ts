// Leader election by a Lease, with client-go's timings. One process leads; the others wait.
import { isKubeError } from './errors.ts';
import { durationMsOf, holderOf, LeaseRecord } from './lease-record.ts';
import { sleep } from './sleep.ts';
import type { LeaseObject } from './lease-record.ts';
import type { Metrics } from './metrics.ts';
import type { Clock, KubeClient, Log } from './types.ts';

export interface LeaseOptions {
  client: KubeClient;
  namespace: string;
  name: string;
  /** Unique to this process. */
  identity: string;
  clock: Clock;
  log: Log;
  metrics?: Metrics;
  /** How long others wait for a holder that is silent; on the server in whole seconds. */
  durationMs?: number;
  /** How long the holder goes on without a renewal. Shorter, so that it stops before others start. */
  renewDeadlineMs?: number;
  retryMs?: number;
}

export interface Lease {
  /**
   * Whether this process may act now; false as soon as the lease may have passed to another, also
   * when the process stood still meanwhile and nothing has run since. Ask it right before each act
   * that no two may do, or give it to `KubeClient.fenced` and to a loop as `mayAct`.
   */
  readonly holding: boolean;
  /**
   * Waits for the lease, then leads until the signal. `lead`'s own signal aborts with it, or when
   * the lease is lost; the lease is kept until `lead` has ended, and released then.
   *
   * `lost`: another may lead from now on, so the program must end. Rejects when `lead` does.
   */
  run(
    signal: AbortSignal,
    lead: (signal: AbortSignal) => Promise<void>,
  ): Promise<'released' | 'lost'>;
}

const DURATION_MS = 15_000;
const RENEW_DEADLINE_MS = 10_000;
const RETRY_MS = 2_000;
// Candidates that started together must not ask together for ever.
const JITTER = 1.2;

type Timing = Required<Pick<LeaseOptions, 'durationMs' | 'renewDeadlineMs' | 'retryMs'>>;

/** By both clocks: a process can stand still in one, and the other can be set. */
interface Moment {
  wall: number;
  elapsed: number;
}

const LONG_AGO: Moment = { wall: -Infinity, elapsed: -Infinity };

class Election implements Lease {
  readonly #options: LeaseOptions;
  readonly #timing: Timing;
  readonly #record: LeaseRecord;
  /** The Lease as last seen, and when it was first seen so: clocks of two machines are not compared. */
  #seen: { lease: LeaseObject; at: number } | undefined;
  /** Whether the Lease is still as seen: what was written last is what the server answered. */
  #isSure = false;
  /** When the request that renewed last was sent; others count from later. */
  #renewedAt = LONG_AGO;
  /** From the first claim to the end of it, also while `holding` is false for a time. */
  #leads = false;

  constructor(options: LeaseOptions) {
    const { durationMs = DURATION_MS, renewDeadlineMs = RENEW_DEADLINE_MS } = options;
    const { retryMs = RETRY_MS, client, namespace, name } = options;
    this.#options = options;
    this.#timing = { durationMs, renewDeadlineMs, retryMs };
    this.#record = new LeaseRecord(client, { namespace, name });
  }

  get holding(): boolean {
    return this.#leftMs() > 0;
  }

  async run(
    signal: AbortSignal,
    lead: (signal: AbortSignal) => Promise<void>,
  ): Promise<'released' | 'lost'> {
    const { name, identity, log, metrics } = this.#options;
    metrics?.leading(name, false);
    if (!(await this.#acquire(signal))) return 'released';
    log.info('the lease is ours', { lease: name, identity });
    metrics?.leading(name, true);
    try {
      const outcome = await this.#lead(signal, lead);
      log.info(outcome === 'lost' ? 'the lease is lost' : 'the lease is released', { lease: name });
      return outcome;
    } finally {
      metrics?.leading(name, false);
    }
  }

  /** False when the signal came first. */
  async #acquire(signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      if ((await this.#claim(signal)) && this.holding) return true;
      const ms = this.#timing.retryMs * (1 + Math.random() * (JITTER - 1));
      await sleep(ms, { clock, signal });
    }
    return false;
  }

  async #lead(
    signal: AbortSignal,
    lead: (signal: AbortSignal) => Promise<void>,
  ): Promise<'released' | 'lost'> {
    this.#leads = true;
    const stopRenewing = new AbortController();
    const lostIt = new AbortController();
    const leading = lead(AbortSignal.any([signal, lostIt.signal]));
    const ended = leading.then(
      () => 'ended' as const,
      () => 'ended' as const,
    );
    const renewing = this.#renew(stopRenewing.signal);
    try {
      if ((await Promise.race([ended, renewing])) === 'lost') {
        lostIt.abort();
        await this.#grace(leading);
        return 'lost';
      }
      stopRenewing.abort();
      await renewing;
      await this.#release();
      await leading;
      return 'released';
    } finally {
      this.#leads = false;
      this.#renewedAt = LONG_AGO;
    }
  }

  /** What is being done may end, but not beyond the time at which another may start. */
  async #grace(leading: Promise<void>): Promise<void> {
    const { durationMs, renewDeadlineMs } = this.#timing;
    const leftMs = this.#leftMs() + durationMs - renewDeadlineMs;
    const ended = new AbortController();
    const end = (): void => {
      ended.abort();
    };
    leading.then(end, end);
    await sleep(Math.max(0, leftMs), { clock: this.#options.clock, signal: ended.signal });
  }

  /** Renews until the signal; resolves with `lost` when the deadline passed without success. */
  async #renew(signal: AbortSignal): Promise<'lost' | 'stopped'> {
    const { clock } = this.#options;
    const { retryMs } = this.#timing;
    let failed = false;
    for (;;) {
      await sleep(failed ? Math.min(retryMs, Math.max(0, this.#leftMs())) : retryMs, {
        clock,
        signal,
      });
      if (signal.aborted) return 'stopped';
      if (failed && !this.holding) return 'lost';
      // A process that stood still, or whose clock was set, may find its Lease as it left it: then
      // nobody else had it. Until that is known, `holding` is false.
      failed = !(await this.#claimWithin(this.holding ? this.#leftMs() : retryMs, signal));
      // Another has it, or had it: no deadline to wait for.
      if (failed && this.#isNotOurs()) return 'lost';
    }
  }

  async #claimWithin(ms: number, signal: AbortSignal): Promise<boolean> {
    const limit = new AbortController();
    const end = (): void => {
      limit.abort();
    };
    const cancel = this.#options.clock.setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    try {
      return await this.#claim(limit.signal);
    } finally {
      cancel();
      signal.removeEventListener('abort', end);
    }
  }

  /** One try to take or to renew. False when it is another's, or the server could not be asked. */
  async #claim(signal: AbortSignal): Promise<boolean> {
    const { clock, log, identity, name } = this.#options;
    const sentAt = { wall: clock.now(), elapsed: clock.elapsed() };
    try {
      const lease = await this.#write(sentAt.wall, signal);
      if (lease === undefined) return false;
      this.#observe(lease);
      this.#renewedAt = sentAt;
      this.#isSure = true;
      return true;
    } catch (error) {
      // The write may have been done all the same, or another's: the next try looks first.
      this.#isSure = false;
      const beaten = isKubeError(error, 'conflict') || isKubeError(error, 'already-exists');
      if (!beaten && !isKubeError(error, 'aborted')) {
        log.warn('the lease could not be claimed', { lease: name, identity, error });
      }
      return false;
    }
  }

  /** The Lease as ours; undefined when it is another's. */
  async #write(now: number, signal: AbortSignal): Promise<LeaseObject | undefined> {
    const claim = { ...this.#timing, identity: this.#options.identity, now, signal };
    const ours = this.#isSure && this.holding ? this.#seen?.lease : undefined;
    if (ours !== undefined) return this.#record.take(ours, claim);
    const lease = await this.#record.read(signal);
    if (lease === undefined) return this.#record.create(claim);
    this.#observe(lease);
    return this.#isFree(lease) ? this.#record.take(lease, claim) : undefined;
  }

  #observe(lease: LeaseObject): void {
    if (this.#seen?.lease.metadata.resourceVersion === lease.metadata.resourceVersion) return;
    this.#seen = { lease, at: this.#options.clock.elapsed() };
  }

  #isFree(lease: LeaseObject): boolean {
    const holder = holderOf(lease);
    if (holder === this.#options.identity) return true;
    // Whoever leads wrote its name: another led meanwhile, also if that one has let go since.
    if (this.#leads) return false;
    if (holder === '') return true;
    if (this.#seen === undefined) return false;
    const silentMs = this.#options.clock.elapsed() - this.#seen.at;
    return silentMs >= durationMsOf(lease, this.#timing.durationMs);
  }

  #isNotOurs(): boolean {
    const lease = this.#seen?.lease;
    return lease !== undefined && holderOf(lease) !== this.#options.identity;
  }

  /** How long this process may go on acting. Of the two clocks the one that says less is believed. */
  #leftMs(): number {
    const { clock } = this.#options;
    const { wall, elapsed } = this.#renewedAt;
    const sinceMs = Math.max(clock.now() - wall, clock.elapsed() - elapsed);
    return this.#timing.renewDeadlineMs - sinceMs;
  }

  /** If it fails, the next one waits, and that is all. */
  async #release(): Promise<void> {
    const { clock, log, name, identity } = this.#options;
    this.#renewedAt = LONG_AGO;
    try {
      const lease = this.#isSure ? this.#seen?.lease : await this.#record.read();
      if (lease === undefined || holderOf(lease) !== identity) return;
      await this.#record.release(lease, clock.now());
    } catch (error) {
      log.debug('the lease could not be released', { lease: name, error });
    }
  }
}

/** A candidate for a Lease. */
export const createLease = (options: LeaseOptions): Lease => new Election(options);
