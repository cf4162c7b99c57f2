import { describe, expect, onTestFinished, test } from 'vitest';
import { KubeError } from './errors.ts';
import { createLease } from './lease.ts';
import { createMetrics } from './metrics.ts';
import { aCluster } from './testing/cluster.ts';
import { createSteppedClock, settle, silentLog } from './testing/index.ts';
import type { Lease, LeaseOptions } from './lease.ts';
import type { Kind, KubeObject } from './object.ts';
import type { SteppedClock } from './testing/index.ts';
import type { KubeClient } from './types.ts';

interface LeaseObject extends KubeObject {
  spec: {
    holderIdentity: string;
    leaseDurationSeconds: number;
    leaseTransitions: number;
    renewTime: string;
  };
}
const LeaseKind: Kind<LeaseObject> = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};
const at = { namespace: 'default', name: 'muster' };

interface Candidate {
  lease: Lease;
  leads: boolean;
  outcome: string | undefined;
  stop: () => void;
}

function aWorld() {
  const clock = createSteppedClock(Date.parse('2026-01-01T00:00:00Z'));
  const { client } = aCluster(clock);
  const candidate = (
    identity: string,
    {
      lead,
      ...options
    }: Partial<LeaseOptions> & { lead?: (signal: AbortSignal) => Promise<void> } = {},
  ): Candidate => {
    const lease = createLease({ client, ...at, identity, clock, log: silentLog, ...options });
    const end = new AbortController();
    const self: Candidate = {
      lease,
      leads: false,
      outcome: undefined,
      stop: () => {
        end.abort();
      },
    };
    const untilAborted = (signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        signal.addEventListener(
          'abort',
          () => {
            resolve();
          },
          { once: true },
        );
      });
    const run = lease.run(end.signal, async (signal) => {
      self.leads = true;
      await (lead ?? untilAborted)(signal);
      self.leads = false;
    });
    void run.then(
      (outcome) => {
        self.outcome = outcome;
      },
      (error: unknown) => {
        self.outcome = String(error);
      },
    );
    onTestFinished(self.stop);
    return self;
  };
  return { clock, client, candidate };
}

/** Time passes in steps of half a second, each with time for the calls that it causes. */
async function pass(
  clock: SteppedClock,
  seconds: number,
  look: () => void = () => undefined,
): Promise<void> {
  for (let half = 0; half < seconds * 2; half += 1) {
    await settle(8);
    look();
    clock.advance(500);
  }
  await settle(8);
}

/** A client whose calls fail while it is cut off. */
function cuttable(client: KubeClient): { client: KubeClient; cut: boolean } {
  const line = { cut: false };
  const guarded = <R>(call: () => Promise<R>): Promise<R> =>
    line.cut ? Promise.reject(new KubeError('unreachable', 'the network is cut')) : call();
  const guard: KubeClient = {
    ...client,
    get: (...call) => guarded(() => client.get(...call)),
    create: (...call) => guarded(() => client.create(...call)),
    patch: (...call) => guarded(() => client.patch(...call)),
  };
  return Object.assign(line, { client: guard });
}

describe('a lease', () => {
  test("is one candidate's, renewed while it leads", async () => {
    const { clock, client, candidate } = aWorld();
    const a = candidate('a');
    await pass(clock, 1);
    const b = candidate('b');
    await pass(clock, 60);
    expect([a.leads, b.leads]).toEqual([true, false]);
    expect([a.lease.holding, b.lease.holding]).toEqual([true, false]);
    const held = await client.get(LeaseKind, at);
    expect(held?.spec).toMatchObject({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
    });
    expect(held?.spec.renewTime).toMatch(/^2026-01-01T00:0[01]:\d\d\.\d{6}Z$/);
  });

  test('is released when its holder stops, once its work has ended', async () => {
    const { clock, client, candidate } = aWorld();
    const work = Promise.withResolvers<undefined>();
    const a = candidate('a', { lead: () => work.promise.then(() => undefined) });
    await pass(clock, 1);
    const b = candidate('b');
    a.stop();
    await pass(clock, 30);
    expect([a.leads, b.leads]).toEqual([true, false]);
    work.resolve(undefined);
    await pass(clock, 4);
    expect([a.outcome, b.leads]).toEqual(['released', true]);
    expect((await client.get(LeaseKind, at))?.spec).toMatchObject({
      holderIdentity: 'b',
      leaseTransitions: 1,
    });
  });

  test('is taken over when its holder is silent, and never led by two', async () => {
    const { clock, client, candidate } = aWorld();
    const line = cuttable(client);
    const a = candidate('a', { client: line.client });
    await pass(clock, 5);
    const b = candidate('b');
    line.cut = true;
    let both = false;
    await pass(clock, 30, () => {
      both ||= a.leads && b.leads;
    });
    expect(both).toBe(false);
    expect([a.outcome, a.leads, b.leads]).toEqual(['lost', false, true]);
  });

  test('a short outage costs nothing', async () => {
    const { clock, client, candidate } = aWorld();
    const line = cuttable(client);
    const a = candidate('a', { client: line.client });
    await pass(clock, 5);
    line.cut = true;
    await pass(clock, 6);
    line.cut = false;
    await pass(clock, 30);
    expect([a.leads, a.outcome]).toEqual([true, undefined]);
  });

  test('a holder whose process stood still knows at once that it may not act', async () => {
    const { clock, candidate } = aWorld();
    const a = candidate('a');
    await pass(clock, 5);
    expect(a.lease.holding).toBe(true);
    // As a blocked event loop is: time passes and no timer has run yet.
    const later = clock.now() + 10_000;
    const stalled = { ...clock, now: () => later };
    expect(
      createLease({
        ...at,
        client: {} as KubeClient,
        identity: 'x',
        clock: stalled,
        log: silentLog,
      }).holding,
    ).toBe(false);
    clock.advance(10_000);
    expect(a.lease.holding).toBe(false);
  });

  test('is not taken from one whose clock is wrong, but who renews', async () => {
    const { clock, client, candidate } = aWorld();
    const slow = { ...clock, now: () => clock.now() - 3_600_000 };
    const a = candidate('a', { clock: slow });
    await pass(clock, 2);
    const b = candidate('b');
    await pass(clock, 60);
    expect([a.leads, b.leads]).toEqual([true, false]);
    expect((await client.get(LeaseKind, at))?.spec.holderIdentity).toBe('a');
  });

  test('three candidates: exactly one leads at any time, whoever stops', async () => {
    const { clock, candidate } = aWorld();
    const all = ['a', 'b', 'c'].map((name) => candidate(name));
    const leaders = (): number => all.filter(({ leads }) => leads).length;
    let most = 0;
    for (let round = 0; round < 3; round += 1) {
      await pass(clock, 20, () => {
        most = Math.max(most, leaders());
      });
      expect(leaders()).toBe(1);
      all.find(({ leads }) => leads)?.stop();
    }
    expect(most).toBe(1);
  });

  test('work that fails releases it and is reported', async () => {
    const { clock, client, candidate } = aWorld();
    const a = candidate('a', { lead: () => Promise.reject(new Error('the work failed')) });
    await pass(clock, 1);
    expect(a.outcome).toBe('Error: the work failed');
    expect((await client.get(LeaseKind, at))?.spec.holderIdentity ?? '').toBe('');
  });

  test('a candidate that stops while it waits is done at once', async () => {
    const { clock, candidate } = aWorld();
    const metrics = createMetrics();
    candidate('a');
    await pass(clock, 1);
    const b = candidate('b', { metrics });
    await pass(clock, 3);
    b.stop();
    await settle();
    expect(b.outcome).toBe('released');
    expect((await metrics.expose()).body).toContain(
      'leader_election_master_status{name="muster"} 0',
    );
  });
});
