// One loop against the simulator and the dev cluster, in process.
import { afterEach, describe, expect, test } from 'vitest';
import { EphemeralRunnerSetKind, LISTENER_ANNOTATIONS } from '@muster/api';
import { settle } from '@muster/kube/testing';
import { createHealth } from './health.ts';
import { AT, makeSet } from './testing/kubernetes.ts';
import { aWorld } from './testing/world.ts';
import type { EphemeralRunnerSet, ListenerStatus } from '@muster/api';
import type { ScaleSetState } from '@muster/simulator';
import type { Health } from './health.ts';
import type { World, WorldOptions } from './testing/world.ts';

let world: World;

async function given(options: WorldOptions = {}): Promise<World> {
  world = await aWorld(options);
  return world;
}

afterEach(() => world.end());

/** Lets everything in process come to rest; no time passes. */
const rest = (): Promise<void> => settle(300);

async function rested(): Promise<EphemeralRunnerSet> {
  await rest();
  return world.set();
}

const wish = ({ spec }: EphemeralRunnerSet): [number, number] => [spec.replicas ?? 0, spec.patchID];

const wished = (replicas: number, stepMs = 1): Promise<EphemeralRunnerSet> =>
  world.untilSet(({ spec }) => spec.replicas === replicas, stepMs);

const listening = (): Promise<ListenerStatus> => world.untilState('listening');

const atService = (): ScaleSetState => {
  const [set] = world.simulator.state().scaleSets;
  if (set === undefined) throw new Error('the scale set is gone');
  return set;
};

const nothingUndeleted = (): Promise<true> =>
  world.until(() => (atService().undeletedMessages === 0 ? true : undefined), 100);

describe('what it hears becomes a wish', () => {
  test('L2: the statistics of its session are recorded and wished for before any poll', async () => {
    await given();
    world.aJob();
    world.aJob();
    const { process } = world.start();
    // The poll that assigns the jobs comes after the first, converging patch.
    const set = await wished(2);
    expect(wish(set)).toEqual([2, 1]);
    const patched = process.requests.findIndex((asked) =>
      asked.endsWith('/ephemeralrunnersets/linux'),
    );
    const polled = process.requests.findIndex((asked) =>
      asked.startsWith('GET /scalesets/message'),
    );
    expect(patched).toBeGreaterThan(-1);
    expect(polled).toBeGreaterThan(-1);
    expect(await world.metrics.text()).toMatch(/gha_assigned_jobs\{.*\} 2/);
  });

  test('more jobs, more runners, up to the maximum', async () => {
    await given();
    world.start();
    await listening();
    expect(wish(await rested())).toEqual([0, 0]);
    for (let i = 0; i < 7; i++) world.aJob();
    expect((await wished(5)).spec.patchID).toBeGreaterThan(0);
  });

  test('the runner of a started job is told of it, and the set of one whose job is over', async () => {
    await given();
    await world.makeRunner('linux-runner-a');
    world.start();
    await listening();
    world.aJob();
    await wished(1);
    const complete = await world.runJob('linux-runner-a');
    const status = await world.until(async () => {
      const told = await world.runnerStatus('linux-runner-a');
      return told.jobId === undefined ? undefined : told;
    });
    expect(status).toMatchObject({ jobRepositoryName: 'my-org/my-repo', workflowRunId: 1 });
    complete();
    const set = await world.untilSet(({ spec }) => (spec.finishedRunners ?? []).length > 0);
    expect(set.spec).toMatchObject({ replicas: 0, finishedRunners: ['linux-runner-a'] });
    const text = await world.metrics.text();
    expect(text).toMatch(/gha_started_jobs_total\{.*\} 1/);
    expect(text).toMatch(/gha_completed_jobs_total\{.*job_result="succeeded"\} 1/);
    expect(text).toMatch(/muster_listener_job_queued_to_wish_seconds_count\{.*\} 1/);
  });

  test('a few seconds after the last event one patch converges', async () => {
    await given();
    world.start();
    await listening();
    world.aJob();
    expect(wish(await wished(1, 0))).toEqual([1, 1]);
    world.clock.advance(2_999);
    expect(wish(await rested())).toEqual([1, 1]);
    world.clock.advance(1);
    const set = await world.untilSet(({ spec }) => spec.patchID === 0, 0);
    expect(wish(set)).toEqual([1, 0]);
  });

  test('what it cannot read of a message is told, and the rest counts', async () => {
    await given();
    world.start();
    await listening();
    world.simulator.faults.add({
      call: 'get-message',
      times: 5,
      effect: { do: 'unknown-message' },
    });
    world.aJob();
    await wished(1, 100);
    world.aJob();
    await wished(2, 100);
    await world.logged('could not read all of a message');
  });

  test('jobs on offer are asked for where the service does not assign by itself', async () => {
    await given({ mode: 'acquire' });
    world.start();
    world.aJob();
    world.aJob();
    await wished(2, 10);
    await nothingUndeleted();
    expect(atService().statistics).toMatchObject({ totalAvailableJobs: 0, totalAssignedJobs: 2 });
    expect(world.simulator.violations()).toEqual([]);
  });

  test('a message that comes again although it was acknowledged counts once', async () => {
    await given();
    await world.makeRunner('linux-runner-a');
    world.start();
    await listening();
    const forgets = world.simulator.faults.add({
      call: 'delete-message',
      times: 99,
      effect: { do: 'forget', status: 204 },
    });
    world.aJob();
    await wished(1);
    await world.runJob('linux-runner-a');
    await world.until(async () => (await world.runnerStatus('linux-runner-a')).jobId);
    // A new session is told everything again.
    const { sessionId = '' } = (await world.set()).status?.listener ?? {};
    await world.actions.deleteSession(world.scaleSet.scaleSetId, sessionId);
    await world.until(async () => {
      const told = (await world.set()).status?.listener;
      return told?.state === 'listening' && told.sessionId !== sessionId ? true : undefined;
    }, 100);
    await rest();
    world.simulator.faults.remove(forgets.id);
    expect(await world.metrics.text()).toMatch(/gha_started_jobs_total\{.*\} 1/);
  });
});

describe("with ARC's config file", () => {
  test('the patches are those of ARC, byte for byte (reference/protocol.md 7.4)', async () => {
    await given({ hasArcsFile: true });
    world.start();
    await world.until(() => world.patches[0]);
    world.aJob();
    await wished(1);
    const empty = '{"spec":{"patchID":0,"replicas":null}}';
    expect(world.patches[0]).toBe(empty);
    const numbers = world.patches.map((body) =>
      /^\{"spec":\{"patchID":(\d+),"replicas":(?:null|1)\}\}$/.exec(body),
    );
    expect(numbers.every((found) => found !== null)).toBe(true);
    expect(world.patches.at(-1)).toContain('"replicas":1');
  });

  test('each empty poll is a patch too', async () => {
    await given({ hasArcsFile: true, holdMs: 0 });
    world.start();
    await world.until(() => (world.patches.length > 3 ? true : undefined), 100);
    // At the minimum with nothing new: this is the truth.
    expect(world.patches.slice(1).every((body) => body.includes('"patchID":0'))).toBe(true);
  });
});

describe.each([
  ["ARC's role", ['role']],
  ["ARC's CRD", ['crd']],
  ['both', ['role', 'crd']],
] as const)('with %s', (_name, arc) => {
  test('it goes on without a record', async () => {
    await given({ arc });
    await world.makeRunner('linux-runner-a');
    world.start();
    await world.logged('goes on without a word in the status of its set', 1);
    world.aJob();
    await wished(1);
    await world.runJob('linux-runner-a');
    await world.until(async () => (await world.runnerStatus('linux-runner-a')).jobId);
    await nothingUndeleted();
    const asked = world.asked.filter((one) => one.endsWith('/ephemeralrunnersets/linux/status'));
    await rest();
    // Once, and again only after a while.
    expect(asked.length).toBeLessThanOrEqual(2);
    expect((await world.set()).status?.listener).toBeUndefined();
  });
});

test('its rights: it patches its set, its status and the status of runners, and nothing else', async () => {
  await given();
  await world.makeRunner('linux-runner-a');
  world.start();
  await listening();
  world.aJob();
  await wished(1);
  await world.runJob('linux-runner-a');
  await world.until(async () => (await world.runnerStatus('linux-runner-a')).jobId);
  const at = '/apis/actions.github.com/v1alpha1/namespaces/runners';
  expect([...new Set(world.asked)].sort()).toEqual([
    `PATCH ${at}/ephemeralrunners/linux-runner-a/status`,
    `PATCH ${at}/ephemeralrunnersets/linux`,
    `PATCH ${at}/ephemeralrunnersets/linux/status`,
  ]);
});

test('an idle set asks Kubernetes nothing', async () => {
  await given();
  world.start();
  await listening();
  await rest();
  const before = world.asked.length;
  for (let polls = 0; polls < 5; polls += 1) {
    world.clock.advance(50_000);
    await rest();
  }
  expect(world.asked.slice(before)).toEqual([]);
});

test('a set with work is looked at every five seconds, however often polls end', async () => {
  await given({ holdMs: 0 });
  world.start();
  await listening();
  world.aJob();
  await wished(1);
  await world.untilSet(({ spec }) => spec.patchID === 0, 100);
  await rest();
  const before = world.asked.length;
  for (let seconds = 0; seconds < 20; seconds += 1) {
    world.clock.advance(1_000);
    await rest();
  }
  const looks = world.asked.slice(before);
  expect(new Set(looks).size).toBe(1);
  expect(looks.length).toBeGreaterThanOrEqual(3);
  expect(looks.length).toBeLessThanOrEqual(5);
});

describe('while Kubernetes is away', () => {
  test('nothing is acknowledged before it is written, and nothing is forgotten', async () => {
    await given();
    await world.makeRunner('linux-runner-a');
    world.start();
    await listening();
    world.away.kubernetes = true;
    world.aJob();
    await world.logged('could not write; keeping it');
    await world.runJob('linux-runner-a');
    world.aJob();
    // It goes on hearing.
    await world.until(() => (atService().statistics.totalAssignedJobs === 2 ? true : undefined));
    await rest();
    expect(world.deleted).toEqual([]);
    expect(await world.metrics.text()).toMatch(/state="kubernetes-away"\} 1/);
    world.away.kubernetes = false;
    await wished(2, 100);
    await nothingUndeleted();
    expect((await world.runnerStatus('linux-runner-a')).jobId).toBeDefined();
    await world.untilState('listening', 100);
    expect(world.simulator.violations()).toEqual([]);
  });

  test.each([
    { name: 'writes and acknowledges what it heard', isBack: true, wishes: 1, left: 0 },
    {
      name: 'ends all the same, and what it heard is told to its successor',
      isBack: false,
      wishes: 0,
      left: 1,
    },
  ])('told to stop, it $name', async ({ isBack, wishes, left }) => {
    await given();
    const { stop, ended } = world.start();
    await listening();
    await rest();
    world.away.kubernetes = true;
    world.aJob();
    await world.logged('could not write; keeping it');
    const from = world.clock.elapsed();
    stop();
    await rest();
    world.away.kubernetes = !isBack;
    let outcome: string | undefined;
    void ended.then((how) => {
      outcome = how;
    });
    expect(await world.until(() => outcome, 100)).toBe('stopped');
    expect(world.clock.elapsed() - from).toBeLessThan(20_000);
    expect((await world.set()).spec.replicas).toBe(wishes);
    expect(atService().undeletedMessages).toBe(left);
    expect(atService().session).toBeUndefined();
  });

  test('an old wish does not undo that of the process which took its place meanwhile', async () => {
    await given();
    const first = world.start();
    await listening();
    world.away.kubernetes = true;
    world.aJob();
    await world.logged('could not write; keeping it');
    world.away.kubernetes = false;
    await world.record({ instance: 'second', sessionId: 'x', state: 'listening' });
    await world.kube.patch(EphemeralRunnerSetKind, AT, { spec: { replicas: 4, patchID: 9 } });
    let outcome: string | undefined;
    void first.ended.then((how) => {
      outcome = how;
    });
    expect(await world.until(() => outcome, 100)).toBe('replaced');
    expect(wish(await world.set())).toEqual([4, 9]);
  });
});

describe('a set that does not hold the wish', () => {
  test('because it was made anew is told again', async () => {
    await given();
    world.start();
    await listening();
    world.aJob();
    await wished(1);
    await world.kube.delete(EphemeralRunnerSetKind, AT);
    await makeSet(world.kube, AT.name);
    await wished(1, 100);
    await world.untilState('listening');
  });

  test('because it is gone is waited for', async () => {
    await given();
    world.start();
    await listening();
    await world.kube.delete(EphemeralRunnerSetKind, AT);
    world.aJob();
    await world.logged('is set-gone');
    await makeSet(world.kube, AT.name);
    await wished(1, 100);
    await world.untilState('listening', 100);
    await nothingUndeleted();
  });
});

describe('capacity', () => {
  const advertised = (jobs: number): Promise<true> =>
    world.until(() => (atService().capacity === jobs ? true : undefined), 100);
  const block = async (blocked: object | null): Promise<void> => {
    await world.kube.patchStatus(EphemeralRunnerSetKind, AT, { status: { blocked } });
  };
  const since = '2026-01-01T00:00:00Z';

  test('follows what the cluster has room for, and comes back', async () => {
    await given();
    world.start();
    await advertised(5);
    world.aJob();
    await wished(1);
    await block({ reason: 'QuotaExceeded', since });
    await advertised(1);
    await advertised(2);
    await block({ reason: 'Outdated', since, capacity: 0 });
    await advertised(0);
    await block(null);
    await advertised(5);
  });

  test('is the maximum where an annotation says so', async () => {
    await given();
    const annotations = { [LISTENER_ANNOTATIONS.capacity]: 'full' };
    await world.kube.patch(EphemeralRunnerSetKind, AT, { metadata: { annotations } });
    await block({ reason: 'QuotaExceeded', since });
    world.start();
    world.aJob();
    await wished(1);
    await rest();
    expect(atService().capacity).toBe(5);
  });
});

describe('statistics', () => {
  test('that a session lacks are asked for, and nothing is wished before', async () => {
    await given();
    world.simulator.faults.add({ call: 'create-session', effect: { do: 'null-statistics' } });
    await world.kube.patch(EphemeralRunnerSetKind, AT, { spec: { replicas: 3, patchID: 7 } });
    const { process } = world.start();
    expect((await wished(0)).spec.patchID).toBe(0);
    const asked = process.requests.findIndex((one) => one.startsWith('PATCH /tenant/'));
    const told = process.requests.findIndex((one) => one.endsWith('/ephemeralrunnersets/linux'));
    // The first such patch is the empty one that reads.
    expect(told).toBeLessThan(asked);
    expect(world.patches).toHaveLength(1);
  });

  test('of all zeros beside an assigned job are asked for anew', async () => {
    await given({ holdMs: 600_000 });
    world.start();
    await listening();
    await rest();
    world.simulator.faults.add({
      call: 'get-message',
      times: 1,
      effect: { do: 'zero-statistics' },
    });
    // The poll under way was asked before the fault.
    world.aJob();
    await wished(1);
    world.aJob();
    await wished(2);
    expect(atService().statistics.totalAssignedJobs).toBe(2);
  });

  test('of jobs that never start although runners wait are told, and by annotation ignored', async () => {
    await given();
    const annotations = { [LISTENER_ANNOTATIONS.phantomJobs]: 'ignore' };
    await world.kube.patch(EphemeralRunnerSetKind, AT, { metadata: { annotations } });
    world.phantoms = 1;
    world.start();
    await wished(1);
    await world.logged('assigned jobs do not start although runners wait for them', 1_000);
    expect(await world.metrics.text()).toMatch(/muster_listener_phantom_jobs_found_total\{.*\} 1/);
    // The service is asked to count anew, once.
    await world.logged('makes its session anew: the service may be counting jobs that are gone');
    await wished(0, 1_000);
    world.phantoms = 0;
    world.aJob();
    await wished(1, 1_000);
  });
});

test('jobs that never start have runners all the same where no annotation says otherwise, and are told once', async () => {
  await given({ holdMs: 0 });
  world.phantoms = 1;
  world.start();
  await wished(1);
  const told = (): number =>
    world.log.lines.filter(
      ({ message }) => message === 'assigned jobs do not start although runners wait for them',
    ).length;
  // Once with its first session, and once with the one that it made anew for this.
  await world.until(() => (told() === 2 ? true : undefined), 5_000);
  const from = world.clock.elapsed();
  await world.until(() => (world.clock.elapsed() - from > 60_000 ? true : undefined), 5_000);
  expect(told()).toBe(2);
  expect((await world.set()).spec.replicas).toBe(1);
});

describe('its session', () => {
  test('that was forgotten in a long outage is made anew as soon as the service is back', async () => {
    await given();
    world.start();
    const { sessionId = '' } = await listening();
    world.simulator.faults.add({ call: 'get-message', times: 1_000, effect: { do: 'drop' } });
    await world.untilState('unreachable', 100);
    // So many failures that it waits for half a minute after each.
    for (let minutes = 0; minutes < 10; minutes += 1) {
      world.clock.advance(60_000);
      await rest();
    }
    world.simulator.faults.clear();
    await world.actions.deleteSession(world.scaleSet.scaleSetId, sessionId);
    await world.untilState('session-lost', 1_000);
    const heardAt = world.clock.elapsed();
    await world.untilState('listening');
    expect(world.clock.elapsed() - heardAt).toBeLessThan(1_000);
  });

  test('is polled from its first message: where it was made, ids may begin anew', async () => {
    await given();
    world.start();
    const { sessionId = '' } = await listening();
    world.aJob();
    await wished(1);
    await nothingUndeleted();
    const cursors: (string | null)[] = [];
    world.onDone = ({ method, url }) => {
      if (method === 'POST' && url.includes('/sessions')) cursors.length = 0;
      const { pathname, searchParams } = new URL(url);
      if (method === 'GET' && pathname.startsWith('/scalesets/message')) {
        cursors.push(searchParams.get('lastMessageId'));
      }
    };
    await world.until(() => (cursors.length > 0 ? true : undefined), 100);
    expect(cursors[0]).not.toBeNull();
    await world.actions.deleteSession(world.scaleSet.scaleSetId, sessionId);
    await world.untilSet(
      ({ status }) =>
        status?.listener?.sessionId !== sessionId && status?.listener?.state === 'listening',
      100,
    );
    await world.until(() => (cursors.length > 0 ? true : undefined), 100);
    expect(cursors[0]).toBeNull();
  });

  test('that polls again has no failures to its name: the next is answered as the first was', async () => {
    await given();
    world.start();
    await listening();
    const failed = (): unknown[] =>
      world.log.lines
        .filter(({ message }) => message === 'could not hear of jobs; trying again')
        .map(({ fields }) => fields['waitMs']);
    for (const times of [1, 2, 3]) {
      world.simulator.faults.add({
        call: 'get-message',
        times: 1,
        effect: { do: 'answer', status: 503 },
      });
      await world.until(() => (failed().length === times ? true : undefined), 100);
      await listening();
    }
    expect(failed()).toEqual([250, 250, 250]);
  });

  test('is recorded, and ended when it stops', async () => {
    await given();
    const { stop, ended } = world.start();
    expect(await listening()).toMatchObject({ instance: 'first', reason: 'a new session' });
    // The converging patch is due later.
    world.aJob();
    await wished(1);
    stop();
    expect(await ended).toBe('stopped');
    expect(world.clock.untilNext()).toBeUndefined();
    expect(await world.untilState('stopped')).toMatchObject({ instance: 'first' });
    // Were it still open, this would conflict.
    await world.actions.createSession(world.scaleSet.scaleSetId, 'another');
  });

  test('L3: told to stop in the middle of a poll that brings a message, it finishes the message', async () => {
    await given({ holdMs: 600_000 });
    const { stop, ended } = world.start();
    await listening();
    await rest();
    world.aJob();
    await world.until(() => (world.deleted.length > 0 ? true : undefined));
    world.aJob();
    stop();
    expect(await ended).toBe('stopped');
    const { statistics, undeletedMessages } = atService();
    const { spec } = await world.set();
    // Either it was taken, and is written and acknowledged; or it waits for the next session.
    const isTaken = undeletedMessages === 0;
    expect(spec.replicas).toBe(isTaken ? statistics.totalAssignedJobs : 1);
  });

  test('that is being made when it is told to stop is ended, and is in nobody’s way', async () => {
    await given();
    const first = world.start();
    world.onDone = ({ method, url }) => {
      if (method === 'POST' && url.includes('/sessions')) first.stop();
    };
    expect(await first.ended).toBe('stopped');
    expect(atService().session).toBeUndefined();
  });

  test('that is never answered does not keep it when it is told to stop', async () => {
    await given();
    world.simulator.faults.add({ call: 'create-session', effect: { do: 'hang' } });
    const first = world.start();
    await rest();
    first.stop();
    let outcome: string | undefined;
    void first.ended.then((how) => {
      outcome = how;
    });
    const before = world.clock.elapsed();
    expect(await world.until(() => outcome, 100)).toBe('stopped');
    expect(world.clock.elapsed() - before).toBeLessThan(10_000);
  });

  test('that a killed process left is gone on with', async () => {
    await given();
    const first = world.start();
    const left = await listening();
    first.process.kill();
    world.start({ instance: 'second' });
    const set = await world.untilSet(({ status }) => status?.listener?.instance === 'second');
    expect(set.status?.listener).toMatchObject({
      sessionId: left.sessionId,
      reason: 'the session of its predecessor',
    });
  });

  describe('that a killed process left is found by its successor, not waited for', () => {
    // Far below the 75 s after which the service forgets it.
    const SOON_MS = 20_000;
    let left: ListenerStatus;

    const killed = async (): Promise<void> => {
      await given();
      const { process } = world.start();
      left = await listening();
      process.kill();
    };
    const goesOnWithIt = async (instance: string): Promise<void> => {
      const from = world.clock.elapsed();
      const set = await world.untilSet(
        ({ status }) =>
          status?.listener?.instance === instance && status.listener.state === 'listening',
        100,
      );
      expect(set.status?.listener?.sessionId).toBe(left.sessionId);
      expect(world.clock.elapsed() - from).toBeLessThan(SOON_MS);
    };

    test('which GitHub refused at first', async () => {
      await killed();
      world.simulator.faults.add({
        call: 'refresh-session',
        times: 2,
        effect: { do: 'answer', status: 403 },
      });
      world.start({ instance: 'second' });
      await world.untilState('unauthorized');
      await goesOnWithIt('second');
    });

    test('which was told to stop while GitHub refused it, and had one of its own', async () => {
      await killed();
      const refusal = world.simulator.faults.add({
        call: 'refresh-session',
        times: 99,
        effect: { do: 'answer', status: 403 },
      });
      const second = world.start({ instance: 'second' });
      await world.untilState('unauthorized');
      second.stop();
      await second.ended;
      expect(await world.untilState('stopped')).toMatchObject({ sessionId: left.sessionId });
      world.simulator.faults.remove(refusal.id);
      world.start({ instance: 'third' });
      await goesOnWithIt('third');
    });

    test.each([404, 405])('which could not go on with it (%i), and ended it', async (status) => {
      await killed();
      world.simulator.faults.add({
        call: 'refresh-session',
        times: 1,
        effect: { do: 'answer', status },
      });
      const from = world.clock.elapsed();
      world.start({ instance: 'second' });
      const set = await world.untilSet(({ status }) => status?.listener?.instance === 'second');
      expect(set.status?.listener).toMatchObject({ state: 'listening', reason: 'a new session' });
      expect(world.clock.elapsed() - from).toBeLessThan(SOON_MS);
    });

    test('which could not see the record at first', async () => {
      await killed();
      world.away.kubernetes = true;
      world.start({ instance: 'second' });
      await world.logged('is session-taken');
      world.away.kubernetes = false;
      await goesOnWithIt('second');
    });
  });

  test.each([
    { name: 'with its successor', isFirstKilled: true },
    { name: 'by itself', isFirstKilled: false },
  ])('that it lost, but that lives on, is in nobody’s way: $name', async ({ isFirstKilled }) => {
    await given();
    const { process } = world.start();
    const { sessionId } = await listening();
    for (const [call, status] of [
      ['get-message', 401],
      ['refresh-session', 404],
    ] as const) {
      world.simulator.faults.add({ call, effect: { do: 'answer', status } });
    }
    world.aJob();
    expect(await world.untilState('session-lost')).toMatchObject({ sessionId });
    if (isFirstKilled) {
      process.kill();
      world.start({ instance: 'second' });
    }
    const from = world.clock.elapsed();
    await listening();
    expect(world.clock.elapsed() - from).toBeLessThan(5_000);
  });

  test('that it could not end when it was told to stop is left to its successor', async () => {
    await given();
    const first = world.start();
    const { sessionId } = await listening();
    world.simulator.faults.add({
      call: 'delete-session',
      times: 9,
      effect: { do: 'answer', status: 500 },
    });
    first.stop();
    await first.ended;
    expect(await world.untilState('stopped')).toMatchObject({ sessionId });
    world.start({ instance: 'second' });
    expect(await listening()).toMatchObject({ sessionId });
  });

  test('that it ended when it was told to stop is recorded no longer', async () => {
    await given();
    const { stop, ended } = world.start();
    await listening();
    stop();
    await ended;
    expect((await world.untilState('stopped')).sessionId).toBeUndefined();
  });

  test('is never fought for: of two processes the older one ends, and the younger stays', async () => {
    // Both polls are held at any time, so both hear of each job.
    await given({ holdMs: 600_000 });
    const first = world.start();
    await listening();
    const second = world.start({ instance: 'second' });
    await world.untilSet(({ status }) => status?.listener?.instance === 'second');
    world.aJob();
    let outcome: string | undefined;
    void first.ended.then((how) => {
      outcome = how;
    });
    expect(await world.until(() => outcome, 100)).toBe('replaced');
    world.aJob();
    await wished(2, 10);
    await nothingUndeleted();
    second.stop();
    expect(await second.ended).toBe('stopped');
    expect(world.simulator.violations()).toEqual([]);
  });

  test('of a stranger is reported, with its owner, and waited for', async () => {
    await given();
    const stranger = await world.actions.createSession(world.scaleSet.scaleSetId, 'stranger');
    world.start();
    const waiting = await world.untilState('session-taken');
    expect(waiting.reason).toContain('stranger');
    expect(Date.parse(waiting.since ?? '')).toBeGreaterThan(0);
    await stranger.close();
    await world.untilState('listening', 100);
  });

  test('that the service forgot is made anew', async () => {
    await given();
    world.start();
    const { sessionId = '' } = await listening();
    await world.actions.deleteSession(world.scaleSet.scaleSetId, sessionId);
    await world.untilSet(
      ({ status }) =>
        status?.listener?.sessionId !== sessionId && status?.listener?.state === 'listening',
      100,
    );
  });

  test('is left to the process that is recorded in its place', async () => {
    await given();
    const first = world.start();
    const { sessionId = '' } = await listening();
    await world.record({ instance: 'second', sessionId });
    await world.actions.deleteSession(world.scaleSet.scaleSetId, sessionId);
    await world.logged('another process listens in its place');
    expect(await first.ended).toBe('replaced');
    expect((await world.set()).status?.listener?.instance).toBe('second');
  });
});

describe('its health', () => {
  let health: Health;

  const wellFor = async (seconds: number): Promise<void> => {
    for (let passed = 0; passed < seconds; passed += 10) {
      world.clock.advance(10_000);
      await rest();
      expect(health.healthy().body).toBe('ok\n');
    }
  };
  const watched = async (): Promise<void> => {
    await given({ holdMs: 0 });
    health = createHealth(() => world.clock.elapsed());
    world.start({ watch: health.watch('linux') });
    await listening();
  };

  test('is good for as long as polls end', async () => {
    await watched();
    await wellFor(400);
  });

  test('is good while GitHub asks it to wait', async () => {
    await watched();
    world.simulator.faults.add({
      call: 'get-message',
      times: 1,
      effect: { do: 'answer', status: 429, retryAfterSeconds: 600 },
    });
    await world.untilState('rate-limited', 100);
    await wellFor(400);
  });
});

describe('the clock leaps', () => {
  test.each([-3_600_000, 3_600_000])(
    'by %i ms, and it converges as soon as ever',
    async (leapMs) => {
      await given();
      world.start();
      await listening();
      world.aJob();
      expect(wish(await wished(1, 0))).toEqual([1, 1]);
      world.leap(leapMs);
      world.clock.advance(3_000);
      const set = await world.untilSet(({ spec }) => spec.patchID === 0, 0);
      expect(wish(set)).toEqual([1, 0]);
    },
  );
});
