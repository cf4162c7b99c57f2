// The simulator against recorded exchanges: it takes what GitHub's own client sends, and answers in the
// recorded shape. The client's tests hold the other side to the same files.
import { recorded } from '@muster/actions/testing';
import type { Recorded } from '@muster/actions/testing';
import { describe, expect, test } from 'vitest';
import { createSimulator } from './simulator.ts';
import type { SimulatorOptions, Simulator } from './simulator.ts';
import { ACCEPT, ORIGIN, aScaleSet, aSession, connect, sender } from './testing/client.ts';
import type { BareClient, Sent } from './testing/client.ts';

interface Rig {
  simulator: Simulator;
  client: BareClient;
  /** What stands for `{scaleSet}`, `{session}` and `{runner}` in a recorded path. */
  ids: Record<string, string>;
}

interface Ready extends Rig {
  queue: { url: string; token: string };
}

const aRig = async (options: SimulatorOptions = {}): Promise<Rig> => {
  const simulator = createSimulator({ holdMs: 0, ...options });
  return { simulator, client: await connect(simulator), ids: {} };
};

const withSet = async (options?: SimulatorOptions): Promise<Rig> => {
  const rig = await aRig(options);
  const { id } = await aScaleSet(rig.client, 'my-set');
  return { ...rig, ids: { scaleSet: `${id}` } };
};

async function withSession(options?: SimulatorOptions): Promise<Ready> {
  const rig = await withSet(options);
  const session = await aSession(rig.client, Number(rig.ids['scaleSet']));
  const { sessionId, messageQueueUrl: url, messageQueueAccessToken: token } = session;
  return { ...rig, ids: { ...rig.ids, session: sessionId }, queue: { url, token } };
}

async function withRunner(): Promise<Rig> {
  const rig = await withSet();
  const { body } = await repeat(rig, 'create-jit-config');
  return {
    ...rig,
    ids: { ...rig.ids, runner: `${(body as { runner: { id: number } }).runner.id}` },
  };
}

/** With a runner that has a job. */
async function withBusyRunner(): Promise<Ready & { encodedJITConfig: string }> {
  const rig = await withSession();
  const { body } = await repeat(rig, 'create-jit-config');
  const { runner, encodedJITConfig } = body as { runner: { id: number }; encodedJITConfig: string };
  rig.simulator.queueJob({ labels: ['my-set'] });
  await pollQueue(rig);
  return { ...rig, ids: { ...rig.ids, runner: `${runner.id}` }, encodedJITConfig };
}

/** Sends the recorded request as it stands, but for the ids. */
async function repeat({ client, ids }: Rig, name: string, token = client.admin): Promise<Sent> {
  const { request } = recorded(name);
  if (!request) throw new Error(`no request is recorded for ${name}`);
  const path = request.path.replace(/\{(\w+)\}/g, (_whole, id: string) => ids[id] ?? '0');
  const { method, headers, body } = request;
  return client.send(method, client.base + path, { token, headers, body });
}

const pollQueue = async ({ client, queue }: Ready): Promise<Sent> =>
  client.send('GET', queue.url, {
    token: queue.token,
    headers: { accept: ACCEPT, 'x-scalesetmaxcapacity': '5', 'content-type': undefined },
  });

/** Keys and types, the values left out. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shape);
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, shape(held)]));
}

const outlined = ({ status, headers, body }: Sent): unknown => ({
  status,
  ...(status !== 204 && {
    type: headers.get('content-type')?.replace(/;.*/, ''),
    body: shape(body),
  }),
});

const expectedOf = ({ status, headers, body }: Recorded): unknown => ({
  status,
  ...(status !== 204 && {
    type: headers?.['content-type']?.replace(/;.*/, ''),
    body: shape(body),
  }),
});

const CALLS: { name: string; rig: () => Promise<Rig> }[] = [
  { name: 'create-scale-set', rig: aRig },
  { name: 'find-scale-set', rig: withSet },
  { name: 'find-no-scale-set', rig: withSet },
  { name: 'get-scale-set', rig: withSet },
  { name: 'find-runner-group', rig: aRig },
  { name: 'rename-scale-set', rig: withSet },
  { name: 'delete-scale-set', rig: withSet },
  { name: 'create-session', rig: withSet },
  { name: 'refresh-session', rig: withSession },
  { name: 'delete-session', rig: withSession },
  { name: 'create-jit-config', rig: withSet },
  { name: 'get-runner', rig: withRunner },
  { name: 'find-runner', rig: withRunner },
  { name: 'remove-runner', rig: withRunner },
];

test.each(CALLS)('$name is taken and answered as recorded', async ({ name, rig }) => {
  const made = await rig();
  const sent = await repeat(made, name);
  expect(outlined(sent)).toEqual(expectedOf(recorded(name)));
  expect(made.simulator.violations()).toEqual([]);
});

test('the connection is made as recorded', async () => {
  const simulator = createSimulator();
  const send = sender(simulator);
  const [registration, connection] = [recorded('registration-token'), recorded('admin-connection')];
  const at = (one: Recorded) => `${ORIGIN}/api/v3${one.request?.path ?? ''}`;
  const { headers } = registration.request ?? {};
  const first = await send('POST', at(registration), { token: 'ghp_x', headers: headers ?? {} });
  expect(outlined(first)).toEqual(expectedOf(registration));
  const { token } = first.body as { token: string };
  const second = await send('POST', at(connection), {
    headers: { ...connection.request?.headers, authorization: `RemoteAuth ${token}` },
    body: connection.request?.body,
  });
  expect(outlined(second)).toEqual(expectedOf(connection));
  expect(simulator.violations()).toEqual([]);
});

test('jobs are acquired as recorded, where they are offered', async () => {
  const rig = await withSession({ mode: 'acquire' });
  for (let job = 0; job < 2; job += 1) rig.simulator.queueJob({ labels: ['my-set'] });
  await pollQueue(rig);
  const sent = await repeat(rig, 'acquire-jobs', rig.queue.token);
  expect(outlined(sent)).toEqual(expectedOf(recorded('acquire-jobs')));
  expect(sent.body).toEqual(recorded('acquire-jobs').body);
});

const bodyOf = ({ body }: Sent): Record<string, unknown>[] =>
  JSON.parse((body as { body: string }).body) as Record<string, unknown>[];

describe('a message', () => {
  test('has the envelope and the statistics of the recorded one', async () => {
    const rig = await withSession();
    rig.simulator.queueJob({ labels: ['my-set'] });
    const sent = await pollQueue(rig);
    expect(sent.status).toBe(200);
    expect(shape(sent.body)).toEqual(shape(recorded('message-job-assigned').body));
    expect(sent.body).toMatchObject({ messageType: 'RunnerScaleSetJobMessages' });
    const [assigned] = JSON.parse(
      (recorded('message-job-assigned').body as { body: string }).body,
    ) as unknown[];
    expect(shape(bodyOf(sent)[0])).toMatchObject(shape(assigned) as object);
  });

  test('tells of a started and of a completed job as recorded', async () => {
    const rig = await withBusyRunner();
    const runner = rig.simulator.runners.connect(rig.encodedJITConfig);
    const { messageId } = (await pollQueue(rig)).body as { messageId: number };
    await rig.client.send('DELETE', `${rig.queue.url}/${messageId}`, { token: rig.queue.token });
    runner.start();
    runner.complete();
    const told = bodyOf(await pollQueue(rig));
    for (const name of ['job-started', 'job-completed']) {
      const expected = recorded(name).body as { messageType: string };
      const one = told.find(({ messageType }) => messageType === expected.messageType);
      expect(shape(one)).toMatchObject(shape(expected) as object);
    }
  });
});

const REFUSALS: { name: string; refused: () => Promise<Sent> }[] = [
  {
    name: 'error-agent-exists',
    refused: async () => repeat(await withRunner(), 'create-jit-config'),
  },
  {
    name: 'error-agent-not-found',
    refused: async () => repeat(await withSet(), 'get-runner'),
  },
  {
    name: 'error-job-still-running',
    refused: async () => {
      const rig = await withBusyRunner();
      rig.simulator.runners.connect(rig.encodedJITConfig).start();
      return repeat(rig, 'remove-runner');
    },
  },
  {
    name: 'error-scale-set-exists',
    refused: async () => repeat(await withSet(), 'create-scale-set'),
  },
  {
    name: 'error-scale-set-not-found',
    refused: async () => repeat(await aRig(), 'create-session'),
  },
  {
    name: 'error-session-conflict',
    refused: async () => repeat(await withSession(), 'create-session'),
  },
  {
    name: 'error-session-expired',
    refused: async () => repeat(await withSet(), 'delete-session'),
  },
  {
    name: 'error-session-unknown',
    refused: async () => repeat(await withSet(), 'refresh-session'),
  },
];

test.each(REFUSALS)('$name is said as recorded', async ({ name, refused }) => {
  const sent = await refused();
  const { headers = {}, body } = recorded(name);
  expect(outlined(sent)).toEqual(expectedOf(recorded(name)));
  const { typeName, typeKey } = body as { typeName: string; typeKey: string };
  expect(sent.body).toMatchObject({ typeName, typeKey });
  for (const header of Object.keys(headers)) expect(sent.headers.get(header)).not.toBeNull();
});

test('a bad token is refused in the words of GitHub', async () => {
  const { simulator } = await aRig();
  simulator.registerToken({ token: 'ghp_good' });
  const path = recorded('registration-token').request?.path ?? '';
  const sent = await sender(simulator)('POST', `${ORIGIN}/api/v3${path}`, { token: 'ghp_bad' });
  const { status, body } = recorded('error-bad-credentials');
  expect(sent).toMatchObject({ status, body });
});
