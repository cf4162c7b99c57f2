import { expect, test } from 'vitest';
import { createKubeClient } from './client.ts';
import { PodKind } from './kinds.ts';
import { createMetrics } from './metrics.ts';
import { createSteppedClock, settle } from './testing/index.ts';
import type { Rate } from './rate.ts';

const at = { namespace: 'default', name: 'a' };

function aClient(rate: Rate) {
  const clock = createSteppedClock();
  const metrics = createMetrics();
  const sentAt: number[] = [];
  const fetch = (): Promise<Response> => {
    sentAt.push(clock.elapsed());
    return Promise.resolve(Response.json({ metadata: { name: 'a' } }));
  };
  const client = createKubeClient({ fetch, clock, rate, metrics });
  const ask = (signal?: AbortSignal): Promise<unknown> =>
    client.get(PodKind, at, signal === undefined ? {} : { signal });
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 50) {
      await settle(4);
      clock.advance(50);
    }
    await settle(4);
  };
  return { ask, pass, sentAt, metrics };
}

test('so many calls go at once, the others at the rate, in order', async () => {
  const { ask, pass, sentAt } = aClient({ qps: 10, burst: 3 });
  const calls = Array.from({ length: 6 }, () => ask());
  await pass(500);
  await Promise.all(calls);
  expect(sentAt).toEqual([0, 0, 0, 100, 200, 300]);
});

test('rest brings back the burst and no more', async () => {
  const { ask, pass, sentAt } = aClient({ qps: 10, burst: 2 });
  await Promise.all([ask(), ask()]);
  await pass(10_000);
  const calls = [ask(), ask(), ask()];
  await pass(200);
  await Promise.all(calls);
  expect(sentAt).toEqual([0, 0, 10_000, 10_000, 10_100]);
});

test('who leaves the line holds up nobody', async () => {
  const { ask, pass, sentAt } = aClient({ qps: 1, burst: 1 });
  await ask();
  const left = new AbortController();
  const leaving = ask(left.signal);
  await settle();
  left.abort();
  await expect(leaving).rejects.toMatchObject({ code: 'aborted' });
  const next = ask();
  await pass(1_000);
  await next;
  expect(sentAt).toEqual([0, 1_000]);
});

test('a call that would wait beyond its deadline is unreachable', async () => {
  const { ask, pass } = aClient({ qps: 0.01, burst: 1 });
  await ask();
  const waiting = ask();
  const refused = expect(waiting).rejects.toMatchObject({ code: 'unreachable' });
  await pass(30_000);
  await refused;
});

test.each([{ qps: 0 }, { qps: -1 }])('a rate of $qps is none', async ({ qps }) => {
  const { ask, sentAt } = aClient({ qps, burst: 1 });
  await Promise.all([ask(), ask(), ask()]);
  expect(sentAt).toHaveLength(3);
});

test('shows in metrics how long calls waited', async () => {
  const { ask, pass, metrics } = aClient({ qps: 10, burst: 1 });
  const calls = [ask(), ask()];
  await pass(200);
  await Promise.all(calls);
  const { body } = await metrics.expose();
  const series = 'rest_client_rate_limiter_duration_seconds_sum{verb="GET",host="in-process"}';
  expect(body).toContain(`${series} 0.1\n`);
});
