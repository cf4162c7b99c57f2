import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createActionsClient } from '@muster/actions';
import type { ActionsClient } from '@muster/actions';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createControl } from './control.ts';

let folder = '';
const children: ChildProcess[] = [];
const clients: ActionsClient[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-simulator-'));
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(clients.splice(0).map((client) => client.close()));
  rmSync(folder, { recursive: true, force: true });
});

interface Running {
  child: ChildProcess;
  /** What it prints. */
  lines: AsyncIterator<string>;
  ended: Promise<{ code: number | null; stderr: string }>;
}

function start(...args: string[]): Running {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stderr }));
  return { child, lines, ended };
}

async function urlsOf({ lines }: Running): Promise<string[]> {
  const { value } = (await lines.next()) as { value: string };
  return value.replace(/^ready /, '').split(' ');
}

function aClient(url: string, rootCa?: string): ActionsClient {
  const client = createActionsClient({
    configUrl: `${url}/my-org`,
    credentials: { kind: 'token', token: 'a-token' },
    userAgent: { version: '0.0.0', subsystem: 'test' },
    retry: { max: 0 },
    ...(rootCa !== undefined && { rootCa }),
  });
  clients.push(client);
  return client;
}

describe('HTTPS', () => {
  test('has a CA of its own, and is the same service as behind HTTP', async () => {
    const [http = '', https = ''] = await urlsOf(start('--https', '--ca-file', 'ca.pem'));
    const ca = readFileSync(join(folder, 'ca.pem'), 'utf8');
    const client = aClient(https, ca);
    const { id } = await client.createScaleSet({ name: 'demo', runnerGroupId: 1 });
    const session = await client.createSession(id, 'me');
    const control = createControl(http);
    await control.queueJob({ labels: ['demo'] });
    const message = await session.poll({ lastMessageId: 0, maxCapacity: 1 });
    expect([https, message?.assigned, await control.violations()]).toEqual([
      expect.stringMatching(/^https:/),
      1,
      [],
    ]);
  });

  test('is not trusted by whoever does not know the CA', async () => {
    const [, https = ''] = await urlsOf(start('--https-port', '0', '--ca-file', 'ca.pem'));
    const asked = aClient(https).findScaleSet({ name: 'demo', runnerGroupId: 1 });
    await expect(asked).rejects.toMatchObject({ code: 'unreachable' });
  });
});

test('a runner that was made over HTTPS works over HTTPS, with the CA that it is given', async () => {
  const [http = '', https = ''] = await urlsOf(start('--https', '--ca-file', 'ca.pem'));
  const client = aClient(https, readFileSync(join(folder, 'ca.pem'), 'utf8'));
  const { id: scaleSetId } = await client.createScaleSet({ name: 'demo', runnerGroupId: 1 });
  const session = await client.createSession(scaleSetId, 'me');
  const jit = await client.createJitConfig({ scaleSetId, name: 'r', workFolder: '' });
  const control = createControl(http);
  await control.queueJob({ id: 'one', labels: ['demo'] });
  await session.poll({ lastMessageId: 0, maxCapacity: 1 });
  const runner = spawn(process.execPath, [join(import.meta.dirname, 'runner/main.ts')], {
    cwd: folder,
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'],
      ACTIONS_RUNNER_INPUT_JITCONFIG: jit === 'exists' ? '' : jit.encodedJitConfig,
      NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
    },
  });
  children.push(runner);
  const [code] = (await once(runner, 'close')) as [number | null];
  expect([code, await control.job('one')]).toMatchObject([
    0,
    { result: 'succeeded', runnerName: 'r' },
  ]);
});

describe('ends with exit code 0', () => {
  test('when it is told to, with polls that wait', async () => {
    const running = start();
    const [url = ''] = await urlsOf(running);
    const client = aClient(url);
    const { id } = await client.createScaleSet({ name: 'demo', runnerGroupId: 1 });
    const session = await client.createSession(id, 'me');
    const poll = session.poll({ lastMessageId: 0, maxCapacity: 1 }).catch(() => 'cut');
    const control = createControl(url);
    for (let isPolling = false; !isPolling;) {
      const { scaleSets } = await control.state();
      isPolling = scaleSets[0]?.session?.isPolling ?? false;
    }
    running.child.kill('SIGTERM');
    expect(await running.ended).toEqual({ code: 0, stderr: '' });
    await poll;
  });

  test('with --with-parent when its stdin does', async () => {
    const running = start('--with-parent');
    await urlsOf(running);
    running.child.stdin?.end();
    expect(await running.ended).toEqual({ code: 0, stderr: '' });
  });
});

describe('a mistake is one line and exit code 2', () => {
  test('in the arguments', async () => {
    const { code, stderr } = await start('--port', 'x', '--ca-file', 'y').ended;
    const says = 'simulator: --port "x" is no port; --ca-file needs --https\n';
    expect([code, stderr]).toEqual([2, says]);
  });

  test('a folder that is not there', async () => {
    const { code, stderr } = await start('--https', '--ca-file', 'no/such/ca.pem').ended;
    const says = "simulator: ENOENT: no such file or directory, open 'no/such/ca.pem'\n";
    expect([code, stderr]).toEqual([2, says]);
  });

  test('a port in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await start('--port', `${port}`).ended;
    other.close();
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^simulator: .*EADDRINUSE.*\n$/)]);
  });
});
