import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCluster } from '../cluster.ts';
import type { Cluster } from '../cluster.ts';
import { createNode } from './node.ts';
import type { Node } from './node.ts';
import type { Container, Pod, PodStatus } from './pod.ts';

const ORIGIN = 'https://127.0.0.1:6443';
const IMAGES = {
  images: {
    node: {
      entrypoint: [process.execPath],
      programs: { '/bin/program': [process.execPath, '-p'] },
    },
    sh: { entrypoint: ['/bin/sh', '-c'], env: { FROM_IMAGE: 'yes' } },
  },
};

let dir: string;
let cluster: Cluster;
let node: Node;
let stopping: AbortController;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-node-'));
  cluster = createCluster({
    serverUrl: ORIGIN,
    podLogs: (at, options, signal) => node.podLogs(at, options, signal),
  });
  stopping = new AbortController();
  node = createNode({
    fetch: cluster.fetch,
    token: cluster.adminToken,
    name: 'node-1',
    dir: join(dir, 'pods'),
    images: IMAGES,
    apiServer: { host: '127.0.0.1', port: 6443 },
    hostEnv: { PATH: '/usr/local/bin:/usr/bin:/bin' },
  });
  void node.run(stopping.signal);
  await node.ready;
});

afterEach(async () => {
  stopping.abort();
  await node.stop();
  cluster.close();
  await rm(dir, { recursive: true, force: true });
});

async function call(method: string, path: string, body?: unknown): Promise<Response> {
  return cluster.fetch(
    new Request(`${ORIGIN}/api/v1/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${cluster.adminToken}`,
        'content-type': 'application/json',
      },
      body: body === undefined ? null : JSON.stringify(body),
    }),
  );
}

const PODS = 'namespaces/default/pods';

async function createPod(name: string, spec: object): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec };
  const response = await call('POST', PODS, body);
  if (!response.ok) throw new Error(await response.text());
}

const shell = (script: string, more: Partial<Container> = {}): Container => ({
  name: 'main',
  image: 'sh',
  args: [script],
  ...more,
});

/** Watches the pod until its status is as asked; `undefined` stands for a pod that is gone. */
async function podWhen(name: string, is: (status: PodStatus) => boolean): Promise<PodStatus> {
  const response = await call('GET', `${PODS}?watch=true&fieldSelector=metadata.name%3D${name}`);
  let rest = '';
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const { type, object } = JSON.parse(line) as { type: string; object: Pod };
      const status = type === 'DELETED' ? { reason: 'Gone' } : (object.status ?? {});
      if (is(status)) return status;
    }
  }
  throw new Error('the watch ended');
}

const isOver = ({ phase }: PodStatus): boolean => phase === 'Succeeded' || phase === 'Failed';
const isRunning = ({ phase }: PodStatus): boolean => phase === 'Running';
const isGone = ({ reason }: PodStatus): boolean => reason === 'Gone';
const isWaitingFor =
  (reason: string) =>
  ({ containerStatuses }: PodStatus): boolean =>
    containerStatuses?.[0]?.state.waiting?.reason === reason;

const logOf = async (name: string, query = ''): Promise<string> =>
  (await call('GET', `${PODS}/${name}/log${query}`)).text();

/** A process that ended and that nobody has collected yet is not alive. */
const isAlive = (pid: number): boolean => {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
};

describe('a pod runs as processes', () => {
  test.each([
    { exits: 'exit 0', phase: 'Succeeded', exitCode: 0, reason: 'Completed' },
    { exits: 'exit 3', phase: 'Failed', exitCode: 3, reason: 'Error' },
    { exits: 'kill -9 $$$$', phase: 'Failed', exitCode: 137, reason: 'Error' },
    { exits: 'kill -15 $$$$', phase: 'Failed', exitCode: 143, reason: 'Error' },
  ])('$exits makes it $phase with $exitCode', async ({ exits, phase, exitCode, reason }) => {
    await createPod('a', { restartPolicy: 'Never', containers: [shell(exits)] });
    const status = await podWhen('a', isOver);
    const terminated = status.containerStatuses?.[0]?.state.terminated;
    expect({
      phase: status.phase,
      exitCode: terminated?.exitCode,
      reason: terminated?.reason,
    }).toEqual({ phase, exitCode, reason });
  });

  test('a program of the image stands for the path in its command', async () => {
    const container = { name: 'main', image: 'node', command: ['/bin/program', '6*7'] };
    await createPod('a', { restartPolicy: 'Never', containers: [container] });
    await podWhen('a', isOver);
    expect(await logOf('a')).toBe('42\n');
  });

  test('a program that is not there is a start error', async () => {
    const container = shell('', { command: ['/no/such/program'] });
    await createPod('a', { restartPolicy: 'Never', containers: [container] });
    const { containerStatuses } = await podWhen('a', isOver);
    expect(containerStatuses?.[0]?.state.terminated).toMatchObject({
      exitCode: 128,
      reason: 'StartError',
    });
  });

  test('its environment is its own, the image’s and its spec’s, and nothing of ours', async () => {
    await call('POST', 'namespaces/default/secrets', {
      metadata: { name: 's' },
      stringData: { key: 'hidden' },
    });
    const env = [
      { name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'key' } } },
      { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'BOTH', value: '$(KEY) of $(NAME), $$(KEY), $(NONE)' },
    ];
    const script = 'echo "$BOTH|$FROM_IMAGE|$HOSTNAME|${VITEST:-none}"';
    await createPod('a', { restartPolicy: 'Never', containers: [shell(script, { env })] });
    await podWhen('a', isOver);
    expect(await logOf('a')).toBe('hidden of a, $(KEY), $(NONE)|yes|a|none\n');
  });

  test('volumes lie below the mount root, the token of its account among them', async () => {
    const script = [
      'cd $MUSTER_MOUNT_ROOT',
      'cat config/sub/file; echo',
      'cat var/run/secrets/kubernetes.io/serviceaccount/namespace; echo',
      'cut -d. -f1 var/run/secrets/kubernetes.io/serviceaccount/token | base64 -d 2>/dev/null | cut -c1-6',
    ].join('; ');
    await call('POST', 'namespaces/default/configmaps', {
      metadata: { name: 'c' },
      data: { key: 'content' },
    });
    await createPod('a', {
      restartPolicy: 'Never',
      containers: [shell(script, { volumeMounts: [{ name: 'c', mountPath: '/config' }] })],
      volumes: [{ name: 'c', configMap: { name: 'c', items: [{ key: 'key', path: 'sub/file' }] } }],
    });
    await podWhen('a', isOver);
    expect(await logOf('a')).toBe('content\ndefault\n{"alg"\n');
  });

  test('init containers run in order before the main ones, sidecars beside them', async () => {
    const volumeMounts = [{ name: 'w', mountPath: '/w' }];
    const add = (word: string): string => `echo ${word} >> $MUSTER_MOUNT_ROOT/w/log`;
    const forever = 'trap "exit 0" TERM; while :; do sleep 0.02; done';
    await createPod('a', {
      restartPolicy: 'Never',
      initContainers: [
        shell(add('one'), { name: 'one', volumeMounts }),
        shell(forever, { name: 'side', restartPolicy: 'Always' }),
        shell(add('two'), { name: 'two', volumeMounts }),
      ],
      containers: [shell('cat $MUSTER_MOUNT_ROOT/w/log', { volumeMounts })],
      volumes: [{ name: 'w', emptyDir: {} }],
    });
    const status = await podWhen('a', isOver);
    expect(await logOf('a')).toBe('one\ntwo\n');
    expect(status.phase).toBe('Succeeded');
    expect(status.initContainerStatuses?.map(({ state }) => state.terminated?.exitCode)).toEqual([
      0, 0, 0,
    ]);
  });

  test('a container that fails is restarted at once, and its last run can be read', async () => {
    const script =
      'if [ -e $HOME/again ]; then echo second; exec sleep 100; fi; touch $HOME/again; echo first; exit 1';
    await createPod('a', { restartPolicy: 'OnFailure', containers: [shell(script)] });
    const again = await podWhen('a', ({ containerStatuses }) => {
      const [main] = containerStatuses ?? [];
      return main?.restartCount === 1 && main.state.running !== undefined;
    });
    expect(again.containerStatuses?.[0]?.lastState.terminated?.exitCode).toBe(1);
    expect(await logOf('a', '?previous=true')).toBe('first\n');
  });
});

describe('a pod waits for what is missing', () => {
  test('a Secret of its environment, and goes on when it is there', async () => {
    const env = [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'key' } } }];
    await createPod('a', { restartPolicy: 'Never', containers: [shell('echo $KEY', { env })] });
    const waiting = await podWhen('a', isWaitingFor('CreateContainerConfigError'));
    expect(waiting.containerStatuses?.[0]?.state.waiting?.message).toBe('secret "s" not found');
    const secret = { metadata: { name: 's' }, stringData: { key: 'now' } };
    await call('POST', 'namespaces/default/secrets', secret);
    await podWhen('a', isOver);
    expect(await logOf('a')).toBe('now\n');
  });

  test('an image that the table does not have', async () => {
    await createPod('a', { containers: [{ name: 'main', image: 'other' }] });
    await podWhen('a', isWaitingFor('ErrImagePull'));
    await podWhen('a', isWaitingFor('ImagePullBackOff'));
  });

  test('a node that its selector asks for', async () => {
    const spec = { nodeSelector: { 'kubernetes.io/os': 'windows' }, containers: [shell('true')] };
    await createPod('a', spec);
    const { conditions } = await podWhen('a', (status) => status.conditions !== undefined);
    expect(conditions?.map(({ type, status, reason }) => ({ type, status, reason }))).toEqual([
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' },
    ]);
  });
});

describe('a pod ends', () => {
  test('with SIGTERM when it is deleted, and its object and folder go', async () => {
    const script = 'trap "exit 0" TERM; while :; do sleep 0.02; done';
    await createPod('a', { containers: [shell(script)] });
    await podWhen('a', isRunning);
    await call('DELETE', `${PODS}/a`);
    await podWhen('a', isGone);
  });

  // Elsewhere what leaves its group cannot be found.
  test.runIf(process.platform === 'linux')(
    'with SIGKILL after its grace, and everything it started with it',
    async () => {
      // The grandchild leaves the process group; the shell ignores SIGTERM.
      const script = 'trap "" TERM; setsid sleep 100 & echo $!; while :; do sleep 0.02; done';
      await createPod('a', { terminationGracePeriodSeconds: 1, containers: [shell(script)] });
      await podWhen('a', isRunning);
      const follow = await call('GET', `${PODS}/a/log?follow=true`);
      const log = follow.body?.pipeThrough(new TextDecoderStream()).getReader();
      const pid = Number((await log?.read())?.value);
      expect(isAlive(pid)).toBe(true);
      await call('DELETE', `${PODS}/a`);
      await podWhen('a', isGone);
      expect(isAlive(pid)).toBe(false);
      expect((await log?.read())?.done).toBe(true);
    },
  );

  test('all at once when the node stops, without a trace', async () => {
    for (const name of ['a', 'b', 'c']) {
      await createPod(name, { containers: [shell('echo $$$$; exec sleep 100')] });
    }
    for (const name of ['a', 'b', 'c']) await podWhen(name, isRunning);
    const follow = await call('GET', `${PODS}/a/log?follow=true`);
    const log = follow.body?.pipeThrough(new TextDecoderStream()).getReader();
    const pid = Number((await log?.read())?.value);
    expect(isAlive(pid)).toBe(true);
    await node.stop();
    expect(isAlive(pid)).toBe(false);
    expect(await readdir(dir)).toEqual([]);
  });
});

test.runIf(process.platform === 'linux')('every pod has an address of its own', async () => {
  for (const name of ['a', 'b']) await createPod(name, { containers: [shell('exec sleep 100')] });
  const a = await podWhen('a', isRunning);
  const b = await podWhen('b', isRunning);
  expect(a.podIP).toMatch(/^127\./);
  expect(a.podIP).not.toBe(b.podIP);
});
