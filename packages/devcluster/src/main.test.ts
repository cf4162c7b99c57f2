import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';

// Each test starts programs and waits for what they say; how long that takes is the machine's business.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MAIN = join(import.meta.dirname, 'main.ts');
const started = new Set<ChildProcess>();

let dir: string;
let images: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'muster-devcluster-'));
  images = join(dir, 'images.json');
  writeFileSync(images, '{"images":{"sh":{"entrypoint":["/bin/sh","-c"]}}}');
});

afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
  rmSync(dir, { recursive: true, force: true });
});

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const LEAVES = process.platform === 'linux' ? 'setsid ' : '';
const STRAY = `${isRoot ? 'env -i ' : ''}${LEAVES}sleep 100 & echo $!; exec sleep 100`;

interface Ended {
  code: number | null;
  stderr: string;
}

interface Started {
  child: ChildProcess;
  ready: Promise<string>;
  ended: Promise<Ended>;
}

function run(...args: string[]): Started {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: 'pipe' });
  started.add(child);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => {
      resolve({ code, stderr });
    });
  });
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', resolve);
    void ended.then(() => {
      reject(new Error(stderr));
    });
  });
  ready.catch(() => undefined);
  return { child, ready, ended };
}

const cluster = (...more: string[]): Started =>
  run('--dir', join(dir, 'c'), '--images', images, ...more);

interface Access {
  server: string;
  ca: string;
  token: string;
}

async function access(): Promise<Access> {
  const config = parse(await readFile(join(dir, 'c', 'kubeconfig'), 'utf8')) as {
    clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }];
    users: [{ user: { token: string } }];
  };
  const { server, 'certificate-authority-data': data } = config.clusters[0].cluster;
  return { server, ca: Buffer.from(data, 'base64').toString(), token: config.users[0].user.token };
}

/** Answers the first line, and ends the request. */
const firstLine = ({ server, ca, token }: Access, path: string, body?: object): Promise<string> =>
  new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, server), {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ca,
    });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      response.setEncoding('utf8').once('data', (text: string) => {
        resolve(text.split('\n')[0] ?? '');
        outgoing.destroy();
      });
    });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });

const isAlive = (pid: number): boolean => {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
};

/**
 * Starts a pod that says the id of a process of its and sleeps. That process has left its group, and,
 * where containers have a root of their own by which it is found, its environment.
 */
async function sleeper(): Promise<number> {
  const at = await access();
  const pods = '/api/v1/namespaces/default/pods';
  await firstLine(at, pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'main', image: 'sh', args: [STRAY] }] },
  });
  for (;;) {
    const line = await firstLine(at, `${pods}/a/log?follow=true`);
    if (/^\d+$/.test(line)) return Number(line);
  }
}

describe('the program', () => {
  test('says where its kubeconfig is, which only its owner may read, and ends on SIGTERM', async () => {
    const { child, ready, ended } = cluster();
    expect(await ready).toBe(`ready ${join(dir, 'c', 'kubeconfig')}\n`);
    expect(statSync(join(dir, 'c', 'kubeconfig')).mode & 0o777).toBe(0o600);
    const pid = await sleeper();
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 0, stderr: '' });
    expect(isAlive(pid)).toBe(false);
    expect(await readdir(join(dir, 'c'))).toEqual([]);
  });

  test('ends with its parent when it was asked to', async () => {
    const { child, ready, ended } = cluster('--with-parent');
    await ready;
    child.stdin?.end();
    expect(await ended).toEqual({ code: 0, stderr: '' });
  });

  test('leaves no process and no pod’s folder when it is killed', async () => {
    const { child, ready, ended } = cluster();
    await ready;
    const pid = await sleeper();
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await ended;
    await expect.poll(() => isAlive(pid), { timeout: 50_000 }).toBe(false);
    await expect.poll(() => readdir(join(dir, 'c')), { timeout: 50_000 }).toEqual(['kubeconfig']);
  });
});

describe('a mistake is one line and exit 2', () => {
  test.each([
    { name: 'no flags', args: [], says: '--dir is needed; --images is needed; usage: ' },
    { name: 'a flag it does not know', args: ['--nope'], says: "Unknown option '--nope'" },
    {
      name: 'a port that is none',
      args: ['--dir', 'd', '--images', 'i', '--port', 'x'],
      says: '--port must be a number from 0 to 65535, not "x"',
    },
    {
      name: 'an image table that is not there',
      args: ['--dir', 'd', '--images', '/no/such/file'],
      says: 'could not read the image table /no/such/file: ENOENT',
    },
  ])('$name', async ({ args, says }) => {
    const { code, stderr } = await run(...args).ended;
    expect({ code, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, lines: 1 });
    expect(stderr).toContain(says);
  });

  test('an image table that is wrong', async () => {
    writeFileSync(images, '{"images":{"a":{"entrypoint":"node"}}}');
    const { code, stderr } = await cluster().ended;
    expect(code).toBe(2);
    expect(stderr).toContain('image "a": "entrypoint" must be a list of words');
  });

  test('a port in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await cluster('--port', String(port)).ended;
    other.close();
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `muster-devcluster: could not listen on 127.0.0.1 port ${port}: it is in use\n`,
    });
  });
});
