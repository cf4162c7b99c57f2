// The built program over real sockets: each way back, and its life as a process.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EphemeralRunnerSetKind } from '@muster/api';
import { NAMESPACE } from './testing/cluster.ts';
import { aGround } from './testing/ground.ts';
import { freePort, page } from './testing/pages.ts';
import { STORY, Teller } from './testing/teller.ts';
import type { FaultWish } from '@muster/simulator';
import type { Ground } from './testing/ground.ts';

let ground: Ground;
let teller: Teller;

beforeAll(async () => {
  ground = await aGround();
  teller = new Teller(ground);
}, STORY.timeout);

afterAll(() => ground.end(), STORY.timeout);

type Fault = Omit<FaultWish, 'scaleSet'>;

const poll = (effect: FaultWish['effect'], times = 3): Fault => ({
  call: 'get-message',
  times,
  effect,
});
const answer = (status: number, change: object = {}): FaultWish['effect'] => ({
  do: 'answer',
  status,
  ...change,
});

describe('goes on after', STORY, () => {
  test.concurrent.each<{ name: string; faults: Fault[]; is?: string; says?: string }>([
    { name: '5xx', faults: [poll(answer(503))], is: 'service-failing' },
    {
      name: '429 with a Retry-After',
      faults: [poll(answer(429, { retryAfterSeconds: 1 }))],
      is: 'rate-limited',
    },
    { name: 'an empty 200', faults: [poll({ do: 'empty' })], is: 'bad-answer' },
    { name: 'bad JSON', faults: [poll(answer(200, { text: '{"messageId":' }))], is: 'bad-answer' },
    { name: 'a page of HTML', faults: [poll(answer(200, { text: '<html>' }))], is: 'bad-answer' },
    { name: 'a byte-order mark', faults: [poll({ do: 'byte-order-mark' })] },
    {
      name: 'an unknown message',
      faults: [poll({ do: 'unknown-message' })],
      says: 'could not read all of a message',
    },
    { name: 'statistics that are null', faults: [poll({ do: 'null-statistics' })] },
    { name: 'statistics that are all zero', faults: [poll({ do: 'zero-statistics' })] },
    { name: 'a connection that breaks', faults: [poll({ do: 'drop' })], is: 'unreachable' },
    { name: 'an answer that is lost', faults: [poll({ do: 'lose-answer' })], is: 'unreachable' },
    { name: '401 on the queue for ever', faults: [poll(answer(401))], is: 'token-expired' },
    { name: '403 on the queue', faults: [poll(answer(403))], is: 'token-expired' },
    {
      name: 'a session that cannot be refreshed',
      faults: [poll(answer(401), 1), { call: 'refresh-session', effect: answer(404) }],
      is: 'session-lost',
    },
    {
      name: '401 on a new session',
      faults: [
        poll(answer(401), 1),
        { call: 'refresh-session', effect: answer(404) },
        { call: 'create-session', times: 2, effect: answer(401) },
      ],
      is: 'unauthorized',
    },
    {
      name: 'an acknowledgement that fails',
      faults: [{ call: 'delete-message', times: 4, effect: answer(500) }],
      says: 'could not acknowledge a message',
    },
    {
      name: 'an acknowledgement that is lost',
      faults: [{ call: 'delete-message', times: 2, effect: { do: 'lose-answer' } }],
    },
  ])('$name', async ({ faults, is, says }) => {
    const told = await teller.listening();
    const { set, program } = told;
    for (const fault of faults) ground.simulator.faults.add({ ...fault, scaleSet: set.setName });
    teller.aJob(set);
    // The poll under way was asked before the fault.
    await sleep(100);
    teller.aJob(set);
    if (is !== undefined) await teller.logged(program, `is ${is}`);
    if (says !== undefined) await teller.logged(program, says);
    await teller.isRight(set);
    expect(teller.atService(set).statistics.totalAssignedJobs).toBe(2);
    await teller.standing(set, 'listening', `${set.setName}-first`);
    await teller.ended(told);
  });

  test('tokens that end, of the queue and of the administrator', async () => {
    ground.simulator.setTokenLives({ queueMs: 500, adminMs: 1_000 });
    const told = await teller.listening();
    for (let jobs = 1; jobs <= 3; jobs += 1) {
      await sleep(700);
      teller.aJob(told.set);
      await teller.wished(told.set, jobs);
    }
    ground.simulator.setTokenLives({ queueMs: 3_000_000, adminMs: 1_000_000 });
    await teller.isRight(told.set);
    await teller.ended(told);
  });

  test('the service forgot its session', async () => {
    const told = await teller.listening();
    const { session } = teller.atService(told.set);
    await ground.operatorOf().deleteSession(told.set.scaleSetId, session?.id ?? '');
    await teller.logged(told.program, 'is session-lost');
    teller.aJob(told.set);
    await teller.isRight(told.set);
    await teller.ended(told);
  });

  test('another held the session, whose owner it names', async () => {
    const set = await ground.addSet(teller.newName());
    const stranger = await ground.operatorOf().createSession(set.scaleSetId, 'somebody');
    const config = await ground.writeConfig(set.setName, [set]);
    const program = ground.start({ instance: 'late', config });
    await teller.standing(set, 'session-taken');
    expect((await ground.set(set.setName))?.status?.listener?.reason).toContain('somebody');
    await stranger.close();
    await teller.standing(set, 'listening');
    teller.aJob(set);
    await teller.isRight(set);
    await teller.ended({ set, program, config });
  });

  test('its scale set was gone', async () => {
    const told = await teller.listening();
    const { set } = told;
    await ground.operatorOf().deleteScaleSet(set.scaleSetId);
    await teller.standing(set, 'scale-set-gone');
    expect(told.program.isAlive()).toBe(true);
    await teller.ended(told);
  });

  test('GitHub was out of reach', async () => {
    const told = await teller.listening();
    ground.github.cut();
    await teller.standing(told.set, 'unreachable');
    teller.aJob(told.set);
    ground.github.mend();
    await teller.isRight(told.set);
    await teller.ended(told);
  });

  test('Kubernetes was out of reach, and hears meanwhile', async () => {
    const told = await teller.listening();
    const { set } = told;
    ground.kubernetes.cut();
    teller.aJob(set);
    await teller.until('the job is assigned', () =>
      teller.atService(set).statistics.totalAssignedJobs === 1 ? true : undefined,
    );
    await teller.logged(told.program, 'is kubernetes-away');
    teller.aJob(set);
    await teller.until('both are assigned', () =>
      teller.atService(set).statistics.totalAssignedJobs === 2 ? true : undefined,
    );
    expect(teller.atService(set).undeletedMessages).toBeGreaterThan(0);
    ground.kubernetes.mend();
    await teller.isRight(set);
    await teller.standing(set, 'listening');
    await teller.ended(told);
  });

  test('its set was gone, and when it was made anew', async () => {
    const told = await teller.listening();
    const { set } = told;
    const at = { namespace: NAMESPACE, name: set.setName };
    await ground.kube.delete(EphemeralRunnerSetKind, at);
    teller.aJob(set);
    await teller.logged(told.program, 'is set-gone');
    await ground.makeSet(set.setName);
    await teller.isRight(set);
    await teller.standing(set, 'listening');
    await teller.ended(told);
  });
});

describe('as a process', STORY, () => {
  test('killed, it is followed by one that goes on with its session', async () => {
    const { set, program, config } = await teller.listening();
    const before = (await ground.set(set.setName))?.status?.listener?.sessionId;
    program.kill('SIGKILL');
    await program.ended;
    teller.aJob(set);
    const next = ground.start({ instance: 'second', config });
    await teller.isRight(set);
    await teller.standing(set, 'listening', 'second');
    expect((await ground.set(set.setName))?.status?.listener?.sessionId).toBe(before);
    await teller.ended({ set, program: next, config });
  });

  test('told to stop, it ends its session, and says so', async () => {
    const told = await teller.listening();
    await teller.ended(told);
    expect(teller.atService(told.set).session).toBeUndefined();
    expect((await ground.set(told.set.setName))?.status?.listener).toMatchObject({
      state: 'stopped',
    });
  });

  test('replaced, it ends, and the one in its place stays', async () => {
    const { set, program, config } = await teller.listening();
    const next = ground.start({ instance: 'second', config });
    await teller.standing(set, 'listening', 'second');
    // It finds out with its next write.
    const outcome = await teller.until('the first ends', async () => {
      teller.aJob(set);
      return Promise.race([program.ended, sleep(300, undefined)]);
    });
    expect(outcome.code).toBe(0);
    await teller.isRight(set);
    expect(next.isAlive()).toBe(true);
    await teller.ended({ set, program: next, config });
  });

  test('sets come and go with its file, and health and metrics tell of them', async () => {
    const [metrics, health] = [await freePort(), await freePort()];
    const one = await ground.addSet('one');
    const two = await ground.addSet('two', { credentials: { kind: 'token', token: 'ghp_other' } });
    const config = await ground.writeConfig('many', [one], `:${metrics}`);
    const program = ground.start({
      instance: 'many',
      config,
      env: { LISTENER_HEALTH_ADDR: `:${health}` },
    });
    await teller.standing(one, 'listening');
    expect(await page(health, '/healthz')).toEqual([200, 'ok\n']);
    expect(await page(health, '/readyz')).toEqual([200, 'ok\n']);
    await ground.writeConfig('many', [one, two], `:${metrics}`);
    await teller.standing(two, 'listening');
    teller.aJob(two);
    await teller.isRight(two);
    const [, text] = await page(metrics, '/metrics');
    expect(text).toMatch(/gha_assigned_jobs\{.*name="two".*\} 1/);
    expect(text).toMatch(/muster_listener_state\{name="one",.*state="listening"\} 1/);
    expect(text).not.toContain('ghp_');
    await ground.writeConfig('many', [two], `:${metrics}`);
    await teller.standing(one, 'stopped');
    await teller.ended({ set: two, program, config });
    expect(program.lines.join('\n')).not.toContain('ghp_');
  });
});
