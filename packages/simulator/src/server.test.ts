import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { createControl } from './control.ts';
import { listen } from './server.ts';
import type { RunningServer } from './server.ts';
import { createSimulator } from './simulator.ts';
import type { Simulator } from './simulator.ts';
import { ACCEPT, aScaleSet, aSession, connect } from './testing/client.ts';

const open: RunningServer[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map(async (server) => server.close()));
});

async function aServer(): Promise<{ simulator: Simulator; url: string; token: string }> {
  const simulator = createSimulator();
  const onError = (error: unknown): never => expect.fail(String(error));
  const server = await listen(simulator.serve, { host: '127.0.0.1', port: 0, onError });
  open.push(server);
  const client = await connect(simulator);
  const { id } = await aScaleSet(client);
  const { messageQueueAccessToken: token } = await aSession(client, id);
  return { simulator, url: server.url, token };
}

const headersOf = (token: string): Record<string, string> => ({
  accept: ACCEPT,
  authorization: `Bearer ${token}`,
  'x-scalesetmaxcapacity': '3',
});

// Things happen on other turns of the event loop here: `check` is asked until it holds, vitest's time-out ends it.
async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setImmediate(resolve));
}

describe('over a socket', () => {
  test('a poll is held, and answered at once when a job comes', async () => {
    const { simulator, url, token } = await aServer();
    const answer = fetch(`${url}/scalesets/message`, { headers: headersOf(token) });
    await until(() => simulator.waiting() === 1);
    for (let i = 0; i < 3; i += 1) simulator.queueJob({ labels: ['demo'] });
    const { body } = (await (await answer).json()) as { body: string };
    expect(JSON.parse(body)).toHaveLength(3);
  });

  test('a client that goes away frees its poll, and its message is not lost', async () => {
    const { simulator, url, token } = await aServer();
    const call = request(`${url}/scalesets/message`, {
      headers: { ...headersOf(token), 'user-agent': 'test' },
    });
    call.on('error', () => undefined).end();
    await until(() => simulator.waiting() === 1);
    call.destroy();
    await until(() => simulator.waiting() === 0);
    simulator.queueJob({ labels: ['demo'] });
    const again = await fetch(`${url}/scalesets/message`, { headers: headersOf(token) });
    expect(again.status).toBe(200);
  });

  test('a dropped connection is one for the client too', async () => {
    const { simulator, url, token } = await aServer();
    simulator.faults.add({ call: 'get-message', effect: { do: 'drop' } });
    const call = fetch(`${url}/scalesets/message`, { headers: headersOf(token) });
    await expect(call).rejects.toThrow('fetch failed');
  });
});

describe('the control API', () => {
  test('queues jobs, streams events and shows the state', async () => {
    const { url } = await aServer();
    const control = createControl(url);
    const leave = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of control.events({ since: 0, signal: leave.signal })) {
        seen.push(event.type);
        if (event.type === 'job') break;
      }
    })();
    const job = await control.queueJob({ labels: ['demo'], id: 'one' });
    await reading;
    leave.abort();
    expect(job.waiting).toBe('scale set demo has not asked for jobs yet');
    expect(seen).toEqual(['scale-set', 'session', 'job']);
    expect(await control.state()).toMatchObject({
      scaleSets: [{ name: 'demo', session: { owner: 'me', isPolling: false } }],
      jobs: [{ id: 'one' }],
    });
    await control.cancelJob('one');
    expect(await control.job('one')).toMatchObject({ state: 'completed', result: 'canceled' });
  });

  test('runs a workflow file, and tells where a broken one is broken', async () => {
    const { url } = await aServer();
    const control = createControl(url);
    const file = { path: '.github/workflows/ci.yml', repositoryPath: '/nowhere' };
    const content = 'on: push\njobs:\n  build:\n    runs-on: demo\n    steps:\n      - run: true\n';
    const started = await control.startRun({ ...file, content });
    if (started.is !== 'started') return expect.fail('it is not broken');
    expect(started.run).toMatchObject({
      state: 'running',
      jobs: [{ key: 'build', labels: ['demo'] }],
    });
    expect(await control.run(started.run.id)).toMatchObject({ id: started.run.id });
    await control.cancelRun(started.run.id);
    expect(await control.run(started.run.id)).toMatchObject({ state: 'completed' });
    const broken = await control.startRun({ ...file, content: 'on: push\njobs: 7\n' });
    expect(broken).toMatchObject({ is: 'broken', problems: [expect.stringMatching(/ci\.yml:2:/)] });
  });

  test('says what is wrong with a wish, and answers this machine only', async () => {
    const { simulator, url } = await aServer();
    const control = createControl(url);
    await expect(control.queueJob({ labels: [] })).rejects.toThrow('labels');
    await expect(control.job('none')).rejects.toMatchObject({ status: 404 });
    const { signal } = new AbortController();
    const at = new URL(`${url}/_control/state`);
    const asked = { method: 'GET', url: at, header: () => undefined, body: '', signal };
    expect((await simulator.serve(asked, { isLoopback: false })).status).toBe(403);
  });

  test.each([
    { name: 'a web page', headers: { origin: 'https://evil.test' } },
    { name: 'a name that leads here', headers: { host: 'evil.test' } },
  ])('runs nothing for $name', async ({ headers }) => {
    const { simulator, url } = await aServer();
    const call = request(`${url}/_control/jobs`, { method: 'POST', headers });
    call.end('{"id":"evil","labels":["demo"]}');
    const [{ statusCode }] = (await once(call, 'response')) as [IncomingMessage];
    expect(statusCode).toBe(403);
    expect(simulator.job('evil')).toBeUndefined();
  });

  test('answers to the names of this machine', async () => {
    const { url } = await aServer();
    for (const host of ['localhost:1', '127.0.0.1', '[::1]:80']) {
      const call = request(`${url}/_control/state`, { headers: { host } }).end();
      const [{ statusCode }] = (await once(call, 'response')) as [IncomingMessage];
      expect({ host, statusCode }).toEqual({ host, statusCode: 200 });
    }
  });

  test.each([
    { name: 'an id that is no text', path: 'jobs/%zz', status: 404 },
    { name: 'a job twice', path: 'jobs', body: '{"id":"one","labels":["demo"]}', status: 409 },
    { name: 'no scope', path: 'groups', body: '{"scope":"a/b/c","name":"g"}', status: 400 },
    { name: 'nowhere', path: 'modes', body: '{"scope":"///","mode":"acquire"}', status: 400 },
  ])('refuses $name with a $status, and goes on', async ({ path, body, status }) => {
    const { simulator, url } = await aServer();
    simulator.queueJob({ id: 'one', labels: ['demo'] });
    const init = body === undefined ? {} : { method: 'POST', body };
    const response = await fetch(`${url}/_control/${path}`, init);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ message: expect.any(String) as string });
  });

  test('scripts faults', async () => {
    const { url } = await aServer();
    const control = createControl(url);
    const effect = { do: 'delay', ms: 50 } as const;
    const { id } = await control.addFault({ call: 'generate-jit-config', effect });
    expect(await control.faults()).toMatchObject([{ id, hits: 0 }]);
    await control.clearFaults();
    expect(await control.faults()).toEqual([]);
  });
});
