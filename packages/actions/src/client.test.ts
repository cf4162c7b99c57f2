// The numbers are those of the conformance list, reference/protocol.md 10.2 and 10.4.
import { describe, expect, test } from 'vitest';
import { aClient, aFarSide, always, json, text, thrownBy } from './testing/far-side.ts';
import type { Reply, Rig } from './testing/far-side.ts';
import { ActionsError } from './errors.ts';

const rig = (...replies: Reply[]): Rig => aClient(aFarSide(replies));
const answering = (status: number, body: unknown, headers?: Record<string, string>): Rig =>
  rig(always(() => json(status, body, headers)));
const exception = (name: string, message = 'why') => ({
  $id: '1',
  innerException: null,
  message,
  typeName: `GitHub.Actions.Runtime.WebApi.${name}, GitHub.Actions.Runtime.WebApi`,
  typeKey: name,
});
const SET = { id: 1, name: 'set', runnerGroupId: 1, runnerGroupName: 'Default' };

describe('a call to the Actions service', () => {
  test('C6, C7: has its path below the connection, the api-version and the headers', async () => {
    const { client, farSide } = answering(200, { count: 0, value: [] });
    await client.findScaleSet({ name: 'a b&c+d/é', runnerGroupId: 1 });
    const [asked] = farSide.asked;
    expect(asked?.url.pathname).toBe('/tenant/123/_apis/runtime/runnerscalesets');
    expect(asked?.url.search).toBe(
      '?api-version=6.0-preview&name=a+b%26c%2Bd%2F%C3%A9&runnerGroupId=1',
    );
    expect(asked?.headers.get('content-type')).toBe('application/json');
    expect(asked?.headers.get('authorization')).toMatch(/^Bearer eyJ/);
  });

  test('C25: names the program in the form of GitHub, and the scale set it is about', async () => {
    const { client, farSide } = answering(200, {
      runner: { id: 1, name: 'r' },
      encodedJITConfig: 'e',
    });
    await client.createJitConfig({ scaleSetId: 7, name: 'r', workFolder: '' });
    expect(farSide.asked[0]?.headers.get('user-agent')).toBe(
      '{"system":"muster","version":"0.1.0","commit_sha":"abc","scale_set_id":7,"subsystem":"test","build_version":"0.1.0","build_commit_sha":"abc","kind":"scaleset"}',
    );
    await thrownBy(() => client.getRunner(1));
    const other = farSide.asked[1]?.headers.get('user-agent') ?? '';
    expect(JSON.parse(other)).toMatchObject({ scale_set_id: 0 });
  });

  test.each<{ call: string; run: (rig: Rig) => Promise<unknown> }>([
    { call: 'getRunner', run: ({ client }) => client.getRunner(1) },
    { call: 'findRunner', run: ({ client }) => client.findRunner('r') },
    { call: 'removeRunner', run: ({ client }) => client.removeRunner(1) },
    { call: 'getScaleSet', run: ({ client }) => client.getScaleSet(1) },
    {
      call: 'findScaleSet',
      run: ({ client }) => client.findScaleSet({ name: 's', runnerGroupId: 1 }),
    },
    {
      call: 'createScaleSet',
      run: ({ client }) => client.createScaleSet({ name: 's', runnerGroupId: 1 }),
    },
    { call: 'updateScaleSet', run: ({ client }) => client.updateScaleSet(1, { name: 's' }) },
    { call: 'deleteScaleSet', run: ({ client }) => client.deleteScaleSet(1) },
    {
      call: 'createJitConfig',
      run: ({ client }) => client.createJitConfig({ scaleSetId: 1, name: 'r', workFolder: '' }),
    },
    { call: 'createSession', run: ({ client }) => client.createSession(1, 'owner') },
    { call: 'resumeSession', run: ({ client }) => client.resumeSession(1, 'x') },
    { call: 'deleteSession', run: ({ client }) => client.deleteSession(1, 'x') },
  ])('C11: $call is tried twice with one retry, and the last 503 is told', async ({ run }) => {
    const farSide = aFarSide(
      always(() => json(503, { message: 'down' }, { activityid: 'act', 'retry-after': '2' })),
    );
    const error = await thrownBy(() => run(aClient(farSide, { retry: { max: 1 } })));
    expect(farSide.asked).toHaveLength(2);
    expect(error).toMatchObject({
      code: 'unavailable',
      status: 503,
      activityId: 'act',
      retryAfterMs: 2000,
      message: expect.stringMatching(/^could not .+: 503 Service Unavailable: down \(/) as string,
    });
  });

  test('C23: is read with a byte-order mark and any case of keys, null as nothing', async () => {
    const { client } = rig(() =>
      text(
        200,
        '\uFEFF{"ID":1,"Name":"set","runnerSetting":{"disableUpdate":true},"labels":null,"new":[]}',
      ),
    );
    expect(await client.getScaleSet(1)).toEqual({
      id: 1,
      name: 'set',
      RunnerSetting: { disableUpdate: true },
    });
  });

  test('is refused, not rounded, when an id is beyond 2^53', async () => {
    const { client } = rig(() => text(200, '{"id":9007199254740993,"name":"r"}'));
    expect(await thrownBy(() => client.getRunner(1))).toMatchObject({
      code: 'bad-answer',
      message:
        'could not get runner 1: the answer cannot be read: id is missing or no whole number below 2^53 (GET http://127.0.0.1:5000/tenant/123/_apis/distributedtask/pools/0/agents/1)',
    });
  });

  test.each([
    { name: 'is empty', body: '' },
    { name: 'is no JSON', body: '<html>' },
    { name: 'is no object', body: '[1]' },
  ])('is a bad answer when its body $name', async ({ body }) => {
    const { client } = rig(() => text(200, body));
    const error = await thrownBy(() => client.getRunner(1));
    expect(error).toMatchObject({ code: 'bad-answer', status: 200 });
  });

  test('ends at once when its signal fires, though the far side never answers', async () => {
    const controller = new AbortController();
    const { client } = rig(() => {
      controller.abort(new Error('enough'));
      return new Promise(() => undefined);
    });
    const error = await thrownBy(() => client.getRunner(1, { signal: controller.signal }));
    expect(error).toMatchObject({ code: 'aborted', cause: new Error('enough') });
  });

  test('ends at once when the client is closed, and none is made after', async () => {
    const { client, farSide } = rig(() => {
      void client.close();
      return new Promise(() => undefined);
    });
    expect(await thrownBy(() => client.getRunner(1))).toMatchObject({ code: 'aborted' });
    expect(await thrownBy(() => client.getRunner(1))).toMatchObject({ code: 'aborted' });
    expect(farSide.asked).toHaveLength(1);
  });
});

describe('a scale set', () => {
  const find = ({ client }: Rig) => client.findScaleSet({ name: 'set', runnerGroupId: 1 });

  test('C13: is found by name when the service counts one', async () => {
    expect(await find(answering(200, { count: 1, value: [SET] }))).toEqual(SET);
  });
  test('C13: is not found when the service counts none, whatever it lists', async () => {
    expect(await find(answering(200, { count: 0, value: [SET] }))).toBeUndefined();
  });
  test.each([
    {
      name: 'two of a name',
      status: 200,
      body: { count: 2, value: [SET, SET] },
      code: 'bad-answer',
    },
    { name: 'one that is not listed', status: 200, body: { count: 1 }, code: 'bad-answer' },
    { name: 'a 404', status: 404, body: {}, code: 'not-found' },
  ])('C13: $name is an error with the activity id', async ({ status, body, code }) => {
    const error = await thrownBy(() => find(answering(status, body, { activityid: 'act-1' })));
    expect(error).toMatchObject({ code, activityId: 'act-1' });
    expect((error as Error).message).toContain('activity id act-1');
  });

  test('C14: is nothing by id when the body is null', async () => {
    expect(await answering(200, null).client.getScaleSet(1)).toBeUndefined();
  });
  test('C14: is gone by id only when the service says so by name', async () => {
    const gone = answering(404, exception('RunnerScaleSetNotFoundException'));
    expect(await gone.client.getScaleSet(1)).toBeUndefined();
    const bare = answering(404, {});
    expect(await thrownBy(() => bare.client.getScaleSet(1))).toMatchObject({ code: 'not-found' });
  });

  test('C15, C16, C18: is created with its name as first label, and without self-updates', async () => {
    const made = answering(200, SET);
    const wish = { name: 'set', runnerGroupId: 1, labels: ['gpu', 'set'] };
    expect(await made.client.createScaleSet(wish)).toEqual(SET);
    expect(wish).toEqual({ name: 'set', runnerGroupId: 1, labels: ['gpu', 'set'] });
    expect(JSON.parse(made.farSide.asked[0]?.body ?? '')).toEqual({
      name: 'set',
      runnerGroupId: 1,
      labels: [
        { type: 'System', name: 'set' },
        { type: 'System', name: 'gpu' },
      ],
      RunnerSetting: { disableUpdate: true },
    });
  });
  test('C15: is refused with the words of a plain-text answer', async () => {
    const { client } = rig(() => text(400, 'no such thing'));
    expect(
      await thrownBy(() => client.createScaleSet({ name: 'set', runnerGroupId: 1 })),
    ).toMatchObject({
      code: 'refused',
      status: 400,
      message:
        'could not create scale set "set": 400 Bad Request: no such thing (POST http://127.0.0.1:5000/tenant/123/_apis/runtime/runnerscalesets)',
    });
  });
  test('C16: has its name as the only label when it has no others', async () => {
    const made = answering(200, SET);
    await made.client.createScaleSet({ name: 'set', runnerGroupId: 1 });
    expect(JSON.parse(made.farSide.asked[0]?.body ?? '')).toMatchObject({
      labels: [{ type: 'System', name: 'set' }],
    });
  });
  test('C17: is not asked for without a name', async () => {
    const { client, farSide } = answering(200, SET);
    const error = await thrownBy(() => client.createScaleSet({ name: '', runnerGroupId: 1 }));
    expect(error).toBeInstanceOf(ActionsError);
    expect(farSide.asked).toHaveLength(0);
  });
  test('is refused by name when it exists', async () => {
    const { client } = answering(400, exception('RunnerScaleSetExistsException', 'set is there'));
    expect(
      await thrownBy(() => client.createScaleSet({ name: 'set', runnerGroupId: 1 })),
    ).toMatchObject({ code: 'scale-set-exists', exception: 'RunnerScaleSetExistsException' });
  });

  test('C19: is updated in part', async () => {
    const { client, farSide } = answering(200, { ...SET, name: 'renamed' });
    expect(await client.updateScaleSet(1, { name: 'renamed' })).toMatchObject({ name: 'renamed' });
    expect(farSide.asked[0]).toMatchObject({ method: 'PATCH', body: '{"name":"renamed"}' });
    expect(farSide.asked[0]?.url.pathname).toMatch(/\/runnerscalesets\/1$/);
    expect(farSide.asked[0]?.url.search).toBe('?api-version=6.0-preview');
  });

  test('C19: gets other labels, all of type System', async () => {
    const { client, farSide } = answering(200, SET);
    await client.updateScaleSet(1, { labels: ['linux', 'gpu'] });
    expect(JSON.parse(farSide.asked[0]?.body ?? '')).toEqual({
      labels: [
        { type: 'System', name: 'linux' },
        { type: 'System', name: 'gpu' },
      ],
    });
  });

  test.each([
    { name: 'deleted', status: 204, body: null, gives: 'deleted' },
    {
      name: 'absent when the service does not know it',
      status: 404,
      body: exception('RunnerScaleSetNotFoundException'),
      gives: 'absent',
    },
  ])('C20: is $name', async ({ status, body, gives }) => {
    const { client, farSide } = rig(() =>
      body ? json(status, body) : new Response(null, { status }),
    );
    expect(await client.deleteScaleSet(10)).toBe(gives);
    expect(farSide.asked[0]?.url.search).toBe('?api-version=6.0-preview');
  });
  test.each([400, 404, 200])('C20: is not deleted by a bare %i', async (status) => {
    const { client } = answering(status, { message: 'test error' });
    expect(await thrownBy(() => client.deleteScaleSet(10))).toMatchObject({
      status,
      ...(status !== 200 && { message: expect.stringContaining('test error') as string }),
    });
  });
});

describe('a runner group', () => {
  test('C12: is found by name, with the slash before the question mark', async () => {
    const group = { id: 3, name: 'g', size: 0, isDefaultGroup: false };
    const { client, farSide } = answering(200, { count: 1, value: [group] });
    expect(await client.findRunnerGroup('g')).toEqual(group);
    expect(farSide.asked[0]?.url.pathname).toBe('/tenant/123/_apis/runtime/runnergroups/');
  });
  test('C12: is not found, and that is no error', async () => {
    expect(await answering(200, { count: 0 }).client.findRunnerGroup('g')).toBeUndefined();
  });
  test('C12: is an error when there are several of the name', async () => {
    const group = { id: 3, name: 'g' };
    const { client } = answering(200, { count: 2, value: [group, group] });
    expect(await thrownBy(() => client.findRunnerGroup('g'))).toMatchObject({
      code: 'bad-answer',
      message: expect.stringContaining('it was found 2 times') as string,
    });
  });
});

describe('a runner', () => {
  const agent = (name: string) => exception(`TaskAgent${name}Exception`);

  test('C8: is read, and its scale set is 0 when the service leaves it out', async () => {
    const { client, farSide } = answering(200, { id: 1, name: 'self-hosted-ubuntu' });
    const expected = { id: 1, name: 'self-hosted-ubuntu', runnerScaleSetId: 0 };
    expect(await client.getRunner(1)).toEqual(expected);
    expect(farSide.asked[0]?.url.pathname).toBe(
      '/tenant/123/_apis/distributedtask/pools/0/agents/1',
    );
  });
  test('E6: is absent by id when the service says so by name, and not for a bare 404', async () => {
    expect(await answering(404, agent('NotFound')).client.getRunner(1)).toBeUndefined();
    const bare = answering(404, {});
    expect(await thrownBy(() => bare.client.getRunner(1))).toMatchObject({ code: 'not-found' });
  });
  test('C9: is found by name, or not', async () => {
    const there = { id: 1, name: 'r', runnerScaleSetId: 7 };
    const found = answering(200, { count: 1, value: [there] });
    expect(await found.client.findRunner('r')).toEqual(there);
    expect(found.farSide.asked[0]?.url.searchParams.get('agentName')).toBe('r');
    expect(await answering(200, { count: 0, value: [] }).client.findRunner('r')).toBeUndefined();
    const several = answering(200, { count: 2, value: [there, there] });
    expect(await thrownBy(() => several.client.findRunner('r'))).toMatchObject({
      code: 'bad-answer',
    });
  });
  test.each([
    { gives: 'removed', status: 204, body: undefined },
    { gives: 'busy', status: 400, body: agent('JobStillRunning') },
    { gives: 'absent', status: 404, body: agent('NotFound') },
  ])('C10, E6: is $gives after a $status', async ({ status, body, gives }) => {
    const { client } = rig(() => (body ? json(status, body) : new Response(null, { status })));
    expect(await client.removeRunner(1)).toBe(gives);
  });
  test('is not taken for removed by an answer that does not say so', async () => {
    expect(await thrownBy(() => answering(404, {}).client.removeRunner(1))).toMatchObject({
      code: 'not-found',
    });
    expect(await thrownBy(() => answering(200, {}).client.removeRunner(1))).toMatchObject({
      code: 'bad-answer',
    });
  });

  const register = ({ client }: Rig) =>
    client.createJitConfig({ scaleSetId: 7, name: 'r', workFolder: '' });
  test('is registered with a JIT config', async () => {
    const runner = { id: 9, name: 'r', runnerScaleSetId: 7 };
    const made = answering(200, { runner, encodedJITConfig: 'b3BhcXVl' });
    expect(await register(made)).toEqual({ runner, encodedJitConfig: 'b3BhcXVl' });
    expect(made.farSide.asked[0]?.body).toBe('{"name":"r","workFolder":""}');
  });
  test('E6: exists when its name is taken, even when the answer claims to be plain text', async () => {
    expect(await register(answering(409, agent('Exists')))).toBe('exists');
    expect(await register(rig(() => text(409, JSON.stringify(agent('Exists')))))).toBe('exists');
  });
  // GitHub's client gives an empty config here (C21), and a pod would start with it.
  test('C21: is not registered by an answer without a JIT config', async () => {
    expect(await thrownBy(() => register(answering(200, {})))).toMatchObject({
      code: 'bad-answer',
    });
  });
  test('is refused with the time to wait when too many are registered', async () => {
    const made = answering(429, { message: 'slow down' }, { 'retry-after': '90' });
    expect(await thrownBy(() => register(made))).toMatchObject({
      code: 'rate-limited',
      retryAfterMs: 90_000,
    });
    expect(made.farSide.asked).toHaveLength(1);
  });
});
