import { expect, test } from 'vitest';
import { cachesSynced, healthPage } from './health.ts';
import { PodKind, SecretKind } from './kinds.ts';

const caches = (pods: boolean, secrets: boolean) => [
  { kind: PodKind, synced: pods },
  { kind: SecretKind, synced: secrets },
];

test('all is well', async () => {
  const page = healthPage({ caches: cachesSynced(caches(true, true)) });
  expect(await page()).toEqual({ body: 'ok\n' });
  expect(await healthPage({})()).toEqual({ body: 'ok\n' });
});

test('what is not is named, with its reason, beside what is', async () => {
  const page = healthPage({
    caches: cachesSynced(caches(true, false)),
    lease: () => undefined,
  });
  expect(await page()).toEqual({
    status: 503,
    body: '[-]caches failed: not yet listed: secrets\n[+]lease ok\n',
  });
});

test('is asked each time', async () => {
  let words: string | undefined = 'starting';
  const page = healthPage({ it: () => words });
  expect((await page()).status).toBe(503);
  words = undefined;
  expect((await page()).status).toBeUndefined();
});
