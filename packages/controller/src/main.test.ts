// The program itself, as its pod runs it, on free ports of this machine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { ChildProcess } from 'node:child_process';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const ENV = {
  CONTROLLER_MANAGER_POD_NAMESPACE: 'muster-system',
  CONTROLLER_MANAGER_CONTAINER_IMAGE: 'm:1',
};

let folder = '';
let kubeconfig = '';
let running: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-main-'));
  kubeconfig = join(folder, 'kubeconfig');
  const server = `http://127.0.0.1:${await freePort()}`;
  await writeFile(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'a',
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
      clusters: [{ name: 'a', cluster: { server } }],
      users: [{ name: 'a', user: { token: 'planted' } }],
    }),
  );
});

afterAll(() => rm(folder, { recursive: true }));

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running = [];
});

/** Nobody listens on it. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function start(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '', KUBECONFIG: kubeconfig, ...ENV, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let said = '';
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  let printed = '';
  child.stdout.on('data', (chunk) => (printed += String(chunk)));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return {
    child,
    ended,
    said: () => said,
    printed: () => printed,
    async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
      while (!(await isSo())) {
        if (child.exitCode !== null) throw new Error(`it ended: ${said}`);
        await pause(20);
      }
    },
  };
}

const answerOf = (port: number, path: string): Promise<string> =>
  fetch(`http://127.0.0.1:${port}${path}`).then(
    async (response) => `${response.status} ${await response.text()}`,
    () => 'nobody',
  );

test.each([
  { name: 'alone', flags: [] },
  { name: 'with a lease', flags: ['--enable-leader-election'] },
])(
  'without an API server it waits $name, says so, and ends well when it is told to',
  { timeout: 60_000 },
  async ({ flags }) => {
    const [health, metrics] = [await freePort(), await freePort()];
    const program = start([
      ...flags,
      '--log-format=json',
      `--health-probe-bind-address=127.0.0.1:${health}`,
      `--metrics-addr=127.0.0.1:${metrics}`,
    ]);
    await program.until(async () => (await answerOf(health, '/healthz')).startsWith('200'));
    expect(await answerOf(health, '/readyz')).toContain(
      '503 [-]caches failed: not yet listed: autos',
    );
    expect(await answerOf(metrics, '/metrics')).toContain('muster_cache_synced');
    await program.until(() => program.said().includes('ECONNREFUSED'));
    program.child.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    expect(program.said()).not.toContain('planted');
    expect(program.printed()).toBe('');
  },
);

test('every problem of its configuration ends it at once', { timeout: 60_000 }, async () => {
  const program = start(['--log-levl=info'], { CONTROLLER_MANAGER_CONTAINER_IMAGE: '' });
  expect(await program.ended).toBe(2);
  expect(program.said()).toContain('--log-levl is not known; did you mean --log-level?');
  expect(program.said()).toContain('CONTROLLER_MANAGER_CONTAINER_IMAGE is not set');
});
