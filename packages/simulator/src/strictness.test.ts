// What the real service refuses, or what no client of GitHub's sends (protocol.md 3, 5.6, 12.1): each is kept.
import { describe, expect, test } from 'vitest';
import { decodeJitConfig } from './runner-protocol.ts';
import { createSimulator } from './simulator.ts';
import type { Simulator } from './simulator.ts';
import { ACCEPT, ORIGIN, aScaleSet, aSession, connect } from './testing/client.ts';
import type { BareClient, SendOptions } from './testing/client.ts';

const SETS = '_apis/runtime/runnerscalesets';
const AGENTS = '_apis/distributedtask/pools/0/agents';
const VERSION = 'api-version=6.0-preview';

interface Place {
  simulator: Simulator;
  client: BareClient;
  set: string;
  session: string;
  queueUrl: string;
  tokens: Record<Kind, string>;
}

type Kind = 'personal' | 'registration' | 'admin' | 'queue' | 'runner';

async function aPlace(mode: 'assign' | 'acquire' = 'assign'): Promise<Place> {
  const simulator = createSimulator({ holdMs: 0, mode });
  simulator.registerToken({ token: 'pat' });
  const client = await connect(simulator);
  const { id } = await aScaleSet(client);
  const session = await aSession(client, id);
  const set = `${client.base}${SETS}/${id}`;
  const jit = await client.api('POST', `${SETS}/${id}/generatejitconfig`, { name: 'r' });
  const { encodedJITConfig } = jit.body as { encodedJITConfig: string };
  const registration = await client.send('POST', REGISTRATION_TOKEN, { token: 'pat' });
  return {
    simulator,
    client,
    set,
    session: `${set}/sessions/${session.sessionId}`,
    queueUrl: session.messageQueueUrl,
    tokens: {
      personal: 'pat',
      registration: (registration.body as { token: string }).token,
      admin: client.admin,
      queue: session.messageQueueAccessToken,
      runner: decodeJitConfig(encodedJITConfig)?.token ?? '',
    },
  };
}

const REGISTRATION_TOKEN = `${ORIGIN}/api/v3/orgs/my-org/actions/runners/registration-token`;
const REGISTER = `${ORIGIN}/api/v3/actions/runner-registration`;
const POLL = { accept: ACCEPT, 'x-scalesetmaxcapacity': '1', 'content-type': undefined };

interface Case {
  name: string;
  send: (place: Place) => [method: string, url: string, options?: SendOptions];
  status: number;
  /** Absent: it is let pass. */
  rule?: string;
}

const kept = ({ simulator }: Place): { rule: string; refused: boolean }[] =>
  simulator.violations().map(({ rule, refused }) => ({ rule, refused }));

async function send(place: Place, call: Case['send']): Promise<number> {
  const [method, url, options] = call(place);
  return (await place.client.send(method, url, options)).status;
}

const api = (
  { client, tokens }: Place,
  method: string,
  path: string,
): [string, string, SendOptions] => [
  method,
  `${client.base}${path}${path.includes('?') ? '&' : '?'}${VERSION}`,
  { token: tokens.admin },
];

describe('refused', () => {
  test.each<Case>([
    {
      name: 'a call without a User-Agent, by the service',
      send: (at) => {
        const [method, url, options] = api(at, 'GET', SETS);
        return [method, url, { ...options, headers: { 'user-agent': undefined } }];
      },
      status: 400,
      rule: 'User-Agent must be sent',
    },
    {
      name: 'a call without a User-Agent, by GitHub',
      send: () => [
        'POST',
        REGISTRATION_TOKEN,
        { token: 'pat', headers: { 'user-agent': undefined } },
      ],
      status: 403,
      rule: 'User-Agent must be sent',
    },
    {
      name: 'a call without its version',
      send: ({ client, tokens }) => ['GET', client.base + SETS, { token: tokens.admin }],
      status: 400,
      rule: 'api-version must be 6.0-preview, not absent',
    },
    {
      name: 'a version that there is not',
      send: ({ set, tokens }) => ['GET', `${set}?api-version=7.0`, { token: tokens.admin }],
      status: 400,
      rule: 'api-version must be 6.0-preview, not 7.0',
    },
    {
      name: 'a method that the path has not',
      send: (at) => api(at, 'PUT', `${SETS}/1`),
      status: 405,
      rule: 'PUT is not allowed here',
    },
    {
      name: 'a path that there is not',
      send: (at) => api(at, 'GET', '_apis/runtime/nothing'),
      status: 404,
      rule: 'no such path',
    },
    {
      name: 'the service below /api/v3',
      send: ({ set, tokens }) => [
        'GET',
        `${set.replace(ORIGIN, `${ORIGIN}/api/v3`)}?${VERSION}`,
        { token: tokens.admin },
      ],
      status: 404,
      rule: 'no such path',
    },
    {
      name: 'a token in another scheme',
      send: ({ set }) => [
        'GET',
        `${set}?${VERSION}`,
        { headers: { authorization: 'Basic dXNlcjpwYXNz' } },
      ],
      status: 401,
      rule: 'Authorization must be a Bearer token',
    },
    {
      name: 'no token at all',
      send: ({ queueUrl }) => ['GET', queueUrl, { headers: POLL }],
      status: 401,
      rule: 'Authorization must be a Bearer token',
    },
    {
      name: 'a registration token as a Bearer token',
      send: ({ tokens }) => ['POST', REGISTER, { token: tokens.registration }],
      status: 401,
      rule: 'Authorization must be a RemoteAuth token',
    },
    {
      name: 'an event other than register',
      send: ({ tokens }) => [
        'POST',
        REGISTER,
        {
          headers: { authorization: `RemoteAuth ${tokens.registration}` },
          body: { url: `${ORIGIN}/my-org`, runner_event: 'remove' },
        },
      ],
      status: 422,
      rule: 'runner_event must be register',
    },
    {
      name: 'a runner group that is no number',
      send: (at) => api(at, 'GET', `${SETS}?runnerGroupId=default&name=demo`),
      status: 400,
      rule: 'runnerGroupId must be a whole number',
    },
    {
      name: 'a body that is not JSON',
      send: ({ session, tokens }) => [
        'POST',
        `${session.replace(/\/[^/]+$/, '')}?${VERSION}`,
        { token: tokens.admin, body: '{' },
      ],
      status: 400,
      rule: 'the body is not JSON',
    },
    {
      name: 'a body of another type',
      send: ({ set, tokens }) => [
        'PATCH',
        `${set}?${VERSION}`,
        { token: tokens.admin, body: '{}', headers: { 'content-type': 'text/plain' } },
      ],
      status: 400,
      rule: 'a JSON body must not be sent as "text/plain"',
    },
    {
      name: 'a field of another type',
      send: ({ set, tokens }) => [
        'PATCH',
        `${set}?${VERSION}`,
        { token: tokens.admin, body: { runnerGroupId: '2' } },
      ],
      status: 400,
      rule: 'runnerGroupId: Invalid input: expected number, received string',
    },
    {
      name: 'a poll without its capacity',
      send: ({ queueUrl, tokens }) => [
        'GET',
        queueUrl,
        { token: tokens.queue, headers: { ...POLL, 'x-scalesetmaxcapacity': undefined } },
      ],
      status: 400,
      rule: 'X-ScaleSetMaxCapacity must be a whole number of at least 0',
    },
    {
      name: 'a poll that accepts anything',
      send: ({ queueUrl, tokens }) => [
        'GET',
        queueUrl,
        { token: tokens.queue, headers: { ...POLL, accept: '*/*' } },
      ],
      status: 400,
      rule: 'Accept must be application/json; api-version=6.0-preview',
    },
    {
      name: 'a cursor that is no number',
      send: ({ queueUrl, tokens }) => [
        'GET',
        `${queueUrl}?lastMessageId=x`,
        { token: tokens.queue, headers: POLL },
      ],
      status: 400,
      rule: 'lastMessageId must be a whole number',
    },
  ])('$name', async ({ send: call, status, rule }) => {
    const place = await aPlace();
    expect([await send(place, call), ...kept(place).slice(-1)]).toEqual([
      status,
      { rule, refused: true },
    ]);
  });

  test('a queue URL whose query was not kept', async () => {
    const place = await aPlace('acquire');
    const { queueUrl, tokens } = place;
    const bare = queueUrl.replace(/\?.*/, '');
    const answer = await place.client.send('GET', bare, { token: tokens.queue, headers: POLL });
    expect([answer.status, ...kept(place)]).toEqual([
      401,
      { rule: 'the query of the queue URL must be kept', refused: true },
    ]);
  });
});

describe('a token of another kind is refused', () => {
  interface Door {
    name: string;
    takes: Kind[];
    belongs: string;
    call: (place: Place, token: string) => [string, string, SendOptions];
    status: number;
  }
  const doors: Door[] = [
    {
      name: 'a registration token is asked for',
      takes: ['personal'],
      belongs: 'a personal access token or an installation token',
      call: (_, token) => ['POST', REGISTRATION_TOKEN, { token }],
      status: 201,
    },
    {
      name: 'runner-registration',
      takes: ['registration'],
      belongs: 'a registration token',
      call: (_, token) => [
        'POST',
        REGISTER,
        {
          headers: { authorization: `RemoteAuth ${token}` },
          body: { url: `${ORIGIN}/my-org`, runner_event: 'register' },
        },
      ],
      status: 200,
    },
    {
      name: 'a scale set is read',
      takes: ['admin'],
      belongs: 'an admin token',
      call: ({ set }, token) => ['GET', `${set}?${VERSION}`, { token }],
      status: 200,
    },
    {
      name: 'a session is refreshed',
      takes: ['admin'],
      belongs: 'an admin token',
      call: ({ session }, token) => ['PATCH', `${session}?${VERSION}`, { token }],
      status: 200,
    },
    {
      name: 'the queue is polled',
      takes: ['queue'],
      belongs: 'a queue token',
      call: ({ queueUrl }, token) => ['GET', queueUrl, { token, headers: POLL }],
      status: 202,
    },
    {
      name: 'a message is deleted',
      takes: ['queue'],
      belongs: 'a queue token',
      call: ({ queueUrl }, token) => ['DELETE', `${queueUrl}/7`, { token }],
      status: 404,
    },
    {
      // Not the admin token, although it is a call of the service.
      name: 'jobs are acquired',
      takes: ['queue'],
      belongs: 'a queue token',
      call: ({ set }, token) => ['POST', `${set}/acquirejobs?${VERSION}`, { token, body: [] }],
      status: 404,
    },
    {
      name: 'a runner comes online',
      takes: ['runner'],
      belongs: "a runner's token",
      call: (_, token) => ['POST', `${ORIGIN}/_runner/session`, { token }],
      status: 204,
    },
  ];
  const kinds: Record<Kind, string> = {
    personal: 'a personal access token',
    registration: 'a registration token',
    admin: 'an admin token',
    queue: 'a queue token',
    runner: "a runner's token",
  };
  test.each(doors)('where $name', async ({ takes, belongs, call, status }) => {
    const place = await aPlace();
    for (const [kind, name] of Object.entries(kinds) as [Kind, string][]) {
      const [method, url, options] = call(place, place.tokens[kind]);
      const answer = await place.client.send(method, url, options);
      if (takes.includes(kind)) expect([kind, answer.status]).toEqual([kind, status]);
      else {
        const rule = `${name} where ${belongs} belongs`;
        expect([kind, answer.status, ...kept(place).slice(-1)]).toEqual([
          kind,
          401,
          { rule, refused: true },
        ]);
      }
    }
  });
});

describe('let pass, and kept', () => {
  test.each<Case>([
    {
      name: 'a name that was not encoded',
      send: (at) => api(at, 'GET', `${SETS}?runnerGroupId=1&name=a&b`),
      status: 200,
      rule: 'unknown query parameter b',
    },
    {
      name: 'a call without a Content-Type',
      send: (at) => {
        const [method, url, options] = api(at, 'GET', `${AGENTS}?agentName=x`);
        return [method, url, { ...options, headers: { 'content-type': undefined } }];
      },
      status: 200,
      rule: 'Content-Type must be JSON, not absent',
    },
    {
      name: 'a refresh with a body',
      send: ({ session, tokens }) => [
        'PATCH',
        `${session}?${VERSION}`,
        { token: tokens.admin, body: {} },
      ],
      status: 200,
      rule: 'a body where none belongs',
    },
    {
      name: 'a field deep in the body',
      send: ({ set, tokens }) => [
        'PATCH',
        `${set}?${VERSION}`,
        { token: tokens.admin, body: { labels: [{ name: 'a', colour: 'red' }] } },
      ],
      status: 200,
      rule: 'unknown field colour',
    },
    {
      name: 'a cursor from nowhere',
      send: ({ queueUrl, tokens }) => [
        'GET',
        `${queueUrl}?lastMessageId=900000000`,
        { token: tokens.queue, headers: POLL },
      ],
      status: 202,
      rule: 'lastMessageId was never issued',
    },
  ])('$name', async ({ send: call, status, rule }) => {
    const place = await aPlace();
    expect([await send(place, call), ...kept(place)]).toEqual([status, { rule, refused: false }]);
  });
});

describe('nothing wrong with it', () => {
  test.each<Case>([
    {
      name: 'double slashes',
      send: ({ client, tokens }) => [
        'GET',
        `${client.base}/${SETS}?${VERSION}`,
        { token: tokens.admin },
      ],
      status: 200,
    },
    {
      name: 'keys in another case, deep ones too',
      send: ({ set, tokens }) => [
        'PATCH',
        `${set}?${VERSION}`,
        { token: tokens.admin, body: { runnerSetting: { DisableUpdate: true } } },
      ],
      status: 200,
    },
    {
      name: 'a session of the nil GUID',
      send: ({ set, tokens }) => [
        'POST',
        `${set}/sessions?${VERSION}`,
        {
          token: tokens.admin,
          body: { sessionId: '00000000-0000-0000-0000-000000000000', ownerName: 'you' },
        },
      ],
      status: 409,
    },
    {
      name: "GitHub's own scheme for a personal token",
      send: () => ['POST', REGISTRATION_TOKEN, { headers: { authorization: 'token pat' } }],
      status: 201,
    },
    {
      name: 'the REST API without /api/v3',
      send: () => ['POST', REGISTRATION_TOKEN.replace('/api/v3', ''), { token: 'pat' }],
      status: 201,
    },
    {
      name: 'a runner that does not exist, when it is removed',
      send: (at) => api(at, 'DELETE', `${AGENTS}/0`),
      status: 204,
    },
  ])('$name', async ({ send: call, status }) => {
    const place = await aPlace();
    expect([await send(place, call), kept(place)]).toEqual([status, []]);
  });
});

describe('a personal access token', () => {
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

  // ARC before 0.7: protocol.md 2.4.
  test.each([
    { name: 'as a Bearer token', authorization: 'Bearer pat', status: 201 },
    { name: 'as the password of anybody', authorization: basic('github:pat'), status: 201 },
    { name: 'as a wrong password', authorization: basic('github:tap'), status: 401 },
    { name: 'as a user name', authorization: basic('pat:'), status: 401 },
  ])('$name is a $status', async ({ authorization, status }) => {
    const { client } = await aPlace();
    const answer = await client.send('POST', REGISTRATION_TOKEN, { headers: { authorization } });
    expect(answer.status).toBe(status);
  });
});
