// The built program over real sockets: each way back, and its life as a process.
import { get } from 'node:http';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EphemeralRunnerSetKind } from '@muster/api';
import { NAMESPACE } from './testing/cluster.ts';
import { aGround } from './testing/ground.ts';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ListenedScaleSet } from '@muster/api';
import type { FaultWish, ScaleSetState } from '@muster/simulator';
import type { Ground } from './testing/ground.ts';
import type { Program } from './testing/program.ts';

// Processes start and wait for each other; on a busy machine that takes its time.
const STORY = { timeout: 60_000 };

let ground: Ground;

beforeAll(async () => {
  ground = await aGround();
}, STORY.timeout);

afterAll(() => ground.end(), STORY.timeout);

async function until<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  for (const end = Date.now() + 50_000; Date.now() < end;) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(20);
  }
  throw new Error(`it never came to hold: ${what}`);
}

let count = 0;

interface Told {
  set: ListenedScaleSet;
  program: Program;
  config: string;
}

/** A set with a listener of its own. */
async function listening(change: Partial<ListenedScaleSet> = {}): Promise<Told> {
  count += 1;
  const set = await ground.addSet(`set-${count}`, change);
  const config = await ground.writeConfig(set.setName, [set]);
  const program = ground.start({ instance: `${set.setName}-first`, config });
  await standing(set, 'listening', `${set.setName}-first`);
  return { set, program, config };
}

const standing = ({ setName }: ListenedScaleSet, state: string, instance?: string): Promise<true> =>
  until(`${setName} is ${state}`, async () => {
    const said = (await ground.set(setName))?.status?.listener;
    const isIt = said?.state === state && (instance === undefined || said.instance === instance);
    return isIt ? true : undefined;
  });

const wished = ({ setName }: ListenedScaleSet, replicas: number): Promise<true> =>
  until(`${setName} wishes ${replicas}`, async () =>
    (await ground.set(setName))?.spec.replicas === replicas ? true : undefined,
  );

const logged = ({ lines }: Program, words: string): Promise<true> =>
  until(`it logs ${words}`, () => (lines.some((line) => line.includes(words)) ? true : undefined));

const atService = ({ setName }: ListenedScaleSet): ScaleSetState => {
  const found = ground.simulator.state().scaleSets.find(({ name }) => name === setName);
  if (found === undefined) throw new Error(`${setName} is gone`);
  return found;
};

const aJob = ({ setName }: ListenedScaleSet): void => {
  ground.simulator.queueJob({ labels: [setName] });
};

/** The sum of wishes is what the service says, nothing waits, and nothing was done wrong. */
async function isRight(set: ListenedScaleSet): Promise<void> {
  await until(`${set.setName} wishes what the service says`, async () => {
    const { statistics, undeletedMessages } = atService(set);
    const { spec } = (await ground.set(set.setName)) ?? {};
    const isSame = spec?.replicas === set.minRunners + statistics.totalAssignedJobs;
    return isSame && undeletedMessages === 0 ? true : undefined;
  });
  expect(ground.simulator.violations()).toEqual([]);
}

async function ended({ program }: Told): Promise<void> {
  program.kill('SIGTERM');
  expect(await program.ended).toEqual({ code: 0, signal: null });
}

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
    const told = await listening();
    const { set, program } = told;
    for (const fault of faults) ground.simulator.faults.add({ ...fault, scaleSet: set.setName });
    aJob(set);
    // The poll under way was asked before the fault.
    await sleep(100);
    aJob(set);
    if (is !== undefined) await logged(program, `is ${is}`);
    if (says !== undefined) await logged(program, says);
    await isRight(set);
    expect(atService(set).statistics.totalAssignedJobs).toBe(2);
    await standing(set, 'listening', `${set.setName}-first`);
    await ended(told);
  });

  test('tokens that end, of the queue and of the administrator', async () => {
    ground.simulator.setTokenLives({ queueMs: 500, adminMs: 1_000 });
    const told = await listening();
    for (let jobs = 1; jobs <= 3; jobs += 1) {
      await sleep(700);
      aJob(told.set);
      await wished(told.set, jobs);
    }
    ground.simulator.setTokenLives({ queueMs: 3_000_000, adminMs: 1_000_000 });
    await isRight(told.set);
    await ended(told);
  });

  test('the service forgot its session', async () => {
    const told = await listening();
    const { session } = atService(told.set);
    await ground.operatorOf().deleteSession(told.set.scaleSetId, session?.id ?? '');
    await logged(told.program, 'is session-lost');
    aJob(told.set);
    await isRight(told.set);
    await ended(told);
  });

  test('another held the session, whose owner it names', async () => {
    count += 1;
    const set = await ground.addSet(`set-${count}`);
    const stranger = await ground.operatorOf().createSession(set.scaleSetId, 'somebody');
    const config = await ground.writeConfig(set.setName, [set]);
    const program = ground.start({ instance: 'late', config });
    await standing(set, 'session-taken');
    expect((await ground.set(set.setName))?.status?.listener?.reason).toContain('somebody');
    await stranger.close();
    await standing(set, 'listening');
    aJob(set);
    await isRight(set);
    await ended({ set, program, config });
  });

  test('its scale set was gone', async () => {
    const told = await listening();
    const { set } = told;
    await ground.operatorOf().deleteScaleSet(set.scaleSetId);
    await standing(set, 'scale-set-gone');
    expect(told.program.isAlive()).toBe(true);
    await ended(told);
  });

  test('GitHub was out of reach', async () => {
    const told = await listening();
    ground.github.cut();
    await standing(told.set, 'unreachable');
    aJob(told.set);
    ground.github.mend();
    await isRight(told.set);
    await ended(told);
  });

  test('Kubernetes was out of reach, and hears meanwhile', async () => {
    const told = await listening();
    const { set } = told;
    ground.kubernetes.cut();
    aJob(set);
    await until('the job is assigned', () =>
      atService(set).statistics.totalAssignedJobs === 1 ? true : undefined,
    );
    await logged(told.program, 'is kubernetes-away');
    aJob(set);
    await until('both are assigned', () =>
      atService(set).statistics.totalAssignedJobs === 2 ? true : undefined,
    );
    expect(atService(set).undeletedMessages).toBeGreaterThan(0);
    ground.kubernetes.mend();
    await isRight(set);
    await standing(set, 'listening');
    await ended(told);
  });

  test('its set was gone, and when it was made anew', async () => {
    const told = await listening();
    const { set } = told;
    const at = { namespace: NAMESPACE, name: set.setName };
    await ground.kube.delete(EphemeralRunnerSetKind, at);
    aJob(set);
    await logged(told.program, 'is set-gone');
    await ground.makeSet(set.setName);
    await isRight(set);
    await standing(set, 'listening');
    await ended(told);
  });
});

describe('as a process', STORY, () => {
  test('killed, it is followed by one that goes on with its session', async () => {
    const { set, program, config } = await listening();
    const before = (await ground.set(set.setName))?.status?.listener?.sessionId;
    program.kill('SIGKILL');
    await program.ended;
    aJob(set);
    const next = ground.start({ instance: 'second', config });
    await isRight(set);
    await standing(set, 'listening', 'second');
    expect((await ground.set(set.setName))?.status?.listener?.sessionId).toBe(before);
    await ended({ set, program: next, config });
  });

  test('told to stop, it ends its session, and says so', async () => {
    const told = await listening();
    await ended(told);
    expect(atService(told.set).session).toBeUndefined();
    expect((await ground.set(told.set.setName))?.status?.listener).toMatchObject({
      state: 'stopped',
    });
  });

  test('replaced, it ends, and the one in its place stays', async () => {
    const { set, program, config } = await listening();
    const next = ground.start({ instance: 'second', config });
    await standing(set, 'listening', 'second');
    // It finds out with its next write.
    const outcome = await until('the first ends', async () => {
      aJob(set);
      return Promise.race([program.ended, sleep(300, undefined)]);
    });
    expect(outcome.code).toBe(0);
    await isRight(set);
    expect(next.isAlive()).toBe(true);
    await ended({ set, program: next, config });
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
    await standing(one, 'listening');
    expect(await page(health, '/healthz')).toEqual([200, 'ok\n']);
    expect(await page(health, '/readyz')).toEqual([200, 'ok\n']);
    await ground.writeConfig('many', [one, two], `:${metrics}`);
    await standing(two, 'listening');
    aJob(two);
    await isRight(two);
    const [, text] = await page(metrics, '/metrics');
    expect(text).toMatch(/gha_assigned_jobs\{.*name="two".*\} 1/);
    expect(text).toMatch(/muster_listener_state\{name="one",.*state="listening"\} 1/);
    expect(text).not.toContain('ghp_');
    await ground.writeConfig('many', [two], `:${metrics}`);
    await standing(one, 'stopped');
    await ended({ set: two, program, config });
    expect(program.lines.join('\n')).not.toContain('ghp_');
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function page(port: number, path: string): Promise<[number, string]> {
  const answered = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path }, resolve).on('error', reject);
  });
  return [answered.statusCode ?? 0, await text(answered)];
}
