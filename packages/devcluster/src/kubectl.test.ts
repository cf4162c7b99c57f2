// Stock kubectl on the program, where there is one: what people type every day.
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findProgram } from './conformance/config.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MAIN = join(import.meta.dirname, 'main.ts');
const program = findProgram('kubectl') ?? '';
const run = promisify(execFile);

let dir: string;
let cluster: ChildProcess;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-kubectl-'));
  const images = join(dir, 'images.json');
  await writeFile(images, '{"images":{"sh:1":{"entrypoint":["/bin/sh","-c"]}}}');
  cluster = spawn(process.execPath, [MAIN, '--dir', join(dir, 'c'), '--images', images], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (cluster.stdout) await once(cluster.stdout, 'data');
});

afterAll(async () => {
  const ended = once(cluster, 'close');
  cluster.kill('SIGTERM');
  await ended;
  await rm(dir, { recursive: true, force: true });
});

/** What it prints, complaints included; it is looked at whether it failed or not. */
async function kubectl(...args: string[]): Promise<string> {
  const env = { HOME: dir, KUBECONFIG: join(dir, 'c', 'kubeconfig') };
  const { stdout, stderr } = await run(program, args, { env }).catch(
    (error: unknown) => error as { stdout: string; stderr: string },
  );
  return stdout + stderr;
}

const applied = async (object: object): Promise<string> => {
  const file = join(dir, 'object.json');
  await writeFile(file, JSON.stringify(object));
  return kubectl('apply', '-f', file);
};

const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'sh',
            image: 'sh:1',
            args: ['echo up; trap "exit 0" TERM; while :; do sleep 0.1; done'],
          },
        ],
      },
    },
  },
};

const available = (count: number): Promise<string> =>
  kubectl(
    'wait',
    'deployment/web',
    `--for=jsonpath={.status.availableReplicas}=${count}`,
    '--timeout=50s',
  );

describe.runIf(program !== '')('kubectl', () => {
  test('explains kinds and says where the cluster is', async () => {
    expect(await kubectl('explain', 'pod.spec')).toMatch(
      /KIND: +Pod[\s\S]*activeDeadlineSeconds\t<integer>/,
    );
    expect(await kubectl('cluster-info')).toContain('is running at');
    expect(await kubectl('api-resources')).toMatch(
      /^deployments +deploy +apps\/v1 +true +Deployment$/m,
    );
    expect(await kubectl('auth', 'can-i', 'create', 'pods')).toBe('yes\n');
  });

  test('names what is lacking', async () => {
    const answer = await kubectl('create', 'job', 'a', '--image=sh:1');
    expect(answer).toContain('jobs.batch is not implemented by this cluster');
  });

  test('applies, scales, drains a node within a budget, and fills it again', async () => {
    expect(await applied(web)).toBe('deployment.apps/web created\n');
    expect(await available(2)).toContain('condition met');
    expect(await kubectl('rollout', 'status', 'deployment/web')).toContain(
      'successfully rolled out',
    );
    expect(await kubectl('logs', 'deployment/web')).toContain('up\n');
    expect(await kubectl('exec', 'deployment/web', '--', 'ls')).toContain(
      'pods/exec is not implemented by this cluster',
    );
    await kubectl(
      'create',
      'poddisruptionbudget',
      'web',
      '--selector=app=web',
      '--min-available=2',
    );
    expect(await kubectl('get', 'pdb', 'web', '--no-headers')).toMatch(/^web +2 +N\/A +0 /);
    const node = (await kubectl('get', 'nodes', '-o', 'name')).trim().replace('node/', '');
    expect(await kubectl('drain', node, '--timeout=3s')).toContain(
      "Cannot evict pod as it would violate the pod's disruption budget.",
    );
    expect(await kubectl('get', 'nodes', '--no-headers')).toContain('Ready,SchedulingDisabled');
    await kubectl('delete', 'pdb', 'web');
    expect(await kubectl('drain', node, '--timeout=50s')).toContain('drained');
    expect(await kubectl('get', 'pods', '--no-headers')).not.toContain('Running');
    await kubectl('uncordon', node);
    expect(await available(2)).toContain('condition met');
    expect(await kubectl('scale', 'deployment/web', '--replicas=1')).toContain('scaled');
    expect(await available(1)).toContain('condition met');
    expect(await kubectl('delete', 'deployment', 'web')).toContain('deleted');
  });
});
