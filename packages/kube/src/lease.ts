// Leader election by a Lease, with client-go's timings. One process leads; the others wait.
import { isKubeError } from './errors.ts';
import { sleep } from './sleep.ts';
import type { Metrics } from './metrics.ts';
import type { At, Kind, KubeObject } from './object.ts';
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
  /** How long others wait for a holder that is silent. */
  durationMs?: number;
  /** How long the holder goes on without a renewal. Shorter, so that it stops before others start. */
  renewDeadlineMs?: number;
  retryMs?: number;
}

export interface Lease {
  /** Whether this process may act now; false as soon as the lease may have passed to another. */
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

interface LeaseObject extends KubeObject {
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

const LeaseKind: Kind<LeaseObject> = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

const DURATION_MS = 15_000;
const RENEW_DEADLINE_MS = 10_000;
const RETRY_MS = 2_000;
// Candidates that started together must not ask together for ever.
const JITTER = 1.2;

const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');

class Election implements Lease {
  readonly #options: LeaseOptions & {
    durationMs: number;
    renewDeadlineMs: number;
    retryMs: number;
  };
  readonly #at: At;
  /** The Lease as last seen, and when it was first seen so: clocks of two machines are not compared. */
  #seen: { lease: LeaseObject; at: number } | undefined;
  /** When the request that renewed last was sent; others count from later. */
  #renewedAt = -Infinity;

  constructor(options: LeaseOptions) {
    this.#options = {
      durationMs: DURATION_MS,
      renewDeadlineMs: RENEW_DEADLINE_MS,
      retryMs: RETRY_MS,
      ...options,
    };
    this.#at = { namespace: options.namespace, name: options.name };
  }

  get holding(): boolean {
    const { clock, renewDeadlineMs } = this.#options;
    return clock.now() - this.#renewedAt < renewDeadlineMs;
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
    const outcome = await this.#lead(signal, lead);
    metrics?.leading(name, false);
    log.info(outcome === 'lost' ? 'the lease is lost' : 'the lease is released', { lease: name });
    return outcome;
  }

  /** False when the signal came first. */
  async #acquire(signal: AbortSignal): Promise<boolean> {
    const { clock, retryMs } = this.#options;
    while (!signal.aborted) {
      if (await this.#claim(signal)) return true;
      await sleep(retryMs * (1 + Math.random() * (JITTER - 1)), { clock, signal });
    }
    return false;
  }

  async #lead(
    signal: AbortSignal,
    lead: (signal: AbortSignal) => Promise<void>,
  ): Promise<'released' | 'lost'> {
    const stopLeading = new AbortController();
    const stopRenewing = new AbortController();
    const stop = (): void => {
      stopLeading.abort();
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const leading = lead(stopLeading.signal);
    const ended = leading.then(
      () => 'ended' as const,
      () => 'ended' as const,
    );
    const lost = this.#renew(stopRenewing.signal);
    try {
      const first = await Promise.race([ended, lost]);
      if (first === 'ended') {
        stopRenewing.abort();
        await lost;
        await this.#release();
        await leading;
        return 'released';
      }
      stop();
      await this.#grace(leading);
      return 'lost';
    } finally {
      signal.removeEventListener('abort', stop);
      stopRenewing.abort();
      this.#renewedAt = -Infinity;
    }
  }

  /** What is being done may end, but not beyond the time at which another may start. */
  async #grace(leading: Promise<void>): Promise<void> {
    const { clock, durationMs } = this.#options;
    const leftMs = this.#renewedAt + durationMs - clock.now();
    const ended = new AbortController();
    const end = (): void => {
      ended.abort();
    };
    leading.then(end, end);
    await sleep(Math.max(0, leftMs), { clock, signal: ended.signal });
  }

  /** Renews until the signal; resolves with `lost` when the deadline passed without success. */
  async #renew(signal: AbortSignal): Promise<'lost' | 'stopped'> {
    const { clock, retryMs, renewDeadlineMs } = this.#options;
    for (;;) {
      await sleep(retryMs, { clock, signal });
      if (signal.aborted) return 'stopped';
      if (!this.holding) return 'lost';
      const limit = new AbortController();
      const cancel = clock.setTimeout(
        () => {
          limit.abort();
        },
        this.#renewedAt + renewDeadlineMs - clock.now(),
      );
      const held = await this.#claim(AbortSignal.any([limit.signal, signal]));
      cancel();
      // Another has it: no deadline to wait for.
      if (!held && this.#isHeldByOther()) return 'lost';
    }
  }

  #isHeldByOther(): boolean {
    const holder = this.#seen?.lease.spec?.holderIdentity ?? '';
    return holder !== '' && holder !== this.#options.identity;
  }

  /** One try to take or to renew. False when it is another's, or the server could not be asked. */
  async #claim(signal: AbortSignal): Promise<boolean> {
    const { client, clock, log, identity, name } = this.#options;
    const sentAt = clock.now();
    try {
      const lease = await client.get(LeaseKind, this.#at, { signal });
      if (lease === undefined) {
        this.#observe(await this.#create(sentAt, signal));
      } else {
        this.#observe(lease);
        if (!this.#isFree(lease)) return false;
        const taken = await this.#take(lease, sentAt, signal);
        if (taken === undefined) return false;
        this.#observe(taken);
      }
      this.#renewedAt = sentAt;
      return true;
    } catch (error) {
      const beaten = isKubeError(error, 'conflict') || isKubeError(error, 'already-exists');
      if (!beaten && !isKubeError(error, 'aborted')) {
        log.warn('the lease could not be claimed', { lease: name, identity, error });
      }
      return false;
    }
  }

  #observe(lease: LeaseObject): void {
    if (this.#seen?.lease.metadata.resourceVersion === lease.metadata.resourceVersion) return;
    this.#seen = { lease, at: this.#options.clock.now() };
  }

  #isFree({ spec = {} }: LeaseObject): boolean {
    const { identity, clock, durationMs } = this.#options;
    const { holderIdentity = '' } = spec;
    if (holderIdentity === '' || holderIdentity === identity) return true;
    return this.#seen !== undefined && clock.now() - this.#seen.at >= durationMs;
  }

  #create(now: number, signal: AbortSignal): Promise<LeaseObject> {
    const spec = { ...this.#renewal(now), acquireTime: microTime(now), leaseTransitions: 0 };
    const { apiVersion, kind } = LeaseKind;
    return this.#options.client.create(
      LeaseKind,
      {
        apiVersion,
        kind,
        metadata: { namespace: this.#options.namespace, name: this.#options.name },
        spec,
      },
      { signal },
    );
  }

  /** Undefined when it vanished meanwhile; throws `conflict` when another was faster. */
  #take(
    { metadata, spec = {} }: LeaseObject,
    now: number,
    signal: AbortSignal,
  ): Promise<LeaseObject | undefined> {
    const { identity, client } = this.#options;
    const change =
      spec.holderIdentity === identity
        ? {}
        : { acquireTime: microTime(now), leaseTransitions: (spec.leaseTransitions ?? 0) + 1 };
    const patch = {
      metadata: { resourceVersion: metadata.resourceVersion },
      spec: { ...this.#renewal(now), ...change },
    };
    return client.patch(LeaseKind, this.#at, patch, { signal });
  }

  #renewal(now: number): {
    holderIdentity: string;
    leaseDurationSeconds: number;
    renewTime: string;
  } {
    const { identity, durationMs } = this.#options;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(durationMs / 1_000),
      renewTime: microTime(now),
    };
  }

  /** Lets the next one start at once. If it fails, the next one waits, and that is all. */
  async #release(): Promise<void> {
    const { client, clock, log, name } = this.#options;
    const seen = this.#seen?.lease;
    if (seen === undefined || this.#isHeldByOther()) return;
    this.#renewedAt = -Infinity;
    try {
      await client.patch(LeaseKind, this.#at, {
        metadata: { resourceVersion: seen.metadata.resourceVersion },
        spec: { holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(clock.now()) },
      });
    } catch (error) {
      log.debug('the lease could not be released', { lease: name, error });
    }
  }
}

/** A candidate for a Lease. */
export const createLease = (options: LeaseOptions): Lease => new Election(options);
