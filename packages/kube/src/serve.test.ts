import { describe, expect, onTestFinished, test } from 'vitest';
import { serve } from './serve.ts';
import { recordedLog, silentLog } from './testing/index.ts';
import type { ServeOptions, Serving } from './serve.ts';

async function served(
  routes: ServeOptions['routes'],
  more: Partial<ServeOptions> = {},
): Promise<Serving & { url: string; stop: () => void }> {
  const end = new AbortController();
  const serving = await serve({
    address: { host: '127.0.0.1', port: 0 },
    routes,
    signal: end.signal,
    log: silentLog,
    ...more,
  });
  const stop = (): void => {
    end.abort();
  };
  onTestFinished(async () => {
    stop();
    await serving.closed;
  });
  return { ...serving, url: `http://127.0.0.1:${serving.port}`, stop };
}

describe('the server of metrics and health', () => {
  test('answers its paths, and nothing else', async () => {
    const { url } = await served({
      '/metrics': () => Promise.resolve({ type: 'text/x', body: 'a 1\n' }),
      '/readyz': () => Promise.resolve({ status: 503, body: 'caches are not synced\n' }),
    });
    const metrics = await fetch(`${url}/metrics?name=a`);
    expect([metrics.status, metrics.headers.get('content-type'), await metrics.text()]).toEqual([
      200,
      'text/x',
      'a 1\n',
    ]);
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([503, 'caches are not synced\n']);
    expect((await fetch(`${url}/toString`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
  });

  test('a page that fails says nothing of why to whoever asks', async () => {
    const log = recordedLog();
    const { url } = await served(
      { '/metrics': () => Promise.reject(new Error('secret')) },
      { log },
    );
    const answer = await fetch(`${url}/metrics`);
    expect([answer.status, await answer.text()]).toEqual([500, 'internal error\n']);
    expect(log.lines).toMatchObject([{ level: 'error', fields: { path: '/metrics' } }]);
  });

  test('a port in use is told in one line with its address', async () => {
    const { port } = await served({});
    await expect(served({}, { address: { host: '127.0.0.1', port } })).rejects.toMatchObject({
      code: 'bad-config',
      message: `could not listen on 127.0.0.1:${port}: the port is in use`,
    });
  });

  test('the signal ends it though a connection is kept open', async () => {
    const { url, stop, closed } = await served({ '/': () => Promise.resolve({ body: 'hi' }) });
    await (await fetch(url)).text();
    stop();
    await closed;
    await expect(fetch(url)).rejects.toThrow();
  });
});
