import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EphemeralRunnerKind } from '@muster/api';
import { settle as turns } from '@muster/kube/testing';
import { aWorld } from './testing/world.ts';
import type { EphemeralRunnerSet, EphemeralRunnerStatus, ListenerStatus } from '@muster/api';
import type { World } from './testing/world.ts';

let world: World;

/** Keys are made and tokens signed in other threads, so a number of turns would not do. */
async function until(
  isSo: (set: EphemeralRunnerSet) => boolean,
  stepMs = 1,
): Promise<EphemeralRunnerSet> {
  for (let tries = 0; tries < 2_000; tries++) {
    const set = await world.set();
    if (isSo(set)) return set;
    await turns(1);
    world.clock.advance(stepMs);
  }
  throw new Error(`it never came to hold: ${isSo.toString()}`);
}

/** As `until`, for when Kubernetes cannot be asked. */
async function logged(text: string): Promise<void> {
  for (let tries = 0; tries < 2_000; tries++) {
    if (world.log.lines.some(({ message }) => message === text)) return;
    await turns(1);
    world.clock.advance(100);
  }
  throw new Error(`it was never logged: ${text}`);
}

const listening = (): Promise<EphemeralRunnerSet> =>
  until(({ status }) => status?.listener?.state === 'listening');

const settle = (): Promise<void> => turns(300);

beforeEach(async () => {
  world = await aWorld();
});

afterEach(async () => {
  world.away.kubernetes = false;
  await world.end();
});

/** Lets everything in process come to rest, then looks at the set. */
async function rested(): Promise<EphemeralRunnerSet> {
  await settle();
  return world.set();
}

const wish = ({ spec }: EphemeralRunnerSet): [number, number] => [spec.replicas ?? 0, spec.patchID];

const aJob = (): void => {
  world.simulator.queueJob({ labels: ['linux'] });
};

/** A runner without a process takes the oldest assigned job. */
async function runJob(name: string): Promise<() => void> {
  const jit = await world.actions.createJitConfig({
    scaleSetId: world.scaleSet.scaleSetId,
    name,
    workFolder: '',
  });
  if (jit === 'exists') throw new Error(`${name} is known already`);
  const runner = world.simulator.runners.connect(jit.encodedJitConfig);
  runner.start();
  return () => {
    runner.complete({ result: 'succeeded' });
  };
}

/** The runner's status once the listener has told it of its job. */
async function recordedJob(name: string): Promise<EphemeralRunnerStatus | undefined> {
  let status: EphemeralRunnerStatus | undefined;
  for (let tries = 0; tries < 2_000 && status?.jobId === undefined; tries++) {
    status = (await world.kube.get(EphemeralRunnerKind, { namespace: 'runners', name }))?.status;
    await turns(1);
  }
  return status;
}

describe('what it hears becomes a wish', () => {
  test('jobs that were assigned before it came are in its first, converging patch', async () => {
    aJob();
    aJob();
    world.start();
    expect(wish(await until(({ spec }) => spec.replicas === 2))).toEqual([2, 1]);
  });

  test('more jobs, more runners, up to the maximum', async () => {
    world.start();
    expect(wish(await listening())).toEqual([0, 0]);
    for (let i = 0; i < 7; i++) aJob();
    const set = await until(({ spec }) => spec.replicas === 5);
    expect(set.spec.patchID).toBeGreaterThan(0);
  });

  test('the runner of a started job is told of it, and the set of one whose job is over', async () => {
    await world.makeRunner('linux-runner-a');
    world.start();
    await listening();
    aJob();
    await until(({ spec }) => spec.replicas === 1);
    const complete = await runJob('linux-runner-a');
    const status = await recordedJob('linux-runner-a');
    expect(status).toMatchObject({ jobRepositoryName: 'my-org/my-repo', workflowRunId: 1 });
    expect(status?.jobId).toMatch(/^[0-9a-f-]{36}$/);
    complete();
    const set = await until(({ spec }) => (spec.finishedRunners ?? []).length > 0);
    expect(set.spec).toMatchObject({ replicas: 0, finishedRunners: ['linux-runner-a'] });
  });

  test('a few seconds after the last event one patch converges', async () => {
    world.start();
    await listening();
    aJob();
    expect(wish(await until(({ spec }) => spec.replicas === 1, 0))).toEqual([1, 1]);
    world.clock.advance(2_999);
    expect(wish(await rested())).toEqual([1, 1]);
    world.clock.advance(1);
    expect(wish(await until(({ spec }) => spec.patchID === 0, 0))).toEqual([1, 0]);
  });

  test('what it cannot read of a message is told, and the rest counts', async () => {
    world.start();
    await listening();
    world.simulator.faults.add({ call: 'get-message', effect: { do: 'unknown-message' } });
    // The poll under way was asked before the fault, and takes the first.
    aJob();
    await until(({ spec }) => spec.replicas === 1, 100);
    aJob();
    await until(({ spec }) => spec.replicas === 2, 100);
    expect(world.log.lines).toContainEqual(
      expect.objectContaining({ message: 'could not read all of a message' }),
    );
  });

  test('its metrics count it', async () => {
    await world.makeRunner('linux-runner-a');
    world.start();
    await listening();
    aJob();
    await until(({ spec }) => spec.replicas === 1);
    const complete = await runJob('linux-runner-a');
    await recordedJob('linux-runner-a');
    complete();
    await until(({ spec }) => spec.replicas === 0);
    const text = await world.metrics.text();
    const labels = 'enterprise="",organization="my-org",repository="my-repo"';
    expect(text).toContain(`gha_started_jobs_total{${labels}`);
    expect(text).toMatch(/gha_completed_jobs_total\{.*job_result="succeeded"\} 1/);
    expect(text).toMatch(/gha_max_runners\{.*name="linux",namespace="runners"\} 5/);
    expect(text).toMatch(/gha_desired_runners\{.*\} 0/);
  });
});

describe('while Kubernetes is away', () => {
  test('nothing is acknowledged before it is written, and nothing is forgotten', async () => {
    world.start();
    await listening();
    world.away.kubernetes = true;
    aJob();
    await logged('could not write; keeping it');
    aJob();
    await settle();
    expect(world.deleted).toEqual([]);
    world.away.kubernetes = false;
    await until(({ spec }) => spec.replicas === 2 && world.deleted.length > 0, 100);
    expect(world.simulator.violations()).toEqual([]);
  });
});

describe('its session', () => {
  const inState = async (state: string): Promise<ListenerStatus | undefined> =>
    (await until(({ status }) => status?.listener?.state === state)).status?.listener;

  test('is recorded, and ended when it stops', async () => {
    const { stop, ended } = world.start();
    expect(await inState('listening')).toMatchObject({
      instance: 'first',
      reason: 'a new session',
    });
    stop();
    expect(await ended).toBe('stopped');
    expect(await inState('stopped')).toMatchObject({ instance: 'first' });
    // Were it still open, this would conflict.
    await world.actions.createSession(world.scaleSet.scaleSetId, 'another');
  });

  test('that a killed process left is gone on with', async () => {
    world.start();
    const left = await inState('listening');
    world.start({ instance: 'second' });
    const set = await until(({ status }) => status?.listener?.instance === 'second');
    expect(set.status?.listener).toMatchObject({
      sessionId: left?.sessionId,
      reason: 'the session of its predecessor',
    });
  });

  test('of a stranger is reported and waited for', async () => {
    const stranger = await world.actions.createSession(world.scaleSet.scaleSetId, 'stranger');
    world.start();
    const waiting = await inState('session-taken');
    expect(waiting?.reason).toContain('stranger');
    await stranger.close();
    world.clock.advance(60_000);
    await inState('listening');
  });

  test('that the service forgot is made anew', async () => {
    world.start();
    const { sessionId = '' } = (await inState('listening')) ?? {};
    await world.actions.deleteSession(world.scaleSet.scaleSetId, sessionId);
    await until(({ status }) => {
      world.clock.advance(1_000);
      return status?.listener?.sessionId !== sessionId && status?.listener?.state === 'listening';
    });
  });

  test('is left to the process that is recorded in its place', async () => {
    const first = world.start();
    const { sessionId = '' } = (await inState('listening')) ?? {};
    await world.record({ instance: 'second', sessionId });
    await world.actions.deleteSession(world.scaleSet.scaleSetId, sessionId);
    await until(() => {
      world.clock.advance(1_000);
      return world.log.lines.some(
        ({ message }) => message === 'another process listens in its place',
      );
    });
    expect(await first.ended).toBe('replaced');
  });
});
