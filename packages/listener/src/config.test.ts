import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@muster/api';
import { loadConfig } from './config.ts';
import type { ProcessConfig } from './config.ts';

/** A file as ARC's controller writes it. */
const FILE = {
  configure_url: 'https://github.com/my-org',
  github_token: 'ghp_planted',
  ephemeral_runner_set_namespace: 'runners',
  ephemeral_runner_set_name: 'linux',
  max_runners: 5,
  min_runners: 1,
  runner_scale_set_id: 7,
  log_level: 'info',
  log_format: 'text',
  metrics_addr: ':8080',
  metrics_endpoint: '/metrics',
  metrics: null,
};

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'listener-config-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function loaded(
  change: object = {},
  env: Record<string, string> = {},
): Promise<ProcessConfig> {
  const path = join(folder, 'config.json');
  await writeFile(path, JSON.stringify({ ...FILE, ...change }));
  return loadConfig({ LISTENER_CONFIG_PATH: path, HOSTNAME: 'pod', ...env });
}

async function problems(change: object): Promise<readonly string[]> {
  try {
    await loaded(change);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test.each([
  {
    name: 'L1: no scale set',
    change: { runner_scale_set_id: 0 },
    says: ['runner_scale_set_id must be above 0'],
  },
  {
    name: 'L1: a negative maximum',
    change: { max_runners: -1, min_runners: 0 },
    says: ['max_runners must not be below min_runners'],
  },
  {
    name: 'L1: a maximum beyond an int32',
    change: { max_runners: 2147483648 },
    says: ['max_runners must not be above 2147483647'],
  },
  { name: 'L1: no runners at all', change: { max_runners: 0, min_runners: 0 }, says: [] },
  {
    name: 'L5: everything at once, without a value',
    change: {
      configure_url: '',
      ephemeral_runner_set_name: '',
      min_runners: 9,
      log_level: 'loud',
      log_format: 'xml',
      vault_type: 'hashicorp',
      runner_scale_set_id: 'ghp_planted',
    },
    says: [
      'runner_scale_set_id: Invalid input: expected number, received string',
      'configure_url is not set',
      'ephemeral_runner_set_name is not set',
      'max_runners must not be below min_runners',
      'log_level must be debug, info, warn or error',
      'log_format must be text or json',
      'vault_type is not supported by this listener',
    ],
  },
])('$name', async ({ change, says }) => {
  expect(await problems(change)).toEqual(says);
});

describe('the environment', () => {
  test.each([
    ['L6: http_proxy', { http_proxy: 'http://p:1' }, { http: 'http://p:1', noProxy: [] }],
    ['L6: HTTPS_PROXY', { HTTPS_PROXY: 'http://p:2' }, { https: 'http://p:2', noProxy: [] }],
    [
      'L6: no_proxy beside one',
      { https_proxy: 'http://p:2', no_proxy: 'a.com, .b.com' },
      { https: 'http://p:2', noProxy: ['a.com', '.b.com'] },
    ],
    ['L6: no_proxy alone, which proxies nothing', { no_proxy: '*' }, undefined],
    ['L6: an empty one, which is none', { https_proxy: '' }, undefined],
    [
      'L6: an empty one beside its other spelling',
      { https_proxy: '', HTTPS_PROXY: 'http://p:2' },
      { https: 'http://p:2', noProxy: [] },
    ],
  ])('%s', async (_name, env, proxy) => {
    expect((await loaded({}, env)).proxy).toEqual(proxy);
  });

  test.each(['true', ''])(
    'GITHUB_ACTIONS_FORCE_GHES counts when it is set, also to "%s"',
    async (value) => {
      expect(await loaded({}, { GITHUB_ACTIONS_FORCE_GHES: value })).toMatchObject({
        forceGhes: true,
      });
    },
  );

  test('tells the process who it is, and where its health is served', async () => {
    const env = { POD_UID: 'uid-1', LISTENER_HEALTH_ADDR: ':8081' };
    expect(await loaded({}, env)).toMatchObject({
      instance: 'uid-1',
      owner: 'pod',
      healthAddress: ':8081',
      path: join(folder, 'config.json'),
      forceGhes: false,
    });
    const other = await loaded();
    expect(other.instance).toMatch(/^[0-9a-f-]{36}$/);
    expect(other).not.toHaveProperty('healthAddress');
  });
});
