// What a kubelet promises, each test named for the rule it holds. The suite runs against the dev
// cluster's node, and against a real one when MUSTER_TEST_KUBECONFIG names a cluster whose node has
// the image below: any root folder with a busybox in it.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../conformance/config.ts';
import { openTarget } from '../conformance/target.ts';
import { isGone, isOver, isRunning, isWaitingFor, openWorld, podUser } from './testing.ts';
import type { PodUser } from './testing.ts';
import type { Container, ContainerStatus, PodStatus } from './pod.ts';

const IMAGE = 'muster.test/busybox:1.35';

// A real node takes a second for what takes ours a tenth, and some rules are about tens of seconds.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

interface Ground {
  user: (namespace: string) => PodUser;
  close: () => Promise<void>;
}

async function openGround(): Promise<Ground> {
  if (readConfig().kubeconfig === undefined) {
    const world = await openWorld();
    return { user: (name) => world.as(name), close: () => world.close() };
  }
  const target = await openTarget();
  return {
    user: (namespace) => podUser(target.admin.send, namespace),
    close: () => target.close(),
  };
}

let ground: Ground;
let user: PodUser;
let namespace: string;

beforeAll(async () => {
  ground = await openGround();
});

afterAll(async () => {
  await ground.close();
});

beforeEach(async () => {
  namespace = `kubelet-${randomBytes(4).toString('hex')}`;
  user = ground.user(namespace);
  await user.call('POST', 'namespaces', { metadata: { name: namespace } });
  const account = `namespaces/${namespace}/serviceaccounts/default`;
  while (!(await user.call('GET', account)).ok) await sleep(50);
});

afterEach(async () => {
  await user.call('DELETE', `namespaces/${namespace}`);
});

const sh = (script: string, more: Partial<Container> = {}): Container => ({
  name: 'main',
  image: IMAGE,
  command: ['/bin/sh', '-c', script],
  ...more,
});

const create = (containers: Container[], spec: object = {}): Promise<void> =>
  user.createPod('a', { restartPolicy: 'Never', containers, ...spec });

const remove = (body?: object): Promise<Response> =>
  user.call('DELETE', `namespaces/${namespace}/pods/a`, body);

const make = (kind: 'configmaps' | 'secrets', name: string, content: object): Promise<Response> =>
  user.call('POST', `namespaces/${namespace}/${kind}`, { metadata: { name }, ...content });

/** Runs one container to its end, and answers what it said. */
async function said(container: Container, spec: object = {}): Promise<string> {
  await create([container], spec);
  await user.podWhen('a', isOver);
  return user.logOf('a', '?container=main');
}

const main = ({ containerStatuses = [] }: PodStatus): ContainerStatus | undefined =>
  containerStatuses.find(({ name }) => name === 'main');

const conditions = (status: PodStatus): Record<string, string> =>
  Object.fromEntries(
    (status.conditions ?? []).map(({ type, status: is, reason, message }) => [
      type,
      [is, reason, message].filter(Boolean).join(' '),
    ]),
  );

const FOREVER = 'trap "exit 0" TERM; while :; do sleep 0.1; done';

const mounted = (name: string, mountPath: string, more = {}): Pick<Container, 'volumeMounts'> => ({
  volumeMounts: [{ name, mountPath, ...more }],
});

describe('phase, states and conditions', () => {
  test.each([
    { exits: 0, phase: 'Succeeded', reason: 'Completed', because: 'PodCompleted' },
    { exits: 3, phase: 'Failed', reason: 'Error', because: 'PodFailed' },
  ])('exit $exits makes the pod $phase', async ({ exits, phase, reason, because }) => {
    await create([sh(`exit ${exits}`)]);
    const status = await user.podWhen('a', isOver);
    expect(status.phase).toBe(phase);
    expect(main(status)?.state.terminated).toMatchObject({ exitCode: exits, reason });
    expect(main(status)).toMatchObject({ ready: false, started: false, restartCount: 0 });
    expect(conditions(status)).toEqual({
      PodReadyToStartContainers: 'False',
      Initialized: exits === 0 ? 'True PodCompleted' : 'True',
      Ready: `False ${because}`,
      ContainersReady: `False ${because}`,
      PodScheduled: 'True',
    });
  });

  test('a pod whose container runs is ready', async () => {
    await create([sh(FOREVER)]);
    const status = await user.podWhen('a', isRunning);
    expect(main(status)).toMatchObject({ ready: true, started: true, lastState: {} });
    expect(conditions(status)).toEqual({
      PodReadyToStartContainers: 'True',
      Initialized: 'True',
      Ready: 'True',
      ContainersReady: 'True',
      PodScheduled: 'True',
    });
  });

  test('a pod waits for its init container, and says so', async () => {
    await create([sh(FOREVER)], { initContainers: [sh(FOREVER, { name: 'init' })] });
    const isInit = ({ initContainerStatuses }: PodStatus): boolean =>
      initContainerStatuses?.[0]?.state.running !== undefined;
    const status = await user.podWhen('a', isInit);
    expect(status.phase).toBe('Pending');
    expect(main(status)?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
    expect(status.initContainerStatuses?.[0]).toMatchObject({ ready: false, started: true });
    expect(conditions(status)).toMatchObject({
      Initialized: 'False ContainersNotInitialized containers with incomplete status: [init]',
      Ready: 'False ContainersNotReady containers with unready status: [main]',
    });
  });

  test('an init container that fails for good fails the pod, and main never starts', async () => {
    await create([sh('true')], { initContainers: [sh('exit 4', { name: 'init' })] });
    const status = await user.podWhen('a', isOver);
    expect(status.phase).toBe('Failed');
    expect(main(status)?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
    expect(status.initContainerStatuses?.[0]?.state.terminated?.exitCode).toBe(4);
  });

  test('a program that is not there is a start error', async () => {
    await create([sh('', { command: ['/no/such/program'] })]);
    const status = await user.podWhen('a', isOver);
    const terminated = main(status)?.state.terminated;
    expect(terminated).toMatchObject({ exitCode: 128, reason: 'StartError' });
    expect(terminated?.message).toContain('exec: "/no/such/program"');
  });

  test('a second failure waits, and is no restart before it has waited', async () => {
    await create([sh('exit 1')], { restartPolicy: 'Always' });
    const status = await user.podWhen('a', isWaitingFor('CrashLoopBackOff'));
    expect(status.phase).toBe('Running');
    expect(main(status)).toMatchObject({ restartCount: 1, ready: false, started: false });
    expect(main(status)?.lastState.terminated?.exitCode).toBe(1);
    expect(main(status)?.state.waiting?.message).toMatch(
      /^back-off 10s restarting failed container=main pod=a_kubelet-/,
    );
  });

  test('a pod past its deadline fails once its containers have ended', async () => {
    await create([sh(FOREVER)], { activeDeadlineSeconds: 2 });
    const status = await user.podWhen('a', isOver);
    expect(status).toMatchObject({
      phase: 'Failed',
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    });
    expect(main(status)?.state.terminated?.exitCode).toBe(0);
  });
});

test('a deadline that is set while the pod runs counts from its start', async () => {
  await create([sh(FOREVER)]);
  await user.podWhen('a', isRunning);
  const path = `namespaces/${namespace}/pods/a`;
  await user.call('PATCH', path, { spec: { activeDeadlineSeconds: 2 } });
  expect((await user.podWhen('a', isOver)).reason).toBe('DeadlineExceeded');
});

describe('environment', () => {
  test('$(NAME) knows the spec’s own variables and Services, not the image’s', async () => {
    await make('configmaps', 'c', { data: { FROM: 'map' } });
    const env = [
      { name: 'A', value: 'a' },
      { name: 'B', value: '$(A) $(FROM) $(PATH) $(LATER) $$(A) $(P_FROM)' },
      { name: 'LATER', value: 'x' },
      { name: 'HOST', value: '$(KUBERNETES_SERVICE_PORT_HTTPS)' },
    ];
    const envFrom = [
      { configMapRef: { name: 'c' } },
      { prefix: 'P_', configMapRef: { name: 'c' } },
      { configMapRef: { name: 'none', optional: true } },
    ];
    const answer = await said(sh('echo "$B|$HOST"', { env, envFrom }));
    expect(answer).toMatch(/^a map \$\(PATH\) \$\(LATER\) \$\(A\) map\|\d+\n$/);
  });

  test('$(NAME) is replaced in command and args', async () => {
    const env = [{ name: 'A', value: 'a' }];
    const command = ['/bin/sh', '-c', 'echo "$0 $1"', '$(A)', '$(NONE)'];
    expect(await said(sh('', { command, env }))).toBe('a $(NONE)\n');
  });

  test('a resource without a limit is what the node has; with one it is rounded up', async () => {
    const field = (resource: string, divisor?: string) => ({
      valueFrom: { resourceFieldRef: { resource, ...(divisor && { divisor }) } },
    });
    const env = [
      { name: 'CPU', ...field('limits.cpu') },
      { name: 'MILLI', ...field('limits.cpu', '1m') },
      { name: 'MEMORY', ...field('requests.memory', '1Mi') },
    ];
    const resources = { limits: { cpu: '150m' }, requests: { cpu: '10m', memory: '16Mi' } };
    expect(await said(sh('echo $CPU $MILLI $MEMORY', { env, resources }))).toBe('1 150 16\n');
  });

  test('a Secret that is missing keeps a container waiting until it is there', async () => {
    const env = [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'key' } } }];
    await create([sh('echo $KEY', { env })]);
    const waiting = await user.podWhen('a', isWaitingFor('CreateContainerConfigError'));
    expect(main(waiting)?.state.waiting?.message).toBe('secret "s" not found');
    await make('secrets', 's', { stringData: { other: 'x' } });
    const key = await user.podWhen(
      'a',
      (status) => main(status)?.state.waiting?.message?.includes('find key') === true,
    );
    expect(main(key)?.state.waiting?.message).toBe(
      `couldn't find key key in Secret ${namespace}/s`,
    );
  });
});

describe('volumes', () => {
  test('a ConfigMap’s files are links into one folder, which is replaced as a whole', async () => {
    await make('configmaps', 'c', { data: { one: '1', two: '2' } });
    const script = 'cd /c; ls -A | grep -v "^\\.\\.[0-9f]"; readlink one; stat -Lc %a one';
    const volumes = [{ name: 'c', configMap: { name: 'c' } }];
    expect(await said(sh(script, mounted('c', '/c')), { volumes })).toBe(
      '..data\none\ntwo\n..data/one\n644\n',
    );
  });

  test('items choose keys, paths and modes; what is optional may be missing', async () => {
    await make('secrets', 's', { stringData: { one: '1', two: '2' } });
    const items = [
      { key: 'one', path: 'deep/er', mode: 0o400 },
      { key: 'two', path: 'two' },
      { key: 'none', path: 'none' },
    ];
    const secret = { secretName: 's', items, defaultMode: 0o666, optional: true };
    const script = 'cd /s; ls; cat deep/er; stat -Lc %a deep/er two';
    const volumes = [{ name: 's', secret }];
    expect(await said(sh(script, mounted('s', '/s')), { volumes })).toBe('deep\ntwo\n1400\n666\n');
  });

  test('a volume of a Secret cannot be written, an emptyDir by everybody', async () => {
    await make('secrets', 's', { stringData: { one: '1' } });
    const volumeMounts = [
      { name: 's', mountPath: '/s' },
      { name: 'e', mountPath: '/e' },
    ];
    const volumes = [
      { name: 's', secret: { secretName: 's' } },
      { name: 'e', emptyDir: {} },
    ];
    const script = 'touch /s/x 2>/dev/null || echo refused; stat -c %a /e';
    expect(await said(sh(script, { volumeMounts }), { volumes })).toBe('refused\n777\n');
  });

  test('a projected volume joins its sources, with a token of its own audience', async () => {
    await make('configmaps', 'c', { data: { one: '1' } });
    const sources = [
      { configMap: { name: 'c' } },
      { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
      { serviceAccountToken: { path: 'token', audience: 'me', expirationSeconds: 600 } },
    ];
    const script = 'cd /p; ls; cat one name; cut -d. -f2 token | tr _- /+';
    const volumes = [{ name: 'p', projected: { sources } }];
    const [one, two, three, data, claims = ''] = (
      await said(sh(script, mounted('p', '/p')), { volumes })
    ).split('\n');
    expect([one, two, three, data?.slice(0, 2)]).toEqual(['name', 'one', 'token', '1a']);
    const { aud, iat, exp } = JSON.parse(
      Buffer.from(`${data?.slice(2) ?? ''}${claims}`, 'base64').toString(),
    ) as { aud: string[]; iat: number; exp: number };
    expect({ aud, seconds: exp - iat }).toEqual({ aud: ['me'], seconds: 600 });
  });

  test('a key that is missing from a needed ConfigMap is told by an event', async () => {
    await make('configmaps', 'c', { data: { one: '1' } });
    const volumes = [{ name: 'c', configMap: { name: 'c', items: [{ key: 'x', path: 'x' }] } }];
    await create([sh('true', mounted('c', '/c'))], { volumes });
    const message = await eventOf('FailedMount');
    expect(message).toBe(
      'MountVolume.SetUp failed for volume "c" : configmap references non-existent config key: x',
    );
  });
});

async function eventOf(reason: string): Promise<string> {
  for (;;) {
    const list = await user.call('GET', `namespaces/${namespace}/events`);
    const { items } = (await list.json()) as { items: { reason: string; message: string }[] };
    const found = items.find((event) => event.reason === reason);
    if (found !== undefined) return found.message;
    await sleep(50);
  }
}

describe('hooks, last words, logs', () => {
  test('postStart runs beside the program, and preStop before SIGTERM', async () => {
    const volumes = [{ name: 'e', emptyDir: {} }];
    const add = (word: string) => ({
      exec: { command: ['/bin/sh', '-c', `echo ${word} >> /e/x`] },
    });
    const script = 'trap "cat /e/x; exit 0" TERM; while :; do sleep 0.1; done';
    const lifecycle = { postStart: add('post'), preStop: add('pre') };
    await create([sh(script, { lifecycle, ...mounted('e', '/e') })], { volumes });
    await user.podWhen('a', isRunning);
    const follow = user.logOf('a', '?follow=true');
    const gone = user.podWhen('a', isGone);
    await remove();
    expect(await follow).toBe('post\npre\n');
    await gone;
  });

  test('a preStop hook that sleeps holds SIGTERM back', async () => {
    const lifecycle = { preStop: { sleep: { seconds: 2 } } };
    const script = 'trap "echo told; exit 0" TERM; while :; do sleep 0.1; done';
    await create([sh(script, { lifecycle })]);
    await user.podWhen('a', isRunning);
    const follow = user.logOf('a', '?follow=true&timestamps=true');
    const gone = user.podWhen('a', isGone);
    const removedAt = Date.now();
    await remove();
    const [time = '', said = ''] = (await follow).trim().split(' ');
    expect(said).toBe('told');
    // A real kubelet and this test have the same clock; a second's granularity is theirs.
    expect(Date.parse(time) - removedAt).toBeGreaterThanOrEqual(1_000);
    await gone;
  });

  test('a postStart hook that fails ends the container', async () => {
    const lifecycle = { postStart: { exec: { command: ['/bin/sh', '-c', 'exit 7'] } } };
    await create([sh(FOREVER, { lifecycle })]);
    const status = await user.podWhen('a', isOver);
    expect(main(status)?.state.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
    expect(await eventOf('FailedPostStartHook')).toContain('PostStartHook failed');
  });

  test.each([
    { name: 'its file', script: 'echo words > /dev/termination-log; exit 1', more: {} },
    {
      name: 'a file it names',
      script: 'echo words > /tmp/last; exit 1',
      more: { terminationMessagePath: '/tmp/last' },
    },
    {
      name: 'its log, when it failed without a file',
      script: 'echo words; exit 1',
      more: { terminationMessagePolicy: 'FallbackToLogsOnError' },
    },
  ])('a container’s last words are from $name', async ({ script, more }) => {
    await create([sh(script, more)]);
    const status = await user.podWhen('a', isOver);
    expect(main(status)?.state.terminated?.message).toBe('words\n');
  });

  test('a log’s last line is as it was written, and its parts can be asked for', async () => {
    await create([sh('echo one; echo two; printf three')]);
    await user.podWhen('a', isOver);
    expect(await user.logOf('a')).toBe('one\ntwo\nthree');
    expect(await user.logOf('a', '?tailLines=1')).toBe('three');
    expect(await user.logOf('a', '?tailLines=0')).toBe('');
    expect(await user.logOf('a', '?limitBytes=5')).toBe('one\nt');
    expect(await user.logOf('a', '?timestamps=true&tailLines=2')).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z two\n\d{4}-\d\d-\d\dT[\d:.]+Z three$/,
    );
    expect(await user.logOf('a', '?sinceTime=2099-01-01T00:00:00Z')).toBe('');
  });

  test('the log of a run before is there after a restart, and none before it', async () => {
    const volumes = [{ name: 'e', emptyDir: {} }];
    const script = `if [ -e /e/x ]; then echo second; ${FOREVER}; fi; touch /e/x; echo first; exit 1`;
    await create([sh(script, mounted('e', '/e'))], { volumes, restartPolicy: 'OnFailure' });
    await user.podWhen('a', (status) => {
      const now = main(status);
      return now?.restartCount === 1 && now.state.running !== undefined;
    });
    expect(await user.logOf('a', '?previous=true')).toBe('first\n');
    expect(await user.logOf('a', '?tailLines=1')).toBe('second\n');
  });
});

describe('where a pod may go', () => {
  const cordon = async (isCordoned: boolean): Promise<void> => {
    const { items } = (await (await user.call('GET', 'nodes')).json()) as {
      items: { metadata: { name: string } }[];
    };
    for (const { metadata } of items) {
      await user.call('PATCH', `nodes/${metadata.name}`, { spec: { unschedulable: isCordoned } });
    }
  };

  afterEach(() => cordon(false));

  test('a pod does not come to a node that is cordoned, and comes when it is not any more', async () => {
    await cordon(true);
    await create([sh('echo here')]);
    const waiting = await user.podWhen('a', ({ conditions: all = [] }) => all.length > 0);
    expect(waiting.phase).toBe('Pending');
    expect(conditions(waiting)['PodScheduled']).toMatch(
      /^False Unschedulable 0\/1 nodes are available: 1 node\(s\) were unschedulable/,
    );
    await cordon(false);
    expect((await user.podWhen('a', isOver)).phase).toBe('Succeeded');
  });

  test('a label that the node is given is one that pods may ask for', async () => {
    const label = `${namespace}.test/kind`;
    const spec = { nodeSelector: { [label]: 'big' } };
    await create([sh('echo here')], spec);
    const waiting = await user.podWhen('a', ({ conditions: all = [] }) => all.length > 0);
    expect(conditions(waiting)['PodScheduled']).toContain(
      "didn't match Pod's node affinity/selector",
    );
    const { items } = (await (await user.call('GET', 'nodes')).json()) as {
      items: { metadata: { name: string } }[];
    };
    const path = `nodes/${items[0]?.metadata.name ?? ''}`;
    await user.call('PATCH', path, { metadata: { labels: { [label]: 'big' } } });
    // A real kubelet that has not heard of its label yet refuses what the scheduler sends it.
    await user.podWhen('a', (status) => conditions(status)['PodScheduled'] === 'True');
    await user.call('PATCH', path, { metadata: { labels: { [label]: null } } });
  });
});

describe('sidecars', () => {
  test('start one after the other, past their startup probes, and end last to first after main', async () => {
    const add = (word: string): string => `echo ${word} >> /e/x`;
    const sidecar = (name: string): Container =>
      sh(
        `${add(`${name}-up`)}; trap "${add(`${name}-down`)}; cat /e/x; exit 0" TERM; sleep 1; touch /e/${name}; while :; do sleep 0.1; done`,
        {
          name,
          restartPolicy: 'Always',
          startupProbe: {
            exec: { command: ['ls', `/e/${name}`] },
            periodSeconds: 1,
            failureThreshold: 30,
          },
          ...mounted('e', '/e'),
        },
      );
    await create([sh(add('main'), mounted('e', '/e'))], {
      initContainers: [sidecar('one'), sidecar('two')],
      volumes: [{ name: 'e', emptyDir: {} }],
    });
    const status = await user.podWhen('a', isOver);
    expect(status.phase).toBe('Succeeded');
    expect(await user.logOf('a', '?container=one')).toBe(
      'one-up\ntwo-up\nmain\ntwo-down\none-down\n',
    );
  });
});

describe('probes', () => {
  test('a liveness probe that fails restarts the container', async () => {
    const livenessProbe = {
      exec: { command: ['/bin/sh', '-c', 'echo none; exit 1'] },
      periodSeconds: 1,
      failureThreshold: 2,
    };
    await create([sh('trap "exit 5" TERM; while :; do sleep 0.1; done', { livenessProbe })], {
      restartPolicy: 'OnFailure',
    });
    // A real kubelet may count the restart a moment before it tells of the end.
    const status = await user.podWhen('a', (one) => main(one)?.lastState.terminated !== undefined);
    expect(main(status)).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 5 } },
    });
    expect(await eventOf('Unhealthy')).toBe('Liveness probe failed: none\n');
    expect(await eventOf('Killing')).toBe(
      'Container main failed liveness probe, will be restarted',
    );
  });

  test('a readiness probe alone decides on being ready', async () => {
    const readinessProbe = { exec: { command: ['ls', '/tmp/ready'] }, periodSeconds: 1 };
    const script = 'sleep 2; touch /tmp/ready; sleep 3; rm /tmp/ready; while :; do sleep 0.1; done';
    const own = { readinessProbe: { ...readinessProbe, failureThreshold: 1 } };
    await create([sh(script, { ...own, ...mounted('e', '/tmp') })], {
      volumes: [{ name: 'e', emptyDir: {} }],
    });
    const before = await user.podWhen('a', isRunning);
    expect(main(before)).toMatchObject({ ready: false, started: true });
    expect(conditions(before)['Ready']).toContain('ContainersNotReady');
    await user.podWhen('a', (status) => conditions(status)['Ready'] === 'True');
    await user.podWhen('a', (status) => conditions(status)['Ready'] !== 'True');
  });
});

describe('an end', () => {
  test('with a grace of 0 is at once: the object goes and nothing is waited for', async () => {
    await create([sh('trap "" TERM; echo deaf; while :; do sleep 0.1; done')], {
      terminationGracePeriodSeconds: 600,
    });
    await user.podWhen('a', isRunning);
    while (!(await user.logOf('a')).includes('deaf')) await sleep(20);
    const answer = await remove({ gracePeriodSeconds: 0 });
    expect(answer.status).toBe(200);
    expect((await user.call('GET', `namespaces/${namespace}/pods/a`)).status).toBe(404);
  });

  test('is SIGTERM, then SIGKILL when the grace is over: two seconds at least', async () => {
    await create([sh('trap "" TERM; echo deaf; while :; do sleep 0.1; done')], {
      terminationGracePeriodSeconds: 1,
    });
    await user.podWhen('a', isRunning);
    while (!(await user.logOf('a')).includes('deaf')) await sleep(20);
    const finalizers = ['muster.test/hold'];
    await user.call('PATCH', `namespaces/${namespace}/pods/a`, { metadata: { finalizers } });
    await remove();
    const status = await user.podWhen('a', isOver);
    expect(main(status)?.state.terminated).toMatchObject({ exitCode: 137, reason: 'Error' });
    const { startedAt = '', finishedAt = '' } = main(status)?.state.terminated ?? {};
    expect(Date.parse(finishedAt) - Date.parse(startedAt)).toBeGreaterThanOrEqual(2000);
    await user.call('PATCH', `namespaces/${namespace}/pods/a`, { metadata: { finalizers: null } });
  });
});
