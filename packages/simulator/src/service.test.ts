import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import { decodeJitConfig } from './runner-protocol.ts';
import { createSimulator } from './simulator.ts';
import type { Simulator } from './simulator.ts';
import { ACCEPT, ORIGIN, aScaleSet, aSession, connect, sender } from './testing/client.ts';
import type { BareClient, Sent } from './testing/client.ts';

const SETS = '_apis/runtime/runnerscalesets';
const AGENTS = '_apis/distributedtask/pools/0/agents';

const typeName = ({ body }: Sent): unknown => (body as { typeName?: string }).typeName;

async function aListener(options: Parameters<typeof createSimulator>[0] = {}): Promise<{
  simulator: Simulator;
  client: BareClient;
  scaleSetId: number;
  poll: (cursor?: number, headers?: Record<string, string | undefined>) => Promise<Sent>;
  queueUrl: string;
  queueToken: string;
}> {
  const simulator = createSimulator({ holdMs: 0, ...options });
  const client = await connect(simulator);
  const { id } = await aScaleSet(client);
  const { messageQueueUrl, messageQueueAccessToken: token } = await aSession(client, id);
  const poll = async (cursor = 0, headers = {}): Promise<Sent> => {
    const url = new URL(messageQueueUrl);
    if (cursor > 0) url.searchParams.set('lastMessageId', `${cursor}`);
    return client.send('GET', url.href, {
      token,
      headers: {
        accept: ACCEPT,
        'x-scalesetmaxcapacity': '5',
        'content-type': undefined,
        ...headers,
      },
    });
  };
  return { simulator, client, scaleSetId: id, poll, queueUrl: messageQueueUrl, queueToken: token };
}

const rules = (simulator: Simulator): string[] => simulator.violations().map(({ rule }) => rule);

describe('tokens', () => {
  test('the whole chain ends in a base URL with a final slash and a JWT that expires', async () => {
    const now = Date.UTC(2026, 5, 1);
    const { base, admin } = await connect(createSimulator({ now: () => now }));
    expect(base).toBe(`${ORIGIN}/tenant/1/`);
    expect(decodeJwt(admin).exp).toBe(now / 1000 + 17 * 60);
  });

  test('an expired admin token is an InvalidTokenException', async () => {
    let now = Date.UTC(2026, 5, 1);
    const client = await connect(createSimulator({ now: () => now }));
    now += 18 * 60_000;
    const answer = await client.api('GET', SETS);
    expect([answer.status, typeName(answer)]).toEqual([
      401,
      'GitHub.Actions.Runtime.WebApi.InvalidTokenException, GitHub.Actions.Runtime.WebApi',
    ]);
  });

  test.each([
    { token: 'right', org: 'my-org', status: 201 },
    { token: 'right', org: 'other-org', status: 403 },
    { token: 'wrong', org: 'my-org', status: 401 },
  ])('once a token is registered, $token gets $status in $org', async ({ token, org, status }) => {
    const simulator = createSimulator();
    simulator.registerToken({ token: 'right', scopes: ['my-org'] });
    const url = `${ORIGIN}/orgs/${org}/actions/runners/registration-token`;
    expect((await sender(simulator)('POST', url, { token })).status).toBe(status);
  });

  test('a registration token is good for its own scope only, and an empty body is let pass', async () => {
    const simulator = createSimulator();
    const send = sender(simulator);
    const at = `${ORIGIN}/orgs/my-org/actions/runners/registration-token`;
    const { token } = (await send('POST', at, { token: 'x' })).body as { token: string };
    const headers = { authorization: `RemoteAuth ${token}` };
    const exchange = async (body?: unknown): Promise<number> =>
      (await send('POST', `${ORIGIN}/actions/runner-registration`, { headers, body })).status;
    expect(await exchange({ url: `${ORIGIN}/other`, runner_event: 'register' })).toBe(404);
    expect(await exchange()).toBe(200);
  });
});

describe('scale sets', () => {
  test('are created with 200, found by name with a count, and unique in their group', async () => {
    const client = await connect(createSimulator());
    const { id } = await aScaleSet(client);
    expect(await client.api('GET', `${SETS}?name=demo&runnerGroupId=1`)).toMatchObject({
      status: 200,
      body: { count: 1, value: [{ id, name: 'demo', runnerGroupName: 'Default' }] },
    });
    expect((await client.api('GET', `${SETS}?name=none&runnerGroupId=1`)).body).toEqual({
      count: 0,
      value: [],
    });
    const again = await client.api('POST', SETS, { name: 'Demo', runnerGroupId: 1 });
    expect([again.status, typeName(again)]).toEqual([
      400,
      'GitHub.Actions.Runtime.WebApi.RunnerScaleSetExistsException, GitHub.Actions.Runtime.WebApi',
    ]);
  });

  test("ARC's partial PATCH leaves what it does not name", async () => {
    const client = await connect(createSimulator());
    const { id } = await aScaleSet(client);
    const zero = { RunnerSetting: {}, createdOn: '0001-01-01T00:00:00Z' };
    const { body } = await client.api('PATCH', `${SETS}/${id}`, { name: 'renamed', ...zero });
    expect(body).toMatchObject({
      id,
      name: 'renamed',
      runnerGroupId: 1,
      RunnerSetting: { disableUpdate: true },
      labels: [{ type: 'System', name: 'renamed' }],
    });
  });

  test('of one organization are not seen by another', async () => {
    const simulator = createSimulator();
    const mine = await connect(simulator);
    const theirs = await connect(simulator, 'their-org');
    const { id } = await aScaleSet(mine);
    expect((await theirs.api('GET', `${SETS}/${id}`)).status).toBe(404);
    expect((await theirs.api('GET', SETS)).body).toEqual({ count: 0, value: [] });
    const crossed = `${mine.base}${SETS}?api-version=6.0-preview`;
    expect((await theirs.send('GET', crossed, { token: theirs.admin })).status).toBe(401);
    expect(rules(simulator)).toEqual(['an admin token of another scope']);
  });

  test('double slashes and /api/v3 are the same place', async () => {
    const client = await connect(createSimulator());
    const url = `${client.base}/${SETS}?api-version=6.0-preview`;
    expect((await client.send('GET', url, { token: client.admin })).status).toBe(200);
  });
});

describe('sessions', () => {
  test('a second one is a conflict that names the owner', async () => {
    const { client, scaleSetId } = await aListener();
    const answer = await client.api('POST', `${SETS}/${scaleSetId}/sessions`, { ownerName: 'you' });
    expect([answer.status, typeName(answer), answer.headers.has('activityid')]).toEqual([
      409,
      'GitHub.Actions.Runtime.WebApi.RunnerScaleSetSessionConflictException, GitHub.Actions.Runtime.WebApi',
      true,
    ]);
    expect(answer.body).toMatchObject({ message: expect.stringContaining('owner me') as string });
  });

  test('a refresh keeps the id and hands out a new token', async () => {
    const client = await connect(createSimulator());
    const { id } = await aScaleSet(client);
    const { sessionId, messageQueueAccessToken: token } = await aSession(client, id);
    const path = `${SETS}/${id}/sessions/${sessionId}`;
    const { body, status } = await client.api('PATCH', path);
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({ sessionId, messageQueueUrl: `${ORIGIN}/scalesets/message` }),
    ]);
    expect(body).not.toMatchObject({ messageQueueAccessToken: token });
    const after = [];
    for (const method of ['DELETE', 'PATCH', 'DELETE']) after.push(await client.api(method, path));
    expect(after.map((answer) => answer.status)).toEqual([204, 404, 400]);
  });
});

describe('messages', () => {
  test('an assigned job is a batch of one, with statistics of this moment, until it is deleted', async () => {
    const { simulator, client, poll, queueUrl, queueToken } = await aListener();
    simulator.queueJob({ labels: ['demo'], displayName: 'build' });
    const { body, status } = await poll();
    const message = body as { messageId: number; body: string };
    expect([status, message]).toEqual([
      200,
      expect.objectContaining({
        messageId: 100_000_001,
        messageType: 'RunnerScaleSetJobMessages',
        statistics: expect.objectContaining({ totalAssignedJobs: 1 }) as unknown,
      }),
    ]);
    expect(JSON.parse(message.body)).toMatchObject([
      {
        messageType: 'JobAssigned',
        runnerRequestId: 0,
        ownerName: 'my-org',
        jobDisplayName: 'build',
        requestLabels: ['demo'],
        runnerAssignTime: '0001-01-01T00:00:00Z',
      },
    ]);
    const gone = async (): Promise<number> =>
      (await client.send('DELETE', `${queueUrl}/100000001`, { token: queueToken })).status;
    expect((await poll()).status).toBe(200);
    expect([await gone(), await gone(), (await poll()).status]).toEqual([204, 404, 202]);
  });

  test('acquiring is not routed in assign mode, and wins in acquire mode', async () => {
    const now = await aListener();
    const acquire = async (at: typeof now, body: unknown): Promise<Sent> =>
      at.client.send(
        'POST',
        `${at.client.base}${SETS}/${at.scaleSetId}/acquirejobs?api-version=6.0-preview`,
        { token: at.queueToken, body },
      );
    expect((await acquire(now, [1])).status).toBe(404);
    const before = await aListener({ mode: 'acquire' });
    before.simulator.queueJob({ labels: ['demo'] });
    expect((await before.poll()).body).toMatchObject({ messageId: 1 });
    expect((await acquire(before, [1, 2])).body).toEqual({ count: 1, value: [1] });
    expect((await acquire(before, 'null')).body).toEqual({ count: 0, value: [] });
    expect(before.queueUrl).toMatch(/\?sessionId=/);
  });
});

describe('runners', () => {
  test('come with a JIT config, under a name of their own', async () => {
    const { client, scaleSetId } = await aListener();
    const wish = { name: 'r1', workFolder: '' };
    const { body } = await client.api('POST', `${SETS}/${scaleSetId}/generatejitconfig`, wish);
    const { encodedJITConfig: jit, runner } = body as Record<string, string>;
    expect(runner).toEqual({ id: 1, name: 'r1', runnerScaleSetId: scaleSetId });
    expect(decodeJitConfig(jit ?? '')).toMatchObject({ agentName: 'r1', serverUrl: ORIGIN });
    const again = await client.api('POST', `${SETS}/${scaleSetId}/generatejitconfig`, wish);
    expect([again.status, typeName(again)]).toEqual([
      409,
      'GitHub.DistributedTask.WebApi.TaskAgentExistsException, GitHub.DistributedTask.WebApi',
    ]);
    expect((await client.api('GET', `${AGENTS}?agentName=r1`)).body).toMatchObject({ count: 1 });
    expect((await client.api('DELETE', `${AGENTS}/1`)).status).toBe(204);
    expect((await client.api('GET', `${AGENTS}/1`)).status).toBe(404);
    expect((await client.api('DELETE', `${AGENTS}/0`)).status).toBe(204);
  });

  test('take a job through their own protocol and cannot be removed meanwhile', async () => {
    const { simulator, client, scaleSetId, poll } = await aListener();
    const job = simulator.queueJob({ labels: ['demo'], payload: { steps: [] } });
    await poll();
    const path = `${SETS}/${scaleSetId}/generatejitconfig`;
    const made = await client.api('POST', path, { name: 'r1', workFolder: '' });
    const jit = (made.body as { encodedJITConfig: string }).encodedJITConfig;
    const token = decodeJitConfig(jit)?.token ?? '';
    const say = async (method: string, what: string, body?: unknown): Promise<Sent> =>
      client.send(method, `${ORIGIN}/_runner/${what}`, { token, body });
    expect((await say('POST', 'session')).status).toBe(204);
    const at = `jobs/${job.id}`;
    const offer = { status: 200, body: { jobId: job.id, payload: { steps: [] } } };
    // Offered until it says that it started, then it only listens for a cancellation.
    expect(await say('GET', 'message')).toMatchObject(offer);
    expect(await say('GET', 'message')).toMatchObject(offer);
    const busy = await client.api('DELETE', `${AGENTS}/1`);
    expect([busy.status, typeName(busy)]).toEqual([
      400,
      'GitHub.DistributedTask.WebApi.TaskAgentJobStillRunningException, GitHub.DistributedTask.WebApi',
    ]);
    await say('POST', `${at}/started`);
    expect((await say('GET', 'message')).status).toBe(202);
    await say('POST', `${at}/log`, 'hello\n');
    const report = { result: 'succeeded', outputs: { a: '1' } };
    expect((await say('POST', `${at}/complete`, report)).status).toBe(204);
    expect([job.result, job.log, job.outputs]).toEqual(['succeeded', ['hello'], { a: '1' }]);
    expect((await say('GET', 'message')).status).toBe(401);
  });
});

describe('what is refused is kept as a violation', () => {
  const polls: { name: string; headers: Record<string, string | undefined>; rule: string }[] = [
    {
      name: 'a poll without a capacity',
      headers: { 'x-scalesetmaxcapacity': undefined },
      rule: 'X-ScaleSetMaxCapacity must be a whole number of at least 0',
    },
    {
      name: 'a negative capacity',
      headers: { 'x-scalesetmaxcapacity': '-1' },
      rule: 'X-ScaleSetMaxCapacity must be a whole number of at least 0',
    },
    {
      name: 'a poll that accepts anything',
      headers: { accept: '*/*' },
      rule: 'Accept must be application/json; api-version=6.0-preview',
    },
    {
      name: 'no User-Agent',
      headers: { 'user-agent': undefined },
      rule: 'User-Agent must be sent',
    },
  ];
  test.each(polls)('$name', async ({ headers, rule }) => {
    const { simulator, poll } = await aListener();
    expect((await poll(0, headers)).status).toBe(400);
    expect(rules(simulator)).toEqual([rule]);
  });

  test('the wrong kind of token, either way', async () => {
    const { simulator, client, queueUrl, queueToken } = await aListener();
    const headers = { accept: ACCEPT, 'x-scalesetmaxcapacity': '1' };
    await client.send('GET', queueUrl, { token: client.admin, headers });
    const url = `${client.base}${SETS}?api-version=6.0-preview`;
    await client.send('GET', url, { token: queueToken });
    expect(rules(simulator)).toEqual([
      'an admin token where a queue token belongs',
      'a queue token where an admin token belongs',
    ]);
  });

  test('a wrong method, an unknown path, an absent api-version', async () => {
    const simulator = createSimulator();
    const client = await connect(simulator);
    const { base, admin: token } = client;
    const statuses = [];
    for (const [method, path] of [
      ['PUT', `${SETS}/1?api-version=6.0-preview`],
      ['GET', '_apis/nothing?api-version=6.0-preview'],
      ['GET', SETS],
    ]) {
      statuses.push((await client.send(method ?? '', base + (path ?? ''), { token })).status);
    }
    expect(statuses).toEqual([405, 404, 400]);
    expect(simulator.violations().map(({ refused }) => refused)).toEqual([true, true, true]);
  });

  test('an unknown field is let pass, and kept all the same', async () => {
    const simulator = createSimulator();
    const client = await connect(simulator);
    const { status } = await client.api('POST', SETS, { name: 'demo', colour: 'red' });
    expect([status, simulator.violations()]).toEqual([
      200,
      [expect.objectContaining({ rule: 'unknown field colour', refused: false })],
    ]);
  });
});

describe('faults', () => {
  test('a scripted status hits as often as it says, after as many as it says', async () => {
    const { simulator, poll } = await aListener();
    const effect = { do: 'answer', status: 503, retryAfterSeconds: 7 } as const;
    simulator.faults.add({ call: 'get-message', after: 1, times: 2, effect });
    const statuses = [];
    for (let i = 0; i < 4; i += 1) statuses.push((await poll()).status);
    expect(statuses).toEqual([202, 503, 503, 202]);
    expect(simulator.faults.list()).toMatchObject([{ hits: 2 }]);
  });

  test.each([
    { effect: { do: 'empty' }, sees: '' },
    { effect: { do: 'null-statistics' }, sees: { statistics: null } },
    {
      effect: { do: 'unknown-message' },
      sees: { body: expect.stringContaining('JobTeleported') as string },
    },
  ] as const)('a poll meets $effect.do', async ({ effect, sees }) => {
    const { simulator, poll } = await aListener();
    simulator.queueJob({ labels: ['demo'] });
    simulator.faults.add({ call: 'get-message', effect });
    const { status, body } = await poll();
    expect(status).toBe(200);
    if (typeof sees === 'string') expect(body).toBe(sees);
    else expect(body).toMatchObject(sees);
  });

  test('a lost answer was carried out all the same', async () => {
    const simulator = createSimulator();
    const client = await connect(simulator);
    simulator.faults.add({ call: 'create-scale-set', effect: { do: 'lose-answer' } });
    await expect(aScaleSet(client)).rejects.toThrow('fetch failed');
    expect(simulator.state().scaleSets).toMatchObject([{ name: 'demo' }]);
  });

  test('an aborted call that hangs rejects with the reason, and nothing waits on', async () => {
    const { simulator, client, queueUrl, queueToken: token } = await aListener();
    simulator.faults.add({ call: 'get-message', effect: { do: 'hang' } });
    const leave = new AbortController();
    const headers = { accept: ACCEPT, 'x-scalesetmaxcapacity': '1' };
    const call = client.send('GET', queueUrl, { token, headers, signal: leave.signal });
    leave.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    expect(simulator.waiting()).toBe(0);
  });
});
