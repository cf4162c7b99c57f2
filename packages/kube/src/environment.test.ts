import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { podEnvironment } from './environment.ts';

describe('where to listen', () => {
  test.each([
    { address: '', env: {}, place: undefined },
    { address: '0', env: {}, place: undefined },
    { address: ':8080', env: {}, place: { port: 8080 } },
    { address: '0.0.0.0:8080', env: {}, place: { port: 8080 } },
    { address: '[::]:8080', env: {}, place: { port: 8080 } },
    { address: '[::1]:8080', env: {}, place: { host: '::1', port: 8080 } },
    {
      address: '127.0.0.1:8080',
      env: { POD_IP: '127.41.0.3' },
      place: { host: '127.0.0.1', port: 8080 },
    },
    { address: ':8080', env: { POD_IP: '127.41.0.3' }, place: { host: '127.41.0.3', port: 8080 } },
    { address: ':8080', env: { POD_PORT_8080: '40123', POD_PORT_81: '1' }, place: { port: 40123 } },
  ])('$address with $env is $place', ({ address, env, place }) => {
    expect(podEnvironment(env).listenAddress(address)).toEqual(place);
  });

  test.each(['8080', 'host', ':http', ':99999', '::1:8080'])('"%s" is no address', (address) => {
    expect(() => podEnvironment({}).listenAddress(address)).toThrow(`"${address}" is no address`);
  });
});

test('a file is under the mount root where it exists there, else where it says', async () => {
  const root = await mkdtemp(join(tmpdir(), 'muster-'));
  onTestFinished(() => rm(root, { recursive: true }));
  await mkdir(join(root, 'etc'));
  await writeFile(join(root, 'etc/config.json'), '{}');
  const pod = podEnvironment({ MUSTER_MOUNT_ROOT: root });
  expect(pod.mounted('/etc/config.json')).toBe(join(root, 'etc/config.json'));
  expect(pod.mounted('/etc/other.json')).toBe('/etc/other.json');
  expect(podEnvironment({}).mounted('/etc/config.json')).toBe('/etc/config.json');
});

test("the pod's name is HOSTNAME", () => {
  expect(podEnvironment({ HOSTNAME: 'pod-1' }).hostname).toBe('pod-1');
  expect(podEnvironment({}).hostname).not.toBe('');
});
