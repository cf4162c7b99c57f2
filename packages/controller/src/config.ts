// What the program is told at start, by flags and environment: ARC's, every one of them
// (reference/controllers.md 6.1 and 6.2). All problems are told at once.
import { ConfigError, LISTENER_CONFIG } from '@muster/api';
import manifest from '../package.json' with { type: 'json' };
import { parseFlags } from './flags.ts';
import type { FlagKind, Flags } from './flags.ts';

export interface Config {
  /** Only replaces the definitions of our kinds, and ends; what a controller must know may then be empty. */
  upgradesDefinitions: boolean;
  /** Of this program; the listeners live here too. */
  namespace: string;
  listenerImage: string;
  listenerCommand: readonly string[];
  imagePullSecrets: readonly string[];
  /** Addresses as flags give them; empty or `0` is off. */
  metricsAddress: string;
  healthAddress: string;
  listenerMetricsAddress: string;
  listenerMetricsEndpoint: string;
  /** The Lease to hold; without it this process is the only one. */
  leaderElectionId?: string;
  runnerConcurrency: number;
  /** The only namespace of runner sets; all when absent. */
  watchNamespace?: string;
  excludedLabelPrefixes: readonly string[];
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  logFormat: 'text' | 'json';
  updateStrategy: 'immediate' | 'eventual';
  forceGhes: boolean;
  /** Requests to the API server a second; as many as it takes when absent (design.md, decision 9). */
  kubeRate?: { qps: number; burst: number };
  /** Of this build. */
  version: string;
  /** Seconds after the last event until a listener converges its set (design.md, decision 14). */
  settleSeconds: number;
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const LOG_FORMATS = ['text', 'json'] as const;
const RATE_LIMITERS = ['', 'bucket_rate_limiter', 'typed_rate_limiter'] as const;

const USED: Record<string, FlagKind> = {
  'auto-scaling-runner-set-only': 'switch',
  'metrics-addr': 'text',
  'listener-metrics-addr': 'text',
  'listener-metrics-endpoint': 'text',
  'health-probe-bind-address': 'text',
  'enable-leader-election': 'switch',
  'leader-election-id': 'text',
  'runner-max-concurrent-reconciles': 'text',
  'watch-single-namespace': 'text',
  'exclude-label-propagation-prefix': 'list',
  'log-level': 'text',
  'log-format': 'text',
  'auto-scaler-image-pull-secrets': 'list',
  'k8s-client-rate-limiter-qps': 'text',
  'k8s-client-rate-limiter-burst': 'text',
  'workqueue-rate-limiter': 'text',
  'update-strategy': 'text',
  // Ours: ARC's program refuses it, so an upgrade with ARC's image pinned ends before it changed anything.
  'upgrade-crds': 'switch',
};

// Charts pass them, and in this mode ARC does nothing with them either.
const IGNORED = [
  ...['pprof-addr', 'sync-period', 'watch-namespace', 'port', 'runner-image', 'docker-image'],
  ...['docker-gid', 'runner-image-pull-secret', 'docker-registry-mirror', 'github-token'],
  ...['github-enterprise-url', 'github-app-id', 'github-app-installation-id', 'github-url'],
  ...['github-app-private-key', 'github-upload-url', 'github-basicauth-username'],
  ...['github-basicauth-password', 'runner-github-url', 'runner-status-update-hook'],
  ...['default-scale-down-delay', 'common-runner-labels'],
];

const KNOWN: Record<string, FlagKind> = {
  ...Object.fromEntries(IGNORED.map((name) => [name, 'text' as const])),
  'runner-status-update-hook': 'switch',
  ...USED,
};

export interface Sources {
  /** Without the program itself. */
  args: readonly string[];
  env: Record<string, string | undefined>;
}

/** Throws a ConfigError that lists every problem. */
export function parseConfig({ args, env }: Sources): Config {
  const read = new Reader(parseFlags(args, KNOWN), env);
  read.oneOf('workqueue-rate-limiter', RATE_LIMITERS, '');
  const kubeRate = read.rate();
  const elects = read.isOn('enable-leader-election');
  const watched = read.text('watch-single-namespace', '');
  const upgradesDefinitions = read.isOn('upgrade-crds');
  const told = (variable: string): string =>
    upgradesDefinitions ? (env[variable] ?? '') : read.required(variable);
  const config: Config = {
    upgradesDefinitions,
    namespace: told('CONTROLLER_MANAGER_POD_NAMESPACE'),
    listenerImage: told('CONTROLLER_MANAGER_CONTAINER_IMAGE'),
    listenerCommand: [nonEmpty(env['LISTENER_ENTRYPOINT']) ?? LISTENER_CONFIG.command],
    imagePullSecrets: read.list('auto-scaler-image-pull-secrets'),
    // An empty address is ARC's default, not "off".
    metricsAddress: nonEmpty(read.text('metrics-addr', '')) ?? ':8080',
    healthAddress: read.text('health-probe-bind-address', ''),
    listenerMetricsAddress: read.text('listener-metrics-addr', ':8080'),
    listenerMetricsEndpoint: nonEmpty(read.text('listener-metrics-endpoint', '')) ?? '/metrics',
    runnerConcurrency: read.number('runner-max-concurrent-reconciles', DEFAULT_RUNNER_CONCURRENCY),
    excludedLabelPrefixes: read.list('exclude-label-propagation-prefix'),
    logLevel: read.oneOf('log-level', LOG_LEVELS, 'debug'),
    logFormat: read.oneOf('log-format', LOG_FORMATS, 'text'),
    // As in ARC, a word that is not known means `immediate`.
    updateStrategy: read.text('update-strategy', '') === 'eventual' ? 'eventual' : 'immediate',
    forceGhes: env['GITHUB_ACTIONS_FORCE_GHES'] !== undefined,
    version: manifest.version,
    settleSeconds: 3,
    ...(elects && { leaderElectionId: read.text('leader-election-id', DEFAULT_LEASE) }),
    ...(watched !== '' && { watchNamespace: watched }),
    ...(kubeRate && { kubeRate }),
  };
  read.complain();
  return config;
}

const DEFAULT_LEASE = 'actions-runner-controller';
// ARC's 2 makes registration at GitHub the bottleneck: a runner waits for one call of some 250 ms.
const DEFAULT_RUNNER_CONCURRENCY = 64;

const nonEmpty = (value: string | undefined): string | undefined =>
  value === '' ? undefined : value;

/** Reads flags and environment, and collects what is wrong with them. */
class Reader {
  readonly #values: Flags['values'];
  readonly #env: Sources['env'];
  readonly #problems: string[];

  constructor({ values, problems }: Flags, env: Sources['env']) {
    this.#values = values;
    this.#env = env;
    this.#problems = [...problems];
  }

  required(variable: string): string {
    const value = this.#env[variable] ?? '';
    if (value === '') this.#problems.push(`${variable} is not set`);
    return value;
  }

  text(name: string, unset: string): string {
    return this.list(name).at(-1) ?? unset;
  }

  list(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  isOn(name: string): boolean {
    const value = this.text(name, 'false').toLowerCase();
    if (['true', 't', '1'].includes(value)) return true;
    if (!['false', 'f', '0'].includes(value)) {
      this.#problems.push(`--${name} must be true or false, not "${value}"`);
    }
    return false;
  }

  number(name: string, unset: number): number {
    const value = this.text(name, String(unset));
    if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
    this.#problems.push(`--${name} must be a whole number above 0, not "${value}"`);
    return unset;
  }

  /** ARC's defaults, once one of the two is given. */
  rate(): Config['kubeRate'] {
    const flags = ['k8s-client-rate-limiter-qps', 'k8s-client-rate-limiter-burst'] as const;
    if (!flags.some((name) => this.#values.has(name))) return undefined;
    const [qps, burst] = flags;
    return { qps: this.number(qps, 20), burst: this.number(burst, 30) };
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], unset: T): T {
    const value = this.text(name, unset);
    const found = allowed.find((candidate) => candidate === value);
    if (found !== undefined) return found;
    const words = allowed.filter((word) => word !== '').join(', ');
    this.#problems.push(`--${name} must be one of ${words}, not "${value}"`);
    return unset;
  }

  /** Throws when anything was wrong. */
  complain(): void {
    if (this.#problems.length > 0) throw new ConfigError('bad configuration', this.#problems);
  }
}
