// Each test is named for what a container must find as it would in a real one.
import { readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FOREVER, MOUNTS, isAlive, isOver, isRunning, openWorld, shell } from './testing.ts';
import type { NodeWorld } from './testing.ts';
import type { Container } from './pod.ts';

// Pods are processes; how long they take to start and end is the machine's business.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const isPossible = MOUNTS.includes('namespaces');

let world: NodeWorld;

/** Runs the script in a container to its end, and answers what it said. */
async function said(script: string, more: Partial<Container> = {}, spec = {}): Promise<string> {
  await world.createPod('a', {
    restartPolicy: 'Never',
    containers: [shell(script, more)],
    ...spec,
  });
  await world.podWhen('a', isOver);
  return world.logOf('a');
}

const configMap = (name: string, data: Record<string, string>): Promise<Response> =>
  world.call('POST', 'namespaces/default/configmaps', { metadata: { name }, data });

const mounted = (name: string, mountPath: string, more = {}): Partial<Container> => ({
  volumeMounts: [{ name, mountPath, ...more }],
});

describe.runIf(isPossible)('a container with a mount namespace', () => {
  let before: string[];
  const machine = (): string[] => [
    ...['/', '/etc', '/run', '/var', '/dev'].flatMap((folder) =>
      readdirSync(folder).map((name) => join(folder, name)),
    ),
    // A mount that somebody else makes meanwhile is not ours.
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes('muster-node-')),
  ];

  beforeEach(async () => {
    before = machine();
    world = await openWorld();
  });

  afterEach(async () => {
    await world.close();
    expect(machine()).toEqual(before);
  });

  test('finds its account’s token where every client library looks', async () => {
    const script = 'cd /var/run/secrets/kubernetes.io/serviceaccount; ls; cat namespace';
    expect(await said(script)).toBe('ca.crt\nnamespace\ntoken\ndefault');
  });

  test('has at its path its own volume, whatever another has there at the same time', async () => {
    for (const name of ['one', 'two']) await configMap(name, { key: name });
    const meet =
      'touch /shared/$WHO; until [ -e /shared/one -a -e /shared/two ]; do sleep 0.02; done';
    const container = (name: string): Container =>
      shell(`${meet}; cat /etc/app/key; echo`, {
        name,
        env: [{ name: 'WHO', value: name }],
        volumeMounts: [
          { name, mountPath: '/etc/app' },
          { name: 'shared', mountPath: '/shared' },
        ],
      });
    await world.createPod('a', {
      restartPolicy: 'Never',
      containers: [container('one'), container('two')],
      volumes: [
        { name: 'one', configMap: { name: 'one' } },
        { name: 'two', configMap: { name: 'two' } },
        { name: 'shared', emptyDir: {} },
      ],
    });
    await world.podWhen('a', isOver);
    expect(await world.logOf('a', '?container=one')).toBe('one\n');
    expect(await world.logOf('a', '?container=two')).toBe('two\n');
  });

  test.each([
    { where: 'in a new folder of the root', path: '/config' },
    { where: 'deep below what is not there', path: '/var/lib/none/of/this' },
    { where: 'below a link of the machine', path: '/var/run/app/config' },
    { where: 'over a folder of the machine', path: '/usr/share' },
    { where: 'in a folder with a space', path: '/etc/my app/x' },
    { where: 'below the folder that holds our own', path: '/tmp/none/such' },
    { where: 'in the machine’s devices', path: '/dev/app' },
  ])('has a volume $where', async ({ path }) => {
    await configMap('c', { key: 'content' });
    const volumes = [{ name: 'c', configMap: { name: 'c' } }];
    expect(await said(`ls '${path}'; cat '${path}/key'`, mounted('c', path), { volumes })).toBe(
      'key\ncontent',
    );
  });

  test('has one volume inside another', async () => {
    await configMap('c', { key: 'content' });
    const volumeMounts = [
      { name: 'c', mountPath: '/work/config' },
      { name: 'w', mountPath: '/work' },
    ];
    const volumes = [
      { name: 'w', emptyDir: {} },
      { name: 'c', configMap: { name: 'c' } },
    ];
    expect(await said('ls /work; ls /work/config', { volumeMounts }, { volumes })).toBe(
      'config\nkey\n',
    );
  });

  test('has one file of a volume by its subPath, and what is around it', async () => {
    await configMap('c', { key: 'content' });
    const volumes = [{ name: 'c', configMap: { name: 'c' } }];
    const more = mounted('c', '/etc/app.conf', { subPath: 'key' });
    expect(await said('cat /etc/app.conf; echo; ls /etc/passwd', more, { volumes })).toBe(
      'content\n/etc/passwd\n',
    );
  });

  test.each([
    { what: 'a ConfigMap', volume: { configMap: { name: 'c' } }, mount: {} },
    { what: 'a mount that says so', volume: { emptyDir: {} }, mount: { readOnly: true } },
  ])('cannot write to $what', async ({ volume, mount }) => {
    await configMap('c', { key: 'content' });
    const script = 'echo x > /v/x || echo refused';
    const answer = await said(script, mounted('v', '/v', mount), {
      volumes: [{ name: 'v', ...volume }],
    });
    expect(answer).toContain('Read-only file system');
    expect(answer).toContain('refused\n');
  });

  test('shares a hostPath with the machine', async () => {
    const path = join(world.dir, 'shared');
    await said('echo hello > /host/file', mounted('h', '/host'), {
      volumes: [{ name: 'h', hostPath: { path, type: 'DirectoryOrCreate' } }],
    });
    expect(await readFile(join(path, 'file'), 'utf8')).toBe('hello\n');
  });

  test('keeps to itself what it writes into its root and its devices', async () => {
    const script = 'echo x > /of-mine; echo x > /dev/of-mine; cat /of-mine /dev/of-mine; pwd';
    expect(await said(script)).toBe('x\nx\n/\n');
  });

  test.each([
    { who: 'a container', isPrivileged: false, has: 'few' },
    { who: 'a privileged one', isPrivileged: true, has: 'all' },
  ])('of the machine’s devices $who has $has', async ({ isPrivileged, has }) => {
    const script = 'echo x > /dev/null; head -c 1 /dev/zero | wc -c; ls /dev | wc -l';
    const securityContext = { privileged: isPrivileged };
    const [read, count] = (await said(script, { securityContext })).split('\n');
    expect(read).toBe('1');
    expect(Number(count) >= readdirSync('/dev').length).toBe(has === 'all');
  });

  test('has its home, its temporary folder and its image’s files, though a mount covers them', async () => {
    const image = await mkdtemp(join(tmpdir(), 'image-'));
    await writeFile(join(image, 'file'), 'of the image\n');
    await world.close();
    const sh = { entrypoint: ['/bin/sh', '-c'], env: { FILE: join(image, 'file') } };
    world = await openWorld({ images: { images: { sh } } });
    const volumes = [{ name: 't', emptyDir: {} }];
    const script = 'touch $HOME/x $TMPDIR/x && cat $FILE; echo x > /tmp/x; ls /tmp';
    // Of what the machine has there it sees no more than the way to its own.
    const ways = [image, world.dir, '/tmp/x']
      .filter((path) => path.startsWith('/tmp/'))
      .map((path) => path.split('/')[2]);
    const seen = await said(script, mounted('t', '/tmp'), { volumes });
    expect(seen).toBe(`of the image\n${[...new Set(ways)].sort().join('\n')}\n`);
    await rm(image, { recursive: true });
  });

  test('starts in its working folder, which is made', async () => {
    expect(await said('pwd; echo x > file; ls', { workingDir: '/opt/app/none' })).toBe(
      '/opt/app/none\nfile\n',
    );
  });

  test('has variables whose names no shell could have', async () => {
    const env = [{ name: 'my.own-name', value: 'kept' }];
    const command = ['env'];
    expect(await said('', { command, args: [], env })).toContain('my.own-name=kept\n');
  });

  test('is told of no mount root, as its paths are true', async () => {
    expect(await said('env')).not.toContain('MUSTER_');
  });

  test('finds its program in a volume', async () => {
    const volumes = [{ name: 'c', configMap: { name: 'c', defaultMode: 0o755 } }];
    await configMap('c', { program: '#!/bin/sh\necho ran' });
    const more = { command: ['/tools/program'], args: [], ...mounted('c', '/tools') };
    expect(await said('', more, { volumes })).toBe('ran\n');
  });

  test('is the very process that was started: nothing stands between it and its signals', async () => {
    const script = 'trap "echo got it; exit 3" TERM; echo $$$$; while :; do sleep 0.02; done';
    await world.createPod('a', { restartPolicy: 'Never', containers: [shell(script)] });
    const { containerStatuses } = await world.podWhen('a', isRunning);
    let pid = '';
    while (pid === '') pid = (await world.logOf('a')).trim();
    expect(containerStatuses?.[0]?.containerID).toBe(`process://${pid}`);
  });

  test('ends with all it started, though that left its group and its environment', async () => {
    const script = 'env -i setsid sleep 100 & echo $!; exec sleep 0.2';
    const pid = Number(await said(script));
    expect(pid).toBeGreaterThan(1);
    expect(isAlive(pid)).toBe(false);
  });

  test('sees new contents of a volume that changed', async () => {
    await writeFile(join(world.dir, 'x'), 'one');
    const volumes = [{ name: 'h', hostPath: { path: world.dir } }];
    const script = 'cat /h/x; echo; until grep -q two /h/x; do sleep 0.02; done; cat /h/x; echo';
    await world.createPod('a', {
      restartPolicy: 'Never',
      containers: [shell(script, mounted('h', '/h'))],
      volumes,
    });
    await world.podWhen('a', isRunning);
    await writeFile(join(world.dir, 'x'), 'two');
    await world.podWhen('a', isOver);
    expect(await world.logOf('a')).toMatch(/two\n$/);
  });

  test('cannot start when a mount is impossible, and says why', async () => {
    await configMap('c', { key: 'content' });
    await world.createPod('a', {
      restartPolicy: 'Never',
      containers: [shell(FOREVER, mounted('c', '/etc/passwd'))],
      volumes: [{ name: 'c', configMap: { name: 'c' } }],
    });
    const { containerStatuses } = await world.podWhen('a', isOver);
    expect(containerStatuses?.[0]?.state.terminated).toMatchObject({
      reason: 'StartError',
      exitCode: 128,
      message: expect.stringContaining('mount') as string,
    });
  });
});
