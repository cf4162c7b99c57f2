import { describe, expect, test } from 'vitest';
import { ConfigError, formatListenerConfig, parseListenerConfig } from './listener-config.ts';
import type { ListenerConfig } from './listener-config.ts';

/** A file as ARC's controller writes it (reference/controllers.md 5.2). */
const ARC_FILE = {
  configure_url: 'https://github.com/my-org',
  vault_type: '',
  vault_lookup_key: '',
  github_app_id: '',
  github_app_installation_id: 0,
  github_app_private_key: '',
  github_token: 'ghp_planted',
  ephemeral_runner_set_namespace: 'runners',
  ephemeral_runner_set_name: 'linux',
  max_runners: 5,
  min_runners: 1,
  runner_scale_set_id: 7,
  runner_scale_set_name: 'linux',
  server_root_ca: '',
  log_level: 'debug',
  log_format: 'text',
  metrics_addr: ':8080',
  metrics_endpoint: '/metrics',
  metrics: null,
};

const parsed = (change: Record<string, unknown> = {}): ListenerConfig =>
  parseListenerConfig(JSON.stringify({ ...ARC_FILE, ...change }));

function problems(content: string): readonly string[] {
  try {
    parseListenerConfig(content);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test("takes ARC's file as a list of one", () => {
  expect(parsed()).toEqual({
    scaleSets: [
      {
        configUrl: 'https://github.com/my-org',
        credentials: { kind: 'token', token: 'ghp_planted' },
        scaleSetId: 7,
        runnerSetName: 'linux',
        setNamespace: 'runners',
        setName: 'linux',
        minRunners: 1,
        maxRunners: 5,
      },
    ],
    logLevel: 'debug',
    logFormat: 'text',
    metricsAddress: ':8080',
    metricsEndpoint: '/metrics',
  });
});

test('takes a GitHub App', () => {
  const config = parsed({
    github_token: '',
    github_app_id: 'Iv1.x',
    github_app_installation_id: 12,
    github_app_private_key: 'PEM',
  });
  expect(config.scaleSets[0]?.credentials).toEqual({
    kind: 'app',
    appId: 'Iv1.x',
    installationId: 12,
    privateKey: 'PEM',
  });
});

test('reads what it writes, two scale sets too', () => {
  const { scaleSets, ...rest } = parsed();
  const [set] = scaleSets;
  if (set === undefined) throw new Error('no set was read');
  const config: ListenerConfig = {
    ...rest,
    scaleSets: [
      { ...set, settleSeconds: 3, rootCa: 'PEM' },
      {
        ...set,
        scaleSetId: 8,
        setName: 'gpu',
        metrics: { counters: { gha_started_jobs_total: { labels: [] } } },
      },
    ],
  };
  expect(parseListenerConfig(formatListenerConfig(config))).toEqual(config);
});

describe('says every problem at once', () => {
  test.each([
    ['nothing', {}, 5],
    ['min above max', { ...ARC_FILE, min_runners: 6 }, 'max_runners must not be below min_runners'],
    [
      'both credentials',
      {
        ...ARC_FILE,
        github_app_id: '1',
        github_app_installation_id: 1,
        github_app_private_key: 'ghp_planted',
      },
      'github_token and a GitHub App are both set; set one of them',
    ],
    [
      'half an App',
      { ...ARC_FILE, github_token: '', github_app_id: '1' },
      'github_token is not set, nor are github_app_id, github_app_installation_id and github_app_private_key together',
    ],
    ['a level', { ...ARC_FILE, log_level: 'loud' }, 'log_level must be debug, info, warn or error'],
  ])('%s', (_name, file, expected) => {
    const found = problems(JSON.stringify(file));
    if (typeof expected === 'number') expect(found).toHaveLength(expected);
    else expect(found).toEqual([expected]);
  });

  test('with the place in a list', () => {
    expect(
      problems(JSON.stringify({ scale_sets: [ARC_FILE, { ...ARC_FILE, runner_scale_set_id: 0 }] })),
    ).toEqual([
      'scale_sets.1.runner_scale_set_id must be above 0',
      'scale_sets.1.ephemeral_runner_set_name is that of scale_sets.0 too',
    ]);
  });

  test('wrong types, missing keys and broken rules together, each with its key', () => {
    const second = { ...ARC_FILE, ephemeral_runner_set_name: 'gpu', max_runners: 'planted' };
    const file = {
      scale_sets: [{ ...ARC_FILE, configure_url: '', log_level: 1 }, second, 'planted'],
    };
    expect(problems(JSON.stringify(file))).toEqual([
      'scale_sets.0.log_level: Invalid input: expected string, received number',
      'scale_sets.0.configure_url is not set',
      'scale_sets.1.max_runners: Invalid input: expected number, received string',
      'scale_sets.2 is no JSON object',
      'scale_sets.2.configure_url is not set',
      'scale_sets.2.ephemeral_runner_set_namespace is not set',
      'scale_sets.2.ephemeral_runner_set_name is not set',
      'scale_sets.2.runner_scale_set_id must be above 0',
      'scale_sets.2.github_token is not set, nor are github_app_id, github_app_installation_id and github_app_private_key together',
    ]);
  });

  test.each([
    ['a list', '[]', 'the file is no JSON object'],
    ['a text', '"planted"', 'the file is no JSON object'],
    ['no set at all', '{"scale_sets":[]}', 'scale_sets lists none'],
    ['sets that are no list', '{"scale_sets":{}}', 'scale_sets is no list'],
  ])('a file that is %s', (_name, content, problem) => {
    expect(problems(content)).toEqual([problem]);
  });

  test.each([
    [{ max_runners: -1, min_runners: 0 }, 'max_runners must not be below min_runners'],
    [{ max_runners: 2147483648 }, 'max_runners must not be above 2147483647'],
    [{ min_runners: -1 }, 'min_runners must not be below 0'],
    [{ runner_scale_set_id: 0 }, 'runner_scale_set_id must be above 0'],
  ])('bounds: %j', (change, problem) => {
    expect(problems(JSON.stringify({ ...ARC_FILE, ...change }))).toEqual([problem]);
  });

  test('as in Go, null is nothing, and no runners at all may be asked for', () => {
    const { scaleSets } = parsed({ max_runners: 0, min_runners: null, log_level: null });
    expect(scaleSets[0]).toMatchObject({ maxRunners: 0, minRunners: 0 });
  });

  test.each([
    ['broken JSON', '{"github_token":"ghp_planted"'],
    ['a wrong type', JSON.stringify({ ...ARC_FILE, max_runners: 'ghp_planted' })],
    [
      'a token where a number belongs',
      JSON.stringify({ ...ARC_FILE, github_app_installation_id: 'ghp_planted' }),
    ],
  ])('and never quotes a value: %s', (_name, content) => {
    const found = problems(content);
    expect(found).not.toEqual([]);
    expect(found.join()).not.toContain('ghp_planted');
  });
});
