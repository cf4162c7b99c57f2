// Every failure of protocol.md 12.4, scripted through the control API and seen by a client.
import { describe, expect, test } from 'vitest';
import { createControl } from './control.ts';
import type { Control } from './control.ts';
import { createSimulator } from './simulator.ts';
import type { Simulator } from './simulator.ts';
import { ACCEPT, ORIGIN, aScaleSet, aSession, connect } from './testing/client.ts';
import type { BareClient, Sent } from './testing/client.ts';

const SETS = '_apis/runtime/runnerscalesets';

interface Stage {
  clock: { now: number };
  simulator: Simulator;
  control: Control;
  client: BareClient;
  poll: (cursor?: number) => Promise<Sent>;
  acknowledge: (id: number) => Promise<Sent>;
  openSession: () => Promise<Sent>;
  refresh: () => Promise<Sent>;
}

async function aStage(): Promise<Stage> {
  const clock = { now: Date.UTC(2026, 5, 1) };
  const simulator = createSimulator({ holdMs: 0, now: () => clock.now });
  const control = createControl(ORIGIN, simulator.fetch);
  const client = await connect(simulator);
  const { id } = await aScaleSet(client);
  const other = await aScaleSet(client, 'other');
  const session = await aSession(client, id);
  const token = session.messageQueueAccessToken;
  const poll = async (cursor = 0): Promise<Sent> =>
    client.send('GET', `${session.messageQueueUrl}?lastMessageId=${cursor}`, {
      token,
      headers: { accept: ACCEPT, 'x-scalesetmaxcapacity': '9' },
    });
  return {
    clock,
    simulator,
    control,
    client,
    poll,
    acknowledge: async (message) =>
      client.send('DELETE', `${session.messageQueueUrl}/${message}`, { token }),
    openSession: async () =>
      client.api('POST', `${SETS}/${other.id}/sessions`, { ownerName: 'me' }),
    refresh: async () => client.api('PATCH', `${SETS}/${id}/sessions/${session.sessionId}`),
  };
}

const answer = (status: number): { do: 'answer'; status: number } => ({ do: 'answer', status });

async function statusesOf(howMany: number, call: () => Promise<Sent>): Promise<number[]> {
  const statuses = [];
  for (let i = 0; i < howMany; i += 1) statuses.push((await call()).status);
  return statuses;
}

describe('scripted', () => {
  test('401 on the queue after n calls', async () => {
    const { control, poll } = await aStage();
    await control.addFault({ call: 'get-message', after: 2, effect: answer(401) });
    expect(await statusesOf(4, poll)).toEqual([202, 202, 401, 202]);
  });

  test.each([401, 403])('%i on runner-registration n times', async (status) => {
    const { control, client } = await aStage();
    await control.addFault({ call: 'runner-registration', times: 2, effect: answer(status) });
    const registration = await client.send(
      'POST',
      `${ORIGIN}/orgs/my-org/actions/runners/registration-token`,
      { token: 'any' },
    );
    const { token } = registration.body as { token: string };
    const exchange = async (): Promise<Sent> =>
      client.send('POST', `${ORIGIN}/actions/runner-registration`, {
        headers: { authorization: `RemoteAuth ${token}` },
        body: { url: `${ORIGIN}/my-org`, runner_event: 'register' },
      });
    expect(await statusesOf(3, exchange)).toEqual([status, status, 200]);
  });

  test('409 on the creation of a session for t seconds', async () => {
    const { control, clock, openSession } = await aStage();
    const typeName = 'GitHub.Actions.Runtime.WebApi.RunnerScaleSetSessionConflictException';
    const effect = { ...answer(409), typeName, message: 'it has an active session' };
    await control.addFault({ call: 'create-session', forMs: 90_000, effect });
    expect(await openSession()).toMatchObject({ status: 409, body: { typeName } });
    clock.now += 89_999;
    expect((await openSession()).status).toBe(409);
    clock.now += 1;
    expect((await openSession()).status).toBe(200);
  });

  test('a poll that is answered with 200 and nothing', async () => {
    const { control, poll } = await aStage();
    await control.addFault({ call: 'get-message', effect: { do: 'empty' } });
    expect(await poll()).toMatchObject({ status: 200, body: '' });
  });

  test.each([
    { effect: answer(500), retryAfter: null },
    { effect: { ...answer(503), retryAfterSeconds: 7 }, retryAfter: '7' },
    {
      effect: { ...answer(503), retryAfter: 'Mon, 01 Jun 2026 00:01:00 GMT' },
      retryAfter: 'Mon, 01 Jun 2026 00:01:00 GMT',
    },
  ])('$effect.status with Retry-After $retryAfter', async ({ effect, retryAfter }) => {
    const { control, poll } = await aStage();
    await control.addFault({ call: 'get-message', effect });
    const { status, headers } = await poll();
    expect([status, headers.get('retry-after')]).toEqual([effect.status, retryAfter]);
  });

  test('429 on JIT configs, of one scale set only', async () => {
    const { control, client } = await aStage();
    const effect = { ...answer(429), retryAfterSeconds: 30 };
    await control.addFault({ call: 'generate-jit-config', scaleSet: 'demo', times: 9, effect });
    const jit = async (set: number): Promise<number> =>
      (await client.api('POST', `${SETS}/${set}/generatejitconfig`, { name: `r${set}` })).status;
    expect([await jit(1), await jit(2)]).toEqual([429, 200]);
  });

  test.each([404, 400])('%i on the refresh of a session', async (status) => {
    const { control, refresh } = await aStage();
    await control.addFault({ call: 'refresh-session', effect: answer(status) });
    expect(await statusesOf(2, refresh)).toEqual([status, 200]);
  });

  test('a session without a queue URL', async () => {
    const { control, openSession } = await aStage();
    await control.addFault({ call: 'create-session', effect: { do: 'empty-queue-url' } });
    expect(await openSession()).toMatchObject({ status: 200, body: { messageQueueUrl: '' } });
  });

  test('statistics that are null, of a session', async () => {
    const { control, openSession } = await aStage();
    await control.addFault({ call: 'create-session', effect: { do: 'null-statistics' } });
    expect(await openSession()).toMatchObject({ status: 200, body: { statistics: null } });
  });

  test('statistics of a message: null, or all 0 although it carries a job', async () => {
    const { control, simulator, poll } = await aStage();
    simulator.queueJob({ labels: ['demo'] });
    await control.addFault({ call: 'get-message', effect: { do: 'null-statistics' } });
    await control.addFault({ call: 'get-message', effect: { do: 'zero-statistics' } });
    const told = [];
    for (let i = 0; i < 3; i += 1) {
      const { statistics } = (await poll()).body as { statistics: object | null };
      told.push(statistics);
    }
    expect(told).toMatchObject([null, { totalAssignedJobs: 0 }, { totalAssignedJobs: 1 }]);
  });

  test('a body behind a byte order mark', async () => {
    const { control, client, simulator } = await aStage();
    await control.addFault({ call: 'get-scale-set', effect: { do: 'byte-order-mark' } });
    const response = await simulator.fetch(`${client.base}${SETS}/1?api-version=6.0-preview`, {
      headers: { authorization: `Bearer ${client.admin}`, 'user-agent': 'test' },
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect([...bytes.slice(0, 4)]).toEqual([0xef, 0xbb, 0xbf, '{'.charCodeAt(0)]);
  });

  test('a job message of an unknown type', async () => {
    const { control, simulator, poll } = await aStage();
    simulator.queueJob({ labels: ['demo'] });
    await control.addFault({ call: 'get-message', effect: { do: 'unknown-message' } });
    const { body } = (await poll()).body as { body: string };
    const types = (JSON.parse(body) as { messageType: string }[]).map((one) => one.messageType);
    expect(types).toEqual(['JobTeleported', 'JobAssigned']);
  });

  test('a message that comes again although it was acknowledged', async () => {
    const { control, simulator, poll, acknowledge } = await aStage();
    simulator.queueJob({ labels: ['demo'] });
    const { messageId } = (await poll()).body as { messageId: number };
    await control.addFault({ call: 'delete-message', effect: { do: 'forget', status: 204 } });
    expect((await acknowledge(messageId)).status).toBe(204);
    expect((await poll()).body).toMatchObject({ messageId });
    expect((await acknowledge(messageId)).status).toBe(204);
    expect((await poll()).status).toBe(202);
  });

  test('admin tokens that live for less than a minute, while it runs', async () => {
    const { control, clock, simulator } = await aStage();
    await control.setTokenLives({ adminMs: 30_000 });
    const client = await connect(simulator);
    const find = async (): Promise<Sent> => client.api('GET', `${SETS}?name=demo&runnerGroupId=1`);
    expect((await find()).status).toBe(200);
    clock.now += 30_000;
    expect((await find()).status).toBe(401);
  });

  test('queue tokens that end, while it runs', async () => {
    const { control, clock, refresh, client } = await aStage();
    await control.setTokenLives({ queueMs: 1000 });
    const session = (await refresh()).body as Record<string, string>;
    const poll = async (): Promise<number> => {
      const token = session['messageQueueAccessToken'] ?? '';
      const headers = { accept: ACCEPT, 'x-scalesetmaxcapacity': '0' };
      return (await client.send('GET', session['messageQueueUrl'] ?? '', { token, headers }))
        .status;
    };
    expect(await poll()).toBe(202);
    clock.now += 1000;
    expect(await poll()).toBe(401);
  });

  test('any answer at all', async () => {
    const { control, poll } = await aStage();
    const body = { messageId: 7, messageType: 'SomethingElse' };
    const effect = { ...answer(200), text: JSON.stringify(body), contentType: 'application/json' };
    await control.addFault({ call: 'get-message', effect });
    expect(await poll()).toMatchObject({ status: 200, body });
  });
});

describe('a fault that cannot be', () => {
  test.each([
    {
      effect: { do: 'empty-queue-url' },
      says: 'effect: empty-queue-url is for create-session, refresh-session',
    },
    { effect: { do: 'explode' }, says: expect.stringContaining('effect.do: ') as string },
    {
      effect: { do: 'answer' },
      says: 'effect.status: Invalid input: expected number, received undefined',
    },
  ])('$effect.do', async ({ effect, says }) => {
    const { control } = await aStage();
    const wish = { call: 'get-message', effect } as Parameters<Control['addFault']>[0];
    await expect(control.addFault(wish)).rejects.toMatchObject({ status: 400, message: says });
  });

  test('is refused in process too', async () => {
    const { simulator } = await aStage();
    expect(() =>
      simulator.faults.add({ call: 'get-runner', effect: { do: 'unknown-message' } }),
    ).toThrow('unknown-message is for get-message');
  });
});
