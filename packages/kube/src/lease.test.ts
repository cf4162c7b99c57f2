import { describe, expect, onTestFinished, test } from 'vitest';
import { KubeError } from './errors.ts';
import { ConfigMapKind } from './kinds.ts';
import { createLease } from './lease.ts';
import { createMetrics } from './metrics.ts';
import { aCluster, aConfigMap } from './testing/cluster.ts';
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

  test.each([
    { name: 'stood still', jump: { now: 10_000, elapsed: 10_000 } },
    {
      name: "stood still where the machine's own clock did too",
      jump: { now: 10_000, elapsed: 0 },
    },
    { name: 'had its wall clock set back meanwhile', jump: { now: -3_600_000, elapsed: 10_000 } },
  ])('a holder that $name knows at once that it may not act', async ({ jump }) => {
    const { clock, candidate } = aWorld();
    const passed = { now: 0, elapsed: 0 };
    const own = {
      ...clock,
      now: () => clock.now() + passed.now,
      elapsed: () => clock.elapsed() + passed.elapsed,
    };
    const a = candidate('a', { clock: own });
    await pass(clock, 5);
    expect(a.lease.holding).toBe(true);
    // No timer has run yet, as in a process that was stopped or whose event loop was blocked.
    Object.assign(passed, jump);
    expect(a.lease.holding).toBe(false);
  });

  test('a holder that stood still and finds its lease untouched leads on', async () => {
    const { clock, candidate } = aWorld();
    const a = candidate('a');
    await pass(clock, 5);
    clock.advance(11_000);
    expect([a.lease.holding, a.leads]).toEqual([false, true]);
    await pass(clock, 3);
    expect([a.lease.holding, a.leads, a.outcome]).toEqual([true, true, undefined]);
  });

  test.each([
    { name: 'taken', holderIdentity: 'b' },
    { name: 'taken and let go again', holderIdentity: '' },
  ])(
    'a holder that stood still and finds its lease $name ends, without a further act',
    async (other) => {
      const { clock, client, candidate } = aWorld();
      const a = candidate('a');
      await pass(clock, 5);
      const { holderIdentity } = other;
      await client.patch(LeaseKind, at, { spec: { holderIdentity } });
      clock.advance(11_000);
      expect(a.lease.holding).toBe(false);
      await pass(clock, 1);
      expect([a.lease.holding, a.outcome, a.leads]).toEqual([false, 'lost', false]);
    },
  );

  test('a candidate whose clocks jump does not take what is renewed', async () => {
    const { clock, candidate } = aWorld();
    const a = candidate('a');
    await pass(clock, 2);
    let ahead = 0;
    const b = candidate('b', { clock: { ...clock, now: () => clock.now() + ahead } });
    await pass(clock, 3);
    ahead = 86_400_000;
    await pass(clock, 30);
    expect([a.leads, b.leads]).toEqual([true, false]);
  });

  test('what the holder promised counts, not what the candidate would', async () => {
    const { clock, client, candidate } = aWorld();
    await client.create(LeaseKind, {
      apiVersion: LeaseKind.apiVersion,
      kind: LeaseKind.kind,
      metadata: at,
      spec: {
        holderIdentity: 'older version',
        leaseDurationSeconds: 60,
        leaseTransitions: 3,
        renewTime: '2026-01-01T00:00:00.000000Z',
      },
    });
    const b = candidate('b');
    await pass(clock, 59);
    expect(b.leads).toBe(false);
    await pass(clock, 5);
    expect(b.leads).toBe(true);
  });

  test('its fenced client refuses a write once the lease may have passed on', async () => {
    const { clock, client, candidate } = aWorld();
    const line = cuttable(client);
    const a = candidate('a', { client: line.client });
    const fenced = client.fenced(() => a.lease.holding);
    await pass(clock, 3);
    await fenced.create(ConfigMapKind, aConfigMap('one'));
    line.cut = true;
    await pass(clock, 11);
    await expect(fenced.create(ConfigMapKind, aConfigMap('two'))).rejects.toMatchObject({
      code: 'not-leading',
    });
  });

  test('a renewal is one write, and no read', async () => {
    const { clock, client, candidate } = aWorld();
    const calls: string[] = [];
    const counting: KubeClient = {
      ...client,
      get: (...call) => {
        calls.push('get');
        return client.get(...call);
      },
      patch: (...call) => {
        calls.push('patch');
        return client.patch(...call);
      },
    };
    candidate('a', { client: counting });
    await pass(clock, 1);
    calls.length = 0;
    await pass(clock, 20);
    expect(new Set(calls)).toEqual(new Set(['patch']));
    expect(calls.length).toBeGreaterThanOrEqual(9);
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

  test('is released though the last renewal is still on its way', async () => {
    const { clock, client, candidate } = aWorld();
    let answer = (): void => undefined;
    let isHeldUp = false;
    const slow: KubeClient = {
      ...client,
      patch: async (...call) => {
        const patched = await client.patch(...call);
        if (!isHeldUp) return patched;
        isHeldUp = false;
        await new Promise<void>((_resolve, reject) => {
          answer = () => {
            reject(new KubeError('aborted', 'aborted'));
          };
        });
        return patched;
      },
    };
    const a = candidate('a', { client: slow });
    await pass(clock, 5);
    isHeldUp = true;
    await pass(clock, 3);
    a.stop();
    await settle();
    answer();
    await settle();
    expect(a.outcome).toBe('released');
    expect((await client.get(LeaseKind, at))?.spec.holderIdentity ?? '').toBe('');
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
