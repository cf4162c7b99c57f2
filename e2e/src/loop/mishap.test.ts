// The means of the stories: what goes wrong goes wrong as it is said, and nothing else does.
import { createSteppedClock, settle } from '@muster/kube/testing';
import { expect, test } from 'vitest';
import { callOf } from './call.ts';
import type { Side } from './call.ts';
import { createMishaps, wordsOf } from './mishap.ts';
import type { Mishap } from './mishap.ts';
import { mishapsOf, onceAt, recording, storm } from './weather.ts';

const KUBE = 'http://in-process/api/v1/namespaces/runners/pods';
const POLL = 'http://github.test/scalesets/message?lastMessageId=3';

test.each([
  { url: '/api/v1/pods?watch=true', is: 'watch', what: 'watch pods' },
  { url: '/api/v1/namespaces/a/pods?limit=5', is: 'read', what: 'list pods' },
  { url: '/api/v1/namespaces/a/pods/b', is: 'read', what: 'get pods' },
  { method: 'POST', url: '/api/v1/namespaces/a/pods', is: 'write', what: 'create pods' },
  {
    method: 'POST',
    url: '/api/v1/namespaces/a/pods?dryRun=All',
    is: 'read',
    what: 'create pods (dry run)',
  },
  {
    method: 'PATCH',
    url: '/apis/actions.github.com/v1alpha1/namespaces/a/ephemeralrunners/b/status',
    is: 'write',
    what: 'patch ephemeralrunners/status',
  },
  {
    method: 'POST',
    url: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    is: 'read',
    what: 'create selfsubjectaccessreviews',
  },
])('Kubernetes is asked to $what', ({ method = 'GET', url, is, what }) => {
  const request = new Request(`http://in-process${url}`, { method });
  expect(callOf('kubernetes', request)).toEqual({ side: 'kubernetes', is, what });
});

test.each([
  { url: '/scalesets/message?sessionId=x', is: 'read', what: 'GET scalesets/message' },
  {
    method: 'DELETE',
    url: '/tenant/t-1/_apis/runtime/runnerscalesets/7/sessions/0b6ed3b6-8a2e-4f0e-b7ab-6a1c5d5d5a11',
    is: 'write',
    what: 'DELETE runnerscalesets/:id/sessions/:id',
  },
  {
    method: 'POST',
    url: '/api/v3/orgs/my-org/actions/runners/registration-token',
    is: 'read',
    what: 'POST api/v3/orgs/my-org/actions/runners/registration-token',
  },
])('GitHub is asked for $what', ({ method = 'GET', url, is, what }) => {
  const request = new Request(`http://github.test${url}`, { method });
  expect(callOf('github', request)).toEqual({ side: 'github', is, what });
});

interface Heard {
  answer: string;
  done: number;
  kills: number;
  tookMs: number;
}

/** One call that meets the mishap, after another that went well. */
async function meeting(mishap: Mishap, side: Side = 'kubernetes', url = KUBE): Promise<Heard> {
  const clock = createSteppedClock();
  const told: string[] = [];
  let done = 0;
  let kills = 0;
  const service = (): Promise<Response> => {
    done += 1;
    return Promise.resolve(Response.json({ messageId: done }));
  };
  const weather = onceAfterAnother(mishap);
  const mishaps = createMishaps({ clock, weather, tell: (what) => told.push(what) });
  const sender = {
    who: 'manager' as const,
    kill: (): void => {
      kills += 1;
    },
  };
  const fetch = mishaps.between(side, service, sender);
  await fetch(new Request(url));
  const sent = fetch(new Request(url)).then(
    async (answer) => `${answer.status} ${await answer.text()}`,
    (error: unknown) => (error as Error).message,
  );
  await settle();
  while (mishaps.waiting() > 0) {
    clock.advance(clock.untilNext() ?? 0);
    await settle();
  }
  expect(told).toEqual([expect.stringContaining(wordsOf(mishap))]);
  return { answer: await sent, done: done - 1, kills, tookMs: clock.elapsed() };
}

function onceAfterAnother(mishap: Mishap): () => Mishap | undefined {
  let calls = 0;
  return () => {
    calls += 1;
    return calls === 2 ? mishap : undefined;
  };
}

test.each([
  { mishap: { do: 'kill', when: 'before' }, done: 0, kills: 1, answer: 'fetch failed' },
  { mishap: { do: 'kill', when: 'after' }, done: 1, kills: 1, answer: 'fetch failed' },
  { mishap: { do: 'lose', what: 'request' }, done: 0, tookMs: 60_000, answer: 'fetch failed' },
  { mishap: { do: 'lose', what: 'answer' }, done: 1, tookMs: 60_000, answer: 'fetch failed' },
  { mishap: { do: 'delay', ms: 5_000 }, done: 1, tookMs: 5_000, answer: '200 {"messageId":2}' },
  { mishap: { do: 'forget' }, done: 0, answer: '204 ' },
] as { mishap: Mishap; done: number; kills?: number; tookMs?: number; answer: string }[])(
  'a call can meet: $mishap',
  async ({ mishap, done, kills = 0, tookMs = 0, answer }) => {
    expect(await meeting(mishap)).toEqual({ done, kills, tookMs, answer });
  },
);

test('a refusal is in the words of its side, and nothing is done', async () => {
  const mishap: Mishap = { do: 'refuse', status: 429 };
  expect(await meeting(mishap)).toMatchObject({
    done: 0,
    answer: expect.stringMatching(/^429 {"kind":"Status".*"reason":"TooManyRequests"/) as string,
  });
  expect(await meeting(mishap, 'github', POLL)).toMatchObject({
    done: 0,
    answer: '429 {"message":"refused for a test"}',
  });
});

test('a message can come again', async () => {
  expect(await meeting({ do: 'repeat' }, 'github', POLL)).toMatchObject({
    done: 0,
    answer: '200 {"messageId":1}',
  });
});

/** What is heard of a watch that meets the mishap, and when. */
async function watching(mishap: Mishap): Promise<{ heard: string[]; at: number[] }> {
  const clock = createSteppedClock();
  const mishaps = createMishaps({ clock, weather: () => mishap, tell: () => undefined });
  const service = (): Promise<Response> => Promise.resolve(new Response(fourPieces()));
  const sender = { who: 'manager' as const, kill: (): void => undefined };
  const fetch = mishaps.between('kubernetes', service, sender);
  const answer = await fetch(new Request(`${KUBE}?watch=true`));
  const heard: string[] = [];
  const at: number[] = [];
  const read = async (): Promise<void> => {
    for await (const piece of answer.body ?? []) {
      heard.push(new TextDecoder().decode(piece as Uint8Array));
      at.push(clock.elapsed());
    }
  };
  const reading = read().catch((error: unknown) => heard.push((error as Error).message));
  await settle();
  clock.advance(clock.untilNext() ?? 0);
  await reading;
  return { heard, at };
}

test('a watch can break off after some events', async () => {
  const { heard } = await watching({ do: 'cut', after: 2 });
  expect(heard).toEqual(['a', 'b', 'terminated']);
});

test('a watch can be behind, all of its events by as much', async () => {
  const { heard, at } = await watching({ do: 'delay', ms: 2_000 });
  expect(heard).toEqual(['a', 'b', 'c', 'd']);
  expect(at).toEqual([2_000, 2_000, 2_000, 2_000]);
});

const fourPieces = (): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const piece of ['a', 'b', 'c', 'd']) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });

test('a point is the so-manieth call of a process', () => {
  const { weather, points } = recording();
  const call = { side: 'kubernetes', is: 'write', what: 'create pods' } as const;
  for (const who of ['manager', 'listener', 'manager'] as const) weather({ ...call, who });
  expect(points.map(({ who, number }) => `${who} ${number}`)).toEqual([
    'manager 1',
    'listener 1',
    'manager 2',
  ]);
  const [, , last] = points;
  if (!last) throw new Error('there are three');
  const mishap: Mishap = { do: 'forget' };
  const met = onceAt(last, mishap);
  expect(
    (['manager', 'listener', 'manager', 'manager'] as const).map((who) => met({ ...call, who })),
  ).toEqual([undefined, undefined, mishap, undefined]);
  expect(() => {
    const other = onceAt(last, mishap);
    other({ ...call, who: 'manager' });
    other({ ...call, who: 'manager', what: 'delete pods' });
  }).toThrow('call 2 is delete pods, not create pods');
});

test('a storm is over after so many mishaps', () => {
  const weather = storm({ random: () => 0, oneIn: 1, killsOneIn: 2, most: 3 });
  const call = {
    side: 'github',
    is: 'read',
    what: 'GET scalesets/message',
    who: 'listener',
  } as const;
  const met = Array.from({ length: 5 }, () => weather(call)?.do);
  expect(met).toEqual(['kill', 'kill', 'kill', undefined, undefined]);
});

test('each kind of call has its own mishaps', () => {
  const of = (what: string, is: 'read' | 'watch' | 'write'): string[] =>
    mishapsOf({ side: 'github', is, what }).map(wordsOf);
  expect(of('DELETE scalesets/message/:id', 'write')).toContain('forget');
  expect(of('GET scalesets/message', 'read')).toContain('repeat');
  expect(of('GET runnerscalesets', 'read')).not.toContain('repeat');
  expect(of('watch pods', 'watch')).toContain('cut 3');
});
