// The numbers are those of the conformance list, reference/protocol.md 10.3.
import { describe, expect, test } from 'vitest';
import { isActionsError } from './errors.ts';
import { ORIGIN, aClient, aFarSide, json, text, thrownBy } from './testing/far-side.ts';
import type { Asked, FarSide, Reply, Rig } from './testing/far-side.ts';
import type { RetryOptions } from './options.ts';
import type { MessageSession } from './types.ts';

const SESSION_ID = '3fa85f64-5717-4562-b3fc-2c963f66afa6';
const STATISTICS = {
  totalAvailableJobs: 0,
  totalAcquiredJobs: 0,
  totalAssignedJobs: 2,
  totalRunningJobs: 1,
  totalRegisteredRunners: 1,
  totalBusyRunners: 1,
  totalIdleRunners: 0,
};
const MESSAGE = { messageId: 1, messageType: 'RunnerScaleSetJobMessages' };

const sessionBody = (token: string, queueUrl = ORIGIN) => ({
  sessionId: SESSION_ID,
  ownerName: 'owner',
  runnerScaleSet: { id: 7, name: 'set' },
  messageQueueUrl: queueUrl,
  messageQueueAccessToken: token,
  statistics: STATISTICS,
});

const isSessions = ({ url }: Asked): boolean => url.pathname.includes('/sessions');
const bearer = ({ headers }: Asked): string | null => headers.get('authorization');

/** The session calls succeed, with tokens queue-1, queue-2, …; the queue and acquirejobs answer as told. */
async function aSession(
  queue: Reply | Reply[],
  sessions: Reply = nextTokens(),
  retry: RetryOptions = { max: 0 },
): Promise<{ session: MessageSession; queued: () => Asked[]; farSide: FarSide }> {
  const queueSide = aFarSide(queue);
  const farSide = aFarSide((asked) => {
    if (isSessions(asked)) return sessions(asked);
    const { url, method, headers, body } = asked;
    return queueSide.fetch(new Request(url, { method, headers, body: body || null }));
  });
  const session = await aClient(farSide, { retry }).client.createSession(7, 'owner');
  return { session, queued: () => queueSide.asked, farSide };
}

function nextTokens(queueUrl?: string): Reply {
  let made = 0;
  return ({ method }) => {
    if (method === 'DELETE') return new Response(null, { status: 204 });
    made += 1;
    return json(200, sessionBody(`queue-${made}`, queueUrl));
  };
}

const done = (): Response => new Response(null, { status: 204 });
const none = (): Response => new Response(null, { status: 202 });
const expired = (): Response => text(401, 'expired');
const exception = (name: string, message: string) => ({
  typeName: `GitHub.Actions.Runtime.WebApi.${name}, GitHub.Actions.Runtime.WebApi`,
  message,
});

describe('a session', () => {
  test('M1: is what the service made, asked for with the nil id and the owner', async () => {
    const { session, farSide } = await aSession(none);
    expect(session).toMatchObject({ id: SESSION_ID, scaleSetId: 7, statistics: STATISTICS });
    expect(farSide.asked[0]).toMatchObject({
      method: 'POST',
      body: '{"sessionId":"00000000-0000-0000-0000-000000000000","ownerName":"owner"}',
    });
  });

  test('M2: is refused with the exception and the activity id', async () => {
    const { client } = aClient(
      aFarSide(() =>
        json(400, { typeName: 'A.CSharpException, A', message: 'test' }, { activityid: 'act' }),
      ),
    );
    expect(await thrownBy(() => client.createSession(7, 'owner'))).toMatchObject({
      code: 'refused',
      status: 400,
      activityId: 'act',
      exception: 'CSharpException',
      message: expect.stringContaining('400 Bad Request: CSharpException: test') as string,
    });
  });

  test.each([
    {
      body: exception(
        'RunnerScaleSetSessionConflictException',
        'The runner scale set X already has an active session for owner Y.',
      ),
      says: 'owner Y',
    },
    { body: { message: 'busy' }, says: 'busy' },
  ])('is in conflict after a 409, in the words of the service: $says', async ({ body, says }) => {
    const { client } = aClient(aFarSide(() => json(409, body)));
    const error = await thrownBy(() => client.createSession(7, 'owner'));
    expect(isActionsError(error, 'session-conflict') && error.message).toContain(says);
  });

  test('is no session of a scale set that is not there', async () => {
    const body = exception('RunnerScaleSetNotFoundException', 'No runner scale set found.');
    const { client } = aClient(aFarSide(() => json(404, body)));
    expect(await thrownBy(() => client.createSession(7, 'owner'))).toMatchObject({
      code: 'scale-set-not-found',
    });
  });

  test('is given back when it came without a queue, as the scale set would be locked', async () => {
    const farSide = aFarSide(nextTokens(''));
    const error = await thrownBy(() => aClient(farSide).client.createSession(7, 'owner'));
    expect(error).toMatchObject({
      code: 'bad-answer',
      message: expect.stringContaining('messageQueueUrl is missing or no URL') as string,
    });
    expect(farSide.asked.map(({ method }) => method)).toEqual(['POST', 'DELETE']);
  });

  test('is resumed with fresh statistics and a new token', async () => {
    const farSide = aFarSide((asked) => (isSessions(asked) ? nextTokens()(asked) : none()));
    const session = await aClient(farSide).client.resumeSession(7, SESSION_ID);
    expect(session).toMatchObject({ id: SESSION_ID, statistics: STATISTICS });
    expect(farSide.asked[0]).toMatchObject({ method: 'PATCH', body: '' });
    expect(farSide.asked[0]?.url.pathname).toBe(
      `/tenant/123/_apis/runtime/runnerscalesets/7/sessions/${SESSION_ID}`,
    );
  });

  test.each([
    { status: 400, body: exception('RunnerScaleSetSessionExpiredException', 'not valid') },
    { status: 404, body: exception('RunnerAdminException', 'no such session') },
    { status: 404, body: {} },
  ])('is not resumed after $status $body.typeName', async ({ status, body }) => {
    const { client } = aClient(aFarSide(() => json(status, body)));
    expect(await client.resumeSession(7, SESSION_ID)).toBeUndefined();
  });

  test.each([
    { gives: 'deleted', reply: done },
    { gives: 'absent', reply: () => json(404, {}) },
    {
      gives: 'absent',
      reply: () => json(400, exception('RunnerScaleSetSessionExpiredException', 'x')),
    },
  ])('is $gives', async ({ reply, gives }) => {
    const { client } = aClient(aFarSide(reply));
    expect(await client.deleteSession(7, SESSION_ID)).toBe(gives);
  });

  test.each([
    { call: 'created', run: ({ client }: Rig) => client.createSession(7, 'owner') },
    { call: 'refreshed', run: ({ client }: Rig) => client.resumeSession(7, SESSION_ID) },
    { call: 'deleted', run: ({ client }: Rig) => client.deleteSession(7, SESSION_ID) },
  ])('C11, O3: is $call in four attempts at most with three retries', async ({ run }) => {
    const farSide = aFarSide(() => json(500, { message: 'down' }));
    const error = await thrownBy(() => run(aClient(farSide, { retry: { max: 3 } })));
    expect(error).toMatchObject({ code: 'unavailable', status: 500 });
    expect(farSide.asked).toHaveLength(4);
  });

  test('is ended at the service when it is closed', async () => {
    const { session, farSide } = await aSession(none);
    await session.close();
    expect(farSide.asked.at(-1)).toMatchObject({ method: 'DELETE' });
  });
});

describe('a poll', () => {
  const poll = (session: MessageSession, lastMessageId = 0, maxCapacity = 0) =>
    session.poll({ lastMessageId, maxCapacity });

  test('M3: gives a message without body and statistics', async () => {
    const { session } = await aSession(() => json(200, MESSAGE));
    expect(await poll(session)).toMatchObject({ id: 1, assigned: 0, available: [] });
  });

  test('gives nothing after a 202', async () => {
    const { session } = await aSession(none);
    expect(await poll(session)).toBeUndefined();
  });

  test('M4, M9: sends cursor, capacity and token, and no content type or api-version', async () => {
    const url = `${ORIGIN}/queue?tenant=1`;
    const { session, queued } = await aSession(none, nextTokens(url));
    await poll(session, 0, 0);
    await poll(session, 1, 5);
    const [first, second] = queued();
    expect(first?.url.href).toBe(url);
    expect(second?.url.href).toBe(`${url}&lastMessageId=1`);
    expect(first?.headers.get('x-scalesetmaxcapacity')).toBe('0');
    expect(second?.headers.get('x-scalesetmaxcapacity')).toBe('5');
    expect(first && bearer(first)).toBe('Bearer queue-1');
    expect(first?.headers.get('accept')).toBe('application/json; api-version=6.0-preview');
    expect(first?.headers.has('content-type')).toBe(false);
    expect(JSON.parse(first?.headers.get('user-agent') ?? '')).toMatchObject({ scale_set_id: 7 });
  });

  test.each([-1, 1.5, Number.NaN])('O5: is not made with a capacity of %d', async (capacity) => {
    const { session, queued } = await aSession(none);
    expect(await thrownBy(() => poll(session, 0, capacity))).toMatchObject({ code: 'refused' });
    expect(queued()).toHaveLength(0);
  });

  test.each([
    { name: 'an empty 200', reply: () => text(200, ''), code: 'bad-answer' },
    {
      name: 'O4: an unknown envelope',
      reply: () => json(200, { ...MESSAGE, messageType: 'rss' }),
      code: 'bad-answer',
    },
    {
      name: 'a body that is no list',
      reply: () => json(200, { ...MESSAGE, body: '{}' }),
      code: 'bad-answer',
    },
    { name: 'M7: a 404', reply: () => text(404, null), code: 'not-found' },
    { name: 'M8: a 400', reply: () => text(400, 'bad'), code: 'refused' },
    { name: 'a 500', reply: () => text(500, 'oops'), code: 'unavailable' },
  ])('fails after $name', async ({ reply, code }) => {
    const { session } = await aSession(reply);
    expect(await thrownBy(() => poll(session))).toMatchObject({ code });
  });
});

describe('a call with the queue token', () => {
  const calls: { call: string; run: (session: MessageSession) => Promise<unknown>; good: Reply }[] =
    [
      {
        call: 'poll',
        run: (session) => session.poll({ lastMessageId: 0, maxCapacity: 1 }),
        good: () => json(200, MESSAGE),
      },
      { call: 'acknowledge', run: (session) => session.acknowledge(1), good: done },
      {
        call: 'acquire',
        run: (session) => session.acquire([1, 2]),
        good: () => json(200, { count: 2, value: [1, 2] }),
      },
    ];

  test.each(calls)('C11, M11: $call is tried twice with one retry', async ({ run }) => {
    const down = (): Response => json(503, { message: 'down' });
    const { session, queued } = await aSession(down, nextTokens(), { max: 1 });
    expect(await thrownBy(() => run(session))).toMatchObject({ code: 'unavailable', status: 503 });
    expect(queued()).toHaveLength(2);
  });

  test.each(calls)(
    'M6: that has ended is renewed once, and $call made again',
    async ({ run, good }) => {
      const { session, farSide } = await aSession([expired, good]);
      await run(session);
      expect(farSide.asked.map(({ method }) => method).slice(1, 4)).toEqual([
        expect.any(String),
        'PATCH',
        farSide.asked[1]?.method,
      ]);
      expect(farSide.asked.filter((one) => !isSessions(one)).map(bearer)).toEqual([
        'Bearer queue-1',
        'Bearer queue-2',
      ]);
    },
  );

  test.each(calls)('M5, O2: is an error when $call is refused again', async ({ run }) => {
    const { session, queued } = await aSession(expired);
    expect(await thrownBy(() => run(session))).toMatchObject({ code: 'unauthorized', status: 401 });
    expect(queued()).toHaveLength(2);
  });

  test.each([400, 404])('that has ended ends a session whose refresh gives %i', async (status) => {
    const fresh = nextTokens();
    const { session } = await aSession(expired, (asked) =>
      asked.method === 'PATCH' ? json(status, {}) : fresh(asked),
    );
    const error = await thrownBy(() => session.poll({ lastMessageId: 0, maxCapacity: 1 }));
    expect(error).toMatchObject({ code: 'session-expired', status });
  });

  test('that has ended is renewed once for all calls that meet it', async () => {
    const { session, farSide } = await aSession((asked) =>
      bearer(asked) === 'Bearer queue-1' ? expired() : done(),
    );
    await Promise.all([1, 2, 3].map((id) => session.acknowledge(id)));
    expect(farSide.asked.filter(({ method }) => method === 'PATCH')).toHaveLength(1);
  });

  test('that has ended is renewed for those who wait when the one who asked first has given up', async () => {
    const controller = new AbortController();
    const fresh = nextTokens();
    const refreshing = Promise.withResolvers<undefined>();
    const { session } = await aSession(
      (asked) => (bearer(asked) === 'Bearer queue-1' ? expired() : done()),
      async (asked) => {
        if (asked.method === 'PATCH') {
          controller.abort();
          await refreshing.promise;
        }
        return fresh(asked);
      },
    );
    const first = thrownBy(() => session.acknowledge(1, { signal: controller.signal }));
    const second = session.acknowledge(2);
    expect(await first).toMatchObject({ code: 'aborted' });
    refreshing.resolve(undefined);
    expect(await second).toBe('acknowledged');
  });
});

describe('an acknowledgement', () => {
  test('M10: deletes the message below the path of the queue, with its query', async () => {
    const { session, queued } = await aSession(done, nextTokens(`${ORIGIN}/queue/?tenant=1`));
    expect(await session.acknowledge(12)).toBe('acknowledged');
    expect(queued()[0]).toMatchObject({ method: 'DELETE' });
    expect(queued()[0]?.url.href).toBe(`${ORIGIN}/queue/12?tenant=1`);
  });
  test('is absent after a 404', async () => {
    const { session } = await aSession(() => text(404, null));
    expect(await session.acknowledge(1)).toBe('absent');
  });
  test('M8, M10: fails after anything else, a 200 too', async () => {
    const strange = await aSession(() => json(200, null));
    expect(await thrownBy(() => strange.session.acknowledge(1))).toMatchObject({
      code: 'bad-answer',
    });
    const bad = await aSession(() => text(400, 'bad'));
    expect(await thrownBy(() => bad.session.acknowledge(1))).toMatchObject({ code: 'refused' });
  });
});

describe('acquiring', () => {
  test('M11, O2: posts the bare ids with the token of the queue, and gives the ids that were won', async () => {
    const { session, queued } = await aSession(() => json(200, { value: [1] }));
    expect(await session.acquire([1, 2])).toEqual([1]);
    const [asked] = queued();
    expect(asked).toMatchObject({ method: 'POST', body: '[1,2]' });
    expect(asked && bearer(asked)).toBe('Bearer queue-1');
    expect(asked?.url.pathname).toBe('/tenant/123/_apis/runtime/runnerscalesets/7/acquirejobs');
    expect(asked?.url.search).toBe('?api-version=6.0-preview');
  });
  test('M11: asks for nothing when there is nothing to acquire', async () => {
    const { session, queued } = await aSession(none);
    expect(await session.acquire([])).toEqual([]);
    expect(queued()).toHaveLength(0);
  });
  test('is unsupported after a 404 of the router, and fails after one with a reason', async () => {
    const router = await aSession(() => text(404, 'page not found'));
    expect(await router.session.acquire([1])).toBe('unsupported');
    const gone = await aSession(() => json(404, exception('RunnerScaleSetNotFoundException', 'x')));
    expect(await thrownBy(() => gone.session.acquire([1]))).toMatchObject({
      code: 'scale-set-not-found',
    });
  });
});
