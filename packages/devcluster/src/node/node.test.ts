import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  FOREVER,
  MOUNTS,
  isAlive,
  isGone,
  isOver,
  isRunning,
  isWaitingFor,
  openWorld,
  shell,
} from './testing.ts';
import type { NodeWorld } from './testing.ts';

// Pods are processes; how long they take to start and end is the machine's business.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const PODS = 'namespaces/default/pods';

describe.each(MOUNTS)('with %s', (mounts) => {
  let world: NodeWorld;

  beforeEach(async () => {
    world = await openWorld({ mounts });
  });

  afterEach(async () => {
    await world.close();
  });

  describe('a pod runs as processes', () => {
    test.each([
      { exits: 'exit 0', phase: 'Succeeded', exitCode: 0, reason: 'Completed' },
      { exits: 'exit 3', phase: 'Failed', exitCode: 3, reason: 'Error' },
      { exits: 'kill -9 $$$$', phase: 'Failed', exitCode: 137, reason: 'Error' },
      { exits: 'kill -15 $$$$', phase: 'Failed', exitCode: 143, reason: 'Error' },
    ])('$exits makes it $phase with $exitCode', async ({ exits, phase, exitCode, reason }) => {
      await world.createPod('a', { restartPolicy: 'Never', containers: [shell(exits)] });
      const status = await world.podWhen('a', isOver);
      const terminated = status.containerStatuses?.[0]?.state.terminated;
      expect({
        phase: status.phase,
        exitCode: terminated?.exitCode,
        reason: terminated?.reason,
      }).toEqual({ phase, exitCode, reason });
    });

    test('a program of the image stands for the path in its command', async () => {
      const container = { name: 'main', image: 'node', command: ['/bin/program', '6*7'] };
      await world.createPod('a', { restartPolicy: 'Never', containers: [container] });
      await world.podWhen('a', isOver);
      expect(await world.logOf('a')).toBe('42\n');
    });

    test('a program that is not there is a start error', async () => {
      const container = shell('', { command: ['/no/such/program'] });
      await world.createPod('a', { restartPolicy: 'Never', containers: [container] });
      const { containerStatuses } = await world.podWhen('a', isOver);
      expect(containerStatuses?.[0]?.state.terminated).toMatchObject({
        exitCode: 128,
        reason: 'StartError',
      });
    });

    test('its environment is its own, the image’s and its spec’s, and nothing of ours', async () => {
      await world.call('POST', 'namespaces/default/secrets', {
        metadata: { name: 's' },
        stringData: { key: 'hidden' },
      });
      const env = [
        { name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'key' } } },
        { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'BOTH', value: '$(KEY) of $(NAME), $$(KEY), $(NONE)' },
      ];
      const script = 'echo "$BOTH|$FROM_IMAGE|$HOSTNAME|${VITEST:-none}"';
      await world.createPod('a', { restartPolicy: 'Never', containers: [shell(script, { env })] });
      await world.podWhen('a', isOver);
      expect(await world.logOf('a')).toBe('hidden of a, $(KEY), $(NONE)|yes|a|none\n');
    });

    test('volumes lie at their paths, the token of its account among them', async () => {
      const script = [
        'cat $MUSTER_MOUNT_ROOT/config/sub/file; echo',
        'cd $MUSTER_MOUNT_ROOT/var/run/secrets/kubernetes.io/serviceaccount',
        'cat namespace; echo',
        'cut -d. -f1 token | base64 -d 2>/dev/null | cut -c1-6',
      ].join('; ');
      await world.call('POST', 'namespaces/default/configmaps', {
        metadata: { name: 'c' },
        data: { key: 'content' },
      });
      await world.createPod('a', {
        restartPolicy: 'Never',
        containers: [shell(script, { volumeMounts: [{ name: 'c', mountPath: '/config' }] })],
        volumes: [
          { name: 'c', configMap: { name: 'c', items: [{ key: 'key', path: 'sub/file' }] } },
        ],
      });
      await world.podWhen('a', isOver);
      expect(await world.logOf('a')).toBe('content\ndefault\n{"alg"\n');
    });

    test('init containers run in order before the main ones, sidecars beside them', async () => {
      const volumeMounts = [{ name: 'w', mountPath: '/w' }];
      const add = (word: string): string => `echo ${word} >> $MUSTER_MOUNT_ROOT/w/log`;
      await world.createPod('a', {
        restartPolicy: 'Never',
        initContainers: [
          shell(add('one'), { name: 'one', volumeMounts }),
          shell(FOREVER, { name: 'side', restartPolicy: 'Always' }),
          shell(add('two'), { name: 'two', volumeMounts }),
        ],
        containers: [shell('cat $MUSTER_MOUNT_ROOT/w/log', { volumeMounts })],
        volumes: [{ name: 'w', emptyDir: {} }],
      });
      const status = await world.podWhen('a', isOver);
      expect(await world.logOf('a')).toBe('one\ntwo\n');
      expect(status.phase).toBe('Succeeded');
      expect(status.initContainerStatuses?.map(({ state }) => state.terminated?.exitCode)).toEqual([
        0, 0, 0,
      ]);
    });

    test('a container that fails is restarted at once, and its last run can be read', async () => {
      const script =
        'if [ -e $HOME/again ]; then echo second; exec sleep 100; fi; touch $HOME/again; echo first; exit 1';
      await world.createPod('a', { restartPolicy: 'OnFailure', containers: [shell(script)] });
      const again = await world.podWhen('a', ({ containerStatuses }) => {
        const [main] = containerStatuses ?? [];
        return main?.restartCount === 1 && main.state.running !== undefined;
      });
      expect(again.containerStatuses?.[0]?.lastState.terminated?.exitCode).toBe(1);
      expect(await world.logOf('a', '?previous=true')).toBe('first\n');
    });
  });

  describe('a pod waits for what is missing', () => {
    test('a Secret of its environment, and goes on when it is there', async () => {
      const env = [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'key' } } }];
      await world.createPod('a', {
        restartPolicy: 'Never',
        containers: [shell('echo $KEY', { env })],
      });
      const waiting = await world.podWhen('a', isWaitingFor('CreateContainerConfigError'));
      expect(waiting.containerStatuses?.[0]?.state.waiting?.message).toBe('secret "s" not found');
      const secret = { metadata: { name: 's' }, stringData: { key: 'now' } };
      await world.call('POST', 'namespaces/default/secrets', secret);
      await world.podWhen('a', isOver);
      expect(await world.logOf('a')).toBe('now\n');
    });

    test('an image that the table does not have', async () => {
      await world.createPod('a', { containers: [{ name: 'main', image: 'other' }] });
      await world.podWhen('a', isWaitingFor('ErrImagePull'));
      await world.podWhen('a', isWaitingFor('ImagePullBackOff'));
    });

    test('a gRPC probe, for this node has none, and says so', async () => {
      const livenessProbe = { grpc: { port: 80 } };
      await world.createPod('a', { containers: [shell('true', { livenessProbe })] });
      const { containerStatuses } = await world.podWhen(
        'a',
        isWaitingFor('CreateContainerConfigError'),
      );
      expect(containerStatuses?.[0]?.state.waiting?.message).toBe('this node has no gRPC probes');
    });

    test('a node that its selector asks for', async () => {
      const spec = { nodeSelector: { 'kubernetes.io/os': 'windows' }, containers: [shell('true')] };
      await world.createPod('a', spec);
      const { conditions } = await world.podWhen('a', (status) => status.conditions !== undefined);
      expect(conditions?.map(({ type, status, reason }) => ({ type, status, reason }))).toEqual([
        { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' },
      ]);
    });
  });

  describe('a pod ends', () => {
    test('with SIGTERM when it is deleted, and its object and folder go', async () => {
      await world.createPod('a', { containers: [shell(FOREVER)] });
      await world.podWhen('a', isRunning);
      await world.call('DELETE', `${PODS}/a`);
      await world.podWhen('a', isGone);
    });

    // Elsewhere what leaves its group cannot be found.
    test.runIf(process.platform === 'linux')(
      'with SIGKILL after its grace, and everything it started with it',
      async () => {
        // The grandchild leaves the process group; the shell ignores SIGTERM.
        const script = 'trap "" TERM; setsid sleep 100 & echo $!; while :; do sleep 0.02; done';
        await world.createPod('a', {
          terminationGracePeriodSeconds: 1,
          containers: [shell(script)],
        });
        await world.podWhen('a', isRunning);
        const follow = await world.call('GET', `${PODS}/a/log?follow=true`);
        const log = follow.body?.pipeThrough(new TextDecoderStream()).getReader();
        const pid = Number((await log?.read())?.value);
        expect(isAlive(pid)).toBe(true);
        await world.call('DELETE', `${PODS}/a`);
        await world.podWhen('a', isGone);
        expect(isAlive(pid)).toBe(false);
        expect((await log?.read())?.done).toBe(true);
      },
    );

    test('at once with a grace of 0, though it is deaf, and its folder goes', async () => {
      const script = 'trap "" TERM; echo $$$$; while :; do sleep 0.02; done';
      await world.createPod('a', { containers: [shell(script)] });
      await world.podWhen('a', isRunning);
      let said = '';
      while (said === '') said = (await world.logOf('a')).trim();
      await world.call('DELETE', `${PODS}/a`, { gracePeriodSeconds: 0 });
      await expect.poll(() => isAlive(Number(said)), { timeout: 50_000 }).toBe(false);
      await expect.poll(() => readdir(`${world.dir}/pods`), { timeout: 50_000 }).toEqual([]);
    });

    test('all at once when the node stops, without a trace', async () => {
      for (const name of ['a', 'b', 'c']) {
        await world.createPod(name, { containers: [shell('echo $$$$; exec sleep 100')] });
      }
      for (const name of ['a', 'b', 'c']) await world.podWhen(name, isRunning);
      const follow = await world.call('GET', `${PODS}/a/log?follow=true`);
      const log = follow.body?.pipeThrough(new TextDecoderStream()).getReader();
      const pid = Number((await log?.read())?.value);
      expect(isAlive(pid)).toBe(true);
      await world.stopNode();
      expect(isAlive(pid)).toBe(false);
      expect(await readdir(world.dir)).toEqual([]);
    });
  });

  test.runIf(process.platform === 'linux')('every pod has an address of its own', async () => {
    for (const name of ['a', 'b'])
      await world.createPod(name, { containers: [shell('exec sleep 100')] });
    const a = await world.podWhen('a', isRunning);
    const b = await world.podWhen('b', isRunning);
    expect(a.podIP).toMatch(/^127\./);
    expect(a.podIP).not.toBe(b.podIP);
  });
});
