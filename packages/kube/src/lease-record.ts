// The Lease object: reading who holds it and for how long, and writing that we do.
import type { At, Kind, KubeObject } from './object.ts';
import type { JsonObject, KubeClient } from './types.ts';

export interface LeaseObject extends KubeObject {
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

const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');

export const holderOf = ({ spec = {} }: LeaseObject): string => spec.holderIdentity ?? '';

/** What the holder promised, which need not be what this program would: versions differ. */
export const durationMsOf = ({ spec = {} }: LeaseObject, otherwiseMs: number): number =>
  spec.leaseDurationSeconds === undefined ? otherwiseMs : spec.leaseDurationSeconds * 1_000;

export interface Claim {
  identity: string;
  durationMs: number;
  /** By the wall clock; for people, as nobody counts from it. */
  now: number;
  signal: AbortSignal;
}

export class LeaseRecord {
  readonly #client: KubeClient;
  readonly #at: At;

  constructor(client: KubeClient, at: At) {
    this.#client = client;
    this.#at = at;
  }

  read(signal?: AbortSignal): Promise<LeaseObject | undefined> {
    return this.#client.get(LeaseKind, this.#at, signal === undefined ? {} : { signal });
  }

  /** Throws `already-exists` when another was faster. */
  create({ signal, ...claim }: Claim): Promise<LeaseObject> {
    const { apiVersion, kind } = LeaseKind;
    const spec = { ...renewal(claim), acquireTime: microTime(claim.now), leaseTransitions: 0 };
    const lease = { apiVersion, kind, metadata: this.#at, spec };
    return this.#client.create(LeaseKind, lease, { signal });
  }

  /** Undefined when it vanished meanwhile; throws `conflict` when another was faster. */
  take(lease: LeaseObject, { signal, ...claim }: Claim): Promise<LeaseObject | undefined> {
    const { leaseTransitions = 0 } = lease.spec ?? {};
    const isTransition = holderOf(lease) !== claim.identity;
    const change = isTransition
      ? { acquireTime: microTime(claim.now), leaseTransitions: leaseTransitions + 1 }
      : {};
    return this.#write(lease, { ...renewal(claim), ...change }, signal);
  }

  /** Lets the next one start at once. Throws `conflict` when another has it already. */
  async release(lease: LeaseObject, now: number): Promise<void> {
    await this.#write(lease, {
      holderIdentity: '',
      leaseDurationSeconds: 1,
      renewTime: microTime(now),
    });
  }

  /** Only over the very version that was seen, so that of two who write one is refused. */
  #write(
    { metadata: { resourceVersion } }: LeaseObject,
    spec: JsonObject,
    signal?: AbortSignal,
  ): Promise<LeaseObject | undefined> {
    const patch = { metadata: { resourceVersion }, spec };
    return this.#client.patch(LeaseKind, this.#at, patch, signal === undefined ? {} : { signal });
  }
}

const renewal = ({ identity, durationMs, now }: Omit<Claim, 'signal'>) => ({
  holderIdentity: identity,
  leaseDurationSeconds: Math.ceil(durationMs / 1_000),
  renewTime: microTime(now),
});
