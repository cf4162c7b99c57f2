// The client against recorded exchanges: it asks as GitHub's own client does, and reads what GitHub answered. The
// simulator's tests hold the far side to the same files.
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ORIGIN, aClient, aFarSide, json } from './testing/far-side.ts';
import type { Asked } from './testing/far-side.ts';
import { recorded } from './testing/recorded.ts';
import type { RecordedRequest } from './testing/recorded.ts';
import type { ActionsClient } from './types.ts';
import type { JitRunnerConfig, List, RunnerScaleSetSession } from './wire.ts';

const SESSION = (recorded('create-session').body as RunnerScaleSetSession).sessionId;
const IDS: Record<string, string> = { scaleSet: '7', session: SESSION, runner: '12' };

const filled = (path: string): string =>
  path.replace(/\{(\w+)\}/g, (_whole, name: string) => IDS[name] ?? name);

const answer = (name: string): Response => {
  const { status = 200, headers, body } = recorded(name);
  return body === undefined ? new Response(null, { status }) : json(status, body, headers);
};

interface Exchange {
  name: string;
  ask: (client: ActionsClient) => Promise<unknown>;
  /** What the client makes of the recorded body. */
  gives: (body: unknown) => unknown;
}

const asIs = (body: unknown): unknown => body;
const onlyOne = (body: unknown): unknown => (body as List<unknown>).value[0];
const sessionOf = (body: unknown): unknown => {
  const { sessionId: id, statistics } = body as RunnerScaleSetSession;
  return { id, statistics, scaleSetId: 7 };
};
const RUNNER = 'my-set-runner-abcdefgh';

const EXCHANGES: Exchange[] = [
  {
    name: 'create-scale-set',
    ask: (client) => client.createScaleSet({ name: 'my-set', runnerGroupId: 1 }),
    gives: asIs,
  },
  {
    name: 'find-scale-set',
    ask: (client) => client.findScaleSet({ name: 'my-set', runnerGroupId: 1 }),
    gives: onlyOne,
  },
  {
    name: 'find-no-scale-set',
    ask: (client) => client.findScaleSet({ name: 'other', runnerGroupId: 1 }),
    gives: () => undefined,
  },
  { name: 'get-scale-set', ask: (client) => client.getScaleSet(7), gives: asIs },
  {
    name: 'find-runner-group',
    ask: (client) => client.findRunnerGroup('Default'),
    gives: onlyOne,
  },
  {
    name: 'rename-scale-set',
    ask: (client) => client.updateScaleSet(7, { name: 'renamed' }),
    gives: asIs,
  },
  { name: 'delete-scale-set', ask: (client) => client.deleteScaleSet(7), gives: () => 'deleted' },
  { name: 'create-session', ask: (client) => client.createSession(7, 'owner'), gives: sessionOf },
  { name: 'refresh-session', ask: (client) => client.resumeSession(7, SESSION), gives: sessionOf },
  {
    name: 'delete-session',
    ask: (client) => client.deleteSession(7, SESSION),
    gives: () => 'deleted',
  },
  {
    name: 'create-jit-config',
    ask: (client) => client.createJitConfig({ scaleSetId: 7, name: RUNNER, workFolder: '' }),
    gives: (body) => {
      const { runner, encodedJITConfig } = body as JitRunnerConfig;
      return { runner, encodedJitConfig: encodedJITConfig };
    },
  },
  { name: 'get-runner', ask: (client) => client.getRunner(12), gives: asIs },
  { name: 'find-runner', ask: (client) => client.findRunner(RUNNER), gives: onlyOne },
  { name: 'remove-runner', ask: (client) => client.removeRunner(12), gives: () => 'removed' },
];

/** Asked for by other tests of this package: what they are about is more than one exchange. */
const ELSEWHERE = /^(error-.+|job-.+|message-.+|registration-token|admin-connection|acquire-jobs)$/;

test('every recorded exchange is used', () => {
  const files = readdirSync(new URL('../fixtures/', import.meta.url));
  const names = files.map((file) => file.replace('.json', '')).filter((n) => !ELSEWHERE.test(n));
  expect(EXCHANGES.map(({ name }) => name).sort()).toEqual(names.sort());
});

function requestOf(name: string): RecordedRequest {
  const { request } = recorded(name);
  if (request === undefined) throw new Error(`no request is recorded for ${name}`);
  return request;
}

const parsed = (body: string): unknown => (body === '' ? undefined : JSON.parse(body));

/** Go sends its zero values too, and the service has to ignore them. */
function expectAsRecorded(name: string, asked: Asked | undefined): void {
  const { method, path, headers, body } = requestOf(name);
  if (asked === undefined) throw new Error(`${name} was not asked for`);
  const { pathname, search } = asked.url;
  const seen = { method: asked.method, path: pathname.replace('/tenant/123/', '') + search };
  expect(seen).toEqual({ method, path: filled(path) });
  expect(asked.headers.get('content-type')).toBe(headers['content-type']);
  expect({ body }).toMatchObject({ body: parsed(asked.body) });
}

test.each(EXCHANGES)('$name is asked for and read as recorded', async ({ name, ask, gives }) => {
  const farSide = aFarSide(() => answer(name));
  const given = await ask(aClient(farSide).client);
  const expected = gives(recorded(name).body);
  expect({ given }).toMatchObject({ given: expected });
  expectAsRecorded(name, farSide.asked[0]);
});

test('the connection is made and read as recorded', async () => {
  const asked: Asked[] = [];
  const far = aFarSide([() => answer('registration-token'), () => answer('admin-connection')]);
  const { client } = aClient(far, {
    configUrl: 'https://github.com/my-org',
    fetch: async (request) => {
      const { host } = new URL(request.url);
      if (host === 'api.github.com') return far.fetch(request);
      const { method, url, headers } = request;
      asked.push({ method, url: new URL(url), headers, body: await request.text() });
      return answer('get-scale-set');
    },
  });
  await client.getScaleSet(7);
  expectAsRecorded('registration-token', far.asked[0]);
  expectAsRecorded('admin-connection', far.asked[1]);
  const { token, url } = recorded('admin-connection').body as { token: string; url: string };
  expect(asked[0]?.url.href.startsWith(`${url}_apis/runtime/`)).toBe(true);
  expect(asked[0]?.headers.get('authorization')).toBe(`Bearer ${token}`);
});

test('jobs are acquired as recorded', async () => {
  const farSide = aFarSide(({ url }) =>
    answer(url.pathname.endsWith('/sessions') ? 'create-session' : 'acquire-jobs'),
  );
  const { client } = aClient(farSide, { configUrl: `${ORIGIN}/my-org` });
  const session = await client.createSession(7, 'owner');
  expect(await session.acquire([1, 2])).toEqual([1, 2]);
  expectAsRecorded('acquire-jobs', farSide.asked[1]);
});
