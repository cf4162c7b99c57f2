import { ConfigError } from '@muster/api';
import { describe, expect, test } from 'vitest';
import { parseConfig } from './config.ts';

const ENV = {
  CONTROLLER_MANAGER_POD_NAMESPACE: 'muster-system',
  CONTROLLER_MANAGER_CONTAINER_IMAGE: 'muster:1',
};

function problemsOf(args: string[], env: Record<string, string> = ENV): readonly string[] {
  try {
    parseConfig({ args, env });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
  }
  return [];
}

test('what only replaces definitions need not be told who it is', () => {
  expect(problemsOf(['--upgrade-crds'], {})).toEqual([]);
  expect(parseConfig({ args: ['--upgrade-crds'], env: {} }).upgradesDefinitions).toBe(true);
  expect(problemsOf([], {})).toEqual([
    'CONTROLLER_MANAGER_POD_NAMESPACE is not set',
    'CONTROLLER_MANAGER_CONTAINER_IMAGE is not set',
  ]);
});

describe('a command line of ARC', () => {
  test('is read with one dash or two, with = or a blank, and again and again for lists', () => {
    const args = ['-log-level=info', '--log-format', 'json', '--auto-scaling-runner-set-only'];
    const lists = ['--auto-scaler-image-pull-secrets=a', '--auto-scaler-image-pull-secrets', 'b'];
    expect(parseConfig({ args: [...args, ...lists], env: ENV })).toMatchObject({
      logLevel: 'info',
      logFormat: 'json',
      imagePullSecrets: ['a', 'b'],
    });
  });

  test.each(
    // reference/controllers.md 6.1: all that are of no use in this mode.
    [
      ...['runner-image', 'docker-image', 'docker-gid', 'runner-image-pull-secret', 'github-token'],
      ...['docker-registry-mirror', 'github-enterprise-url', 'github-app-id', 'github-url'],
      ...['github-app-installation-id', 'github-app-private-key', 'github-upload-url'],
      ...['github-basicauth-username', 'github-basicauth-password', 'runner-github-url'],
      ...['default-scale-down-delay', 'common-runner-labels', 'watch-namespace', 'sync-period'],
      ...['pprof-addr', 'port'],
    ],
  )('is accepted and ignored: --%s', (name) => {
    expect(problemsOf([`--${name}=x`, `-${name}`, 'x'])).toEqual([]);
  });

  test.each([
    ['--update-strategy=eventual'],
    ['--runner-status-update-hook'],
    ['--sync-period=1m'],
    ['--pprof-addr='],
    ['--port', '9443'],
    ['--workqueue-rate-limiter=typed_rate_limiter'],
    ['--common-runner-labels=a,b'],
  ])('is accepted: %s', (...args) => {
    expect(problemsOf(args)).toEqual([]);
  });

  test.each([
    { name: 'a lease only when asked', args: [], is: { watchNamespace: undefined } },
    {
      name: 'elects under its own name',
      args: ['--enable-leader-election', '--leader-election-id=mine'],
      is: { leaderElectionId: 'mine' },
    },
    {
      name: 'an empty metrics address is the default',
      args: ['--metrics-addr='],
      is: { metricsAddress: ':8080' },
    },
    { name: 'no rate limit unless asked', args: [], is: { kubeRate: undefined } },
    {
      name: 'a rate limit with the default of the other half',
      args: ['--k8s-client-rate-limiter-qps=50'],
      is: { kubeRate: { qps: 50, burst: 30 } },
    },
    {
      name: 'an update strategy that is not known is the default',
      args: ['--update-strategy=whatever'],
      is: { updateStrategy: 'immediate' },
    },
    { name: '0 turns metrics off', args: ['--metrics-addr=0'], is: { metricsAddress: '0' } },
  ])('$name', ({ args, is }) => {
    const config = parseConfig({ args, env: ENV });
    expect({ kubeRate: undefined, watchNamespace: undefined, ...config }).toMatchObject(is);
  });
});

test('every problem is told at once, with the nearest name of an unknown flag', () => {
  const args = [
    '--log-levl=x',
    '--log-format=xml',
    '--runner-max-concurrent-reconciles=0',
    'stray',
  ];
  expect(problemsOf(args, {})).toEqual([
    '--log-levl is not known; did you mean --log-level?',
    '"stray" is not a flag',
    'CONTROLLER_MANAGER_POD_NAMESPACE is not set',
    'CONTROLLER_MANAGER_CONTAINER_IMAGE is not set',
    '--runner-max-concurrent-reconciles must be a whole number above 0, not "0"',
    '--log-format must be one of text, json, not "xml"',
  ]);
});
