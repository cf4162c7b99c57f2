// The client against the simulator. What both could get wrong together is held by the fixtures and by the other tests.
import { createSimulator } from '@muster/simulator';
import type { Simulator, SimulatorOptions } from '@muster/simulator';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createActionsClient } from './client.ts';
import type { ActionsClient } from './types.ts';
import type { RunnerScaleSet } from './wire.ts';
import { thrownBy } from './testing/far-side.ts';

interface Rig {
  simulator: Simulator;
  client: ActionsClient;
  set: RunnerScaleSet;
}

async function aRig(options: SimulatorOptions = {}): Promise<Rig> {
  const simulator = createSimulator({ holdMs: 0, ...options });
  const client = createActionsClient({
    configUrl: 'http://127.0.0.1:1/my-org',
    credentials: { kind: 'token', token: 'ghp_personal' },
    userAgent: { version: '0.1.0', subsystem: 'test' },
    fetch: (request) => simulator.fetch(request),
    sleep: () => Promise.resolve(),
  });
  onTestFinished(async () => {
    await client.close();
    simulator.stop();
    expect(simulator.violations()).toEqual([]);
  });
  return { simulator, client, set: await client.createScaleSet({ name: 'set', runnerGroupId: 1 }) };
}

describe('a scale set at the simulator', () => {
  test('is created, found, changed and deleted', async () => {
    const { client, set } = await aRig();
    const again = await thrownBy(() => client.createScaleSet({ name: 'set', runnerGroupId: 1 }));
    expect(again).toMatchObject({ code: 'scale-set-exists' });
    expect(await client.findScaleSet({ name: 'set', runnerGroupId: 1 })).toMatchObject({
      id: set.id,
    });
    expect(await client.findScaleSet({ name: 'other', runnerGroupId: 1 })).toBeUndefined();
    expect(await client.updateScaleSet(set.id, { name: 'new' })).toMatchObject({ name: 'new' });
    expect(await client.getScaleSet(set.id)).toMatchObject({ id: set.id, name: 'new' });
    expect(await client.deleteScaleSet(set.id)).toBe('deleted');
    expect(await client.deleteScaleSet(set.id)).toBe('absent');
    expect(await client.getScaleSet(set.id)).toBeUndefined();
  });

  test('is in a group that is found by its name', async () => {
    const { client, simulator } = await aRig();
    expect(await client.findRunnerGroup('gpu')).toBeUndefined();
    simulator.addRunnerGroup('my-org', 'gpu');
    expect(await client.findRunnerGroup('gpu')).toMatchObject({ name: 'gpu' });
  });
});

describe('a runner at the simulator', () => {
  test('is registered, found and removed', async () => {
    const { client, set } = await aRig();
    const wish = { scaleSetId: set.id, name: 'r', workFolder: '' };
    const made = await client.createJitConfig(wish);
    if (made === 'exists') throw new Error('it is new');
    expect(await client.createJitConfig(wish)).toBe('exists');
    expect(await client.getRunner(made.runner.id)).toMatchObject({ name: 'r' });
    expect(await client.findRunner('r')).toMatchObject({ id: made.runner.id });
    expect(await client.findRunner('s')).toBeUndefined();
    expect(await client.removeRunner(made.runner.id)).toBe('removed');
    expect(await client.getRunner(made.runner.id)).toBeUndefined();
  });

  test('is busy while it has a job', async () => {
    const { client, set, simulator } = await aRig();
    const session = await client.createSession(set.id, 'owner');
    const made = await client.createJitConfig({ scaleSetId: set.id, name: 'r', workFolder: '' });
    if (made === 'exists') throw new Error('it is new');
    simulator.queueJob({ labels: ['set'] });
    await session.poll({ lastMessageId: 0, maxCapacity: 1 });
    const runner = simulator.runners.connect(made.encodedJitConfig);
    runner.start();
    expect(await client.removeRunner(made.runner.id)).toBe('busy');
  });
});

describe('a session at the simulator', () => {
  test('hears a job from its assignment to its end', async () => {
    const { client, set, simulator } = await aRig();
    const session = await client.createSession(set.id, 'owner');
    const poll = (lastMessageId: number) => session.poll({ lastMessageId, maxCapacity: 1 });
    const hear = async (lastMessageId: number) => {
      const message = await poll(lastMessageId);
      if (message === undefined) throw new Error('there is no message');
      return message;
    };
    expect(await poll(0)).toBeUndefined();

    simulator.queueJob({ labels: ['set'], displayName: 'build' });
    const assigned = await hear(0);
    expect(assigned).toMatchObject({ assigned: 1, statistics: { totalAssignedJobs: 1 } });
    expect(await hear(0)).toMatchObject({ id: assigned.id });
    expect(await session.acknowledge(assigned.id)).toBe('acknowledged');
    expect(await session.acquire([1])).toBe('unsupported');

    const made = await client.createJitConfig({ scaleSetId: set.id, name: 'r', workFolder: '' });
    if (made === 'exists') throw new Error('it is new');
    const runner = simulator.runners.connect(made.encodedJitConfig);
    runner.start();
    const started = await hear(assigned.id);
    expect(started.started).toMatchObject([{ jobDisplayName: 'build', runnerName: 'r' }]);
    await session.acknowledge(started.id);

    runner.complete();
    const completed = await hear(started.id);
    expect(completed.completed).toMatchObject([{ jobDisplayName: 'build', runnerName: 'r' }]);
    expect(completed.statistics?.totalAssignedJobs).toBe(0);
  });

  test('acquires the jobs that are offered', async () => {
    const { client, set, simulator } = await aRig({ mode: 'acquire' });
    const session = await client.createSession(set.id, 'owner');
    simulator.queueJob({ labels: ['set'] });
    const offered = await session.poll({ lastMessageId: 0, maxCapacity: 1 });
    const ids = offered?.available.map(({ runnerRequestId }) => runnerRequestId) ?? [];
    expect(ids).toHaveLength(1);
    expect(await session.acquire(ids)).toEqual(ids);
  });

  test('is the only one of its scale set, can be resumed, and ends once', async () => {
    const { client, set } = await aRig();
    const session = await client.createSession(set.id, 'me');
    const error = await thrownBy(() => client.createSession(set.id, 'you'));
    expect(error).toMatchObject({
      code: 'session-conflict',
      message: expect.stringContaining('owner me') as string,
    });
    expect(await client.resumeSession(set.id, session.id)).toMatchObject({ id: session.id });
    await session.close();
    expect(await client.resumeSession(set.id, session.id)).toBeUndefined();
    expect(await client.deleteSession(set.id, session.id)).toBe('absent');
  });

  test('outlives the end of its tokens', async () => {
    let now = Date.parse('2026-11-21T12:00:00Z');
    const simulator = createSimulator({ holdMs: 0, now: () => now });
    const client = createActionsClient({
      configUrl: 'http://127.0.0.1:1/my-org/my-repo',
      credentials: { kind: 'token', token: 'ghp_personal' },
      userAgent: { version: '0.1.0', subsystem: 'test' },
      fetch: (request) => simulator.fetch(request),
      now: () => now,
    });
    const set = await client.createScaleSet({ name: 'set', runnerGroupId: 1 });
    const session = await client.createSession(set.id, 'owner');
    for (let minute = 0; minute < 180; minute += 1) {
      now += 60_000;
      await session.poll({ lastMessageId: 0, maxCapacity: 1 });
    }
    simulator.queueJob({ labels: ['set'], owner: 'my-org', repository: 'my-repo' });
    expect(await session.poll({ lastMessageId: 0, maxCapacity: 1 })).toMatchObject({ assigned: 1 });
    simulator.stop();
  });
});
