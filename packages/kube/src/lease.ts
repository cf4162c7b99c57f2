import type { Clock, KubeClient, Log } from './types.ts';
import type { Metrics } from './metrics.ts';

export interface LeaseOptions {
  client: KubeClient;
  namespace: string;
  name: string;
  /** Unique to this process. */
  identity: string;
  clock: Clock;
  log: Log;
  metrics?: Metrics;
  durationMs?: number;
  renewDeadlineMs?: number;
  retryMs?: number;
}

export interface Lease {
  /** Whether this process may act now; false as soon as the lease may have passed to another. */
  readonly holding: boolean;
  /**
   * Waits for the lease, then leads until the signal. `lead`'s own signal aborts with it, or when
   * the lease is lost. `lost`: another may lead from now on, so the program must end.
   */
  run(
    signal: AbortSignal,
    lead: (signal: AbortSignal) => Promise<void>,
  ): Promise<'released' | 'lost'>;
}

export function createLease(options: LeaseOptions): Lease {
  throw new Error(`not yet ${options.name}`);
}
