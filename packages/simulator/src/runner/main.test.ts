// The runner as a program, against a service that answers as ../runner-protocol.ts says.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeJitConfig } from '../runner-protocol.ts';
import type { JobReport } from '../runner-protocol.ts';

const payload = {
  job: { key: 'a', name: 'A' },
  workflow: { path: 'ci.yml', name: 'CI' },
  repository: { owner: 'o', name: 'r', path: '/nowhere' },
  contexts: {
    github: {},
    needs: {},
    matrix: null,
    strategy: {},
    vars: {},
    inputs: {},
    secrets: {},
  },
  env: [],
  defaults: [],
  outputs: null,
  timeoutMinutes: 1,
};

const jobOf = (run: string): object => ({
  jobId: 'j1',
  payload: { ...payload, steps: [{ id: '__run', if: 'success()', does: { run } }] },
});

let folder = '';
let server: Server;
let calls: string[] = [];
let bodies: string[] = [];
/** What the next polls answer; after that they are held. */
let messages: (object | number)[] = [];
/** Answers to other calls before they go well. */
let refusals: number[] = [];
let onCall: (call: string) => void = () => undefined;
const children: ChildProcess[] = [];

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = (await request.setEncoding('utf8').toArray()).join('');
  const call = `${request.method ?? ''} ${request.url?.replace('/_runner/', '') ?? ''}`;
  calls.push(call);
  bodies.push(body);
  onCall(call);
  if (call === 'GET message') {
    const message = messages.shift();
    if (typeof message === 'number') response.writeHead(message).end();
    else if (message !== undefined) response.end(JSON.stringify(message));
  } else {
    response.writeHead(refusals.shift() ?? 204).end();
  }
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-runner-'));
  [calls, bodies, messages, refusals, onCall] = [[], [], [], [], () => undefined];
  server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  code: number | null;
  signal: string | null;
  stderr: string;
}

function start(env: Record<string, string> = {}): { child: ChildProcess; ended: Promise<Ended> } {
  const { port } = server.address() as AddressInfo;
  const identity = { agentId: 1, agentName: 'ra', gitHubUrl: 'x', workFolder: '_work', token: 't' };
  const jit = encodeJitConfig({ ...identity, serverUrl: `http://127.0.0.1:${port}` });
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ACTIONS_RUNNER_INPUT_JITCONFIG: jit, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then((args: unknown[]) => {
    const [code, signal] = args as [number | null, string | null];
    return { code, signal, stderr };
  });
  return { child, ended };
}

/** Resolves once it has said so on stderr. */
async function told(child: ChildProcess, what: string): Promise<void> {
  let heard = '';
  while (!heard.includes(what)) {
    const [chunk] = (await once(child.stderr ?? child, 'data')) as [Buffer];
    heard += chunk.toString();
  }
}

const ONLINE = ['POST session', 'GET message'];

const report = (): JobReport =>
  JSON.parse(bodies[calls.indexOf('POST jobs/j1/complete')] ?? '') as JobReport;

const logText = (): string =>
  bodies.filter((_, index) => calls[index] === 'POST jobs/j1/log').join('');

test('comes online, runs one job, reports it and ends', async () => {
  messages = [202, jobOf('echo hi from $RUNNER_NAME; env | grep -c JITCONFIG || true')];
  const { ended } = start();
  expect(await ended).toMatchObject({ code: 0 });
  expect(calls.slice(0, 4)).toEqual([
    'POST session',
    'GET message',
    'GET message',
    'POST jobs/j1/started',
  ]);
  expect(logText()).toMatch(/hi from ra\n0\n/);
  expect(report().result).toBe('succeeded');
});

test('a job that no workflow has queued is done at once', async () => {
  messages = [{ jobId: 'j1', payload: {} }];
  expect(await start().ended).toMatchObject({ code: 0 });
  expect(report()).toEqual({ result: 'succeeded' });
});

test('tries again while the service is away', async () => {
  refusals = [503, 500];
  messages = [jobOf('true')];
  expect(await start().ended).toMatchObject({ code: 0 });
  expect(calls.slice(0, 3)).toEqual(['POST session', 'POST session', 'POST session']);
});

test('ends with one line when the service does not know it', async () => {
  refusals = [401];
  expect(await start().ended).toEqual({
    code: 1,
    signal: null,
    stderr: 'muster-runner: the service does not know this runner\n',
  });
});

test('told to end while idle, it leaves and exits 0', async () => {
  const { child, ended } = start();
  onCall = (call) => {
    if (call === 'GET message') child.kill('SIGTERM');
  };
  expect(await ended).toMatchObject({ code: 0 });
  expect(calls).toEqual(['POST session', 'GET message', 'DELETE session']);
});

test.each(['the service', 'a signal'])('%s cancels the job, and that is reported', async (who) => {
  messages = [jobOf('sleep 60')];
  const { child, ended } = start();
  onCall = (call) => {
    if (call !== 'POST jobs/j1/log') return;
    onCall = () => undefined;
    if (who === 'a signal') child.kill('SIGTERM');
  };
  if (who === 'the service') messages.push({ jobId: 'j1', cancel: true });
  expect(await ended).toMatchObject({ code: 0 });
  expect(report().result).toBe('canceled');
});

describe('bad settings are one line and exit code 2', () => {
  test.each([
    [
      { ACTIONS_RUNNER_INPUT_JITCONFIG: 'zzz' },
      'ACTIONS_RUNNER_INPUT_JITCONFIG is not a JIT config of Muster',
    ],
    [{ ACTIONS_RUNNER_INPUT_JITCONFIG: '' }, 'ACTIONS_RUNNER_INPUT_JITCONFIG is not set'],
    [
      { MUSTER_RUNNER_FAULT: 'sleepy' },
      'MUSTER_RUNNER_FAULT must be one of never-online, exit7, crash, hang, vanish',
    ],
  ])('%j', async (env, says) => {
    const { code, stderr } = await start(env).ended;
    expect([code, stderr]).toEqual([2, `muster-runner: ${says}\n`]);
  });
});

describe('faults', () => {
  test.each([
    { fault: 'exit7', ends: { code: 7, signal: null }, after: [] },
    {
      fault: 'crash',
      ends: { code: null, signal: 'SIGKILL' },
      after: [...ONLINE, 'POST jobs/j1/started'],
    },
  ])('$fault', async ({ fault, ends, after }) => {
    messages = [jobOf('true')];
    expect(await start({ MUSTER_RUNNER_FAULT: fault }).ended).toMatchObject(ends);
    expect(calls).toEqual(after);
  });

  test.each([
    { fault: 'never-online', says: 'it is told to stay offline', after: [] },
    { fault: 'vanish', says: 'it is told to vanish', after: [...ONLINE, 'POST jobs/j1/started'] },
  ])('$fault: alive, and heard of no more', async ({ fault, says, after }) => {
    messages = [jobOf('true')];
    const { child, ended } = start({ MUSTER_RUNNER_FAULT: fault });
    await told(child, says);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0 });
    expect(calls).toEqual(after);
  });

  test('hang: it goes on to poll, but neither works nor obeys a cancellation', async () => {
    messages = [jobOf('true'), 202, { jobId: 'j1', cancel: true }];
    const { child, ended } = start({ MUSTER_RUNNER_FAULT: 'hang' });
    const polls = (): number => calls.filter((call) => call === 'GET message').length;
    onCall = () => {
      if (polls() === 4) child.kill('SIGTERM');
    };
    expect(await ended).toMatchObject({ code: 0 });
    const rest = Array.from({ length: 3 }, () => 'GET message');
    expect(calls).toEqual([...ONLINE, 'POST jobs/j1/started', ...rest]);
  });
});
