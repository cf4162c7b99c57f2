// The contract from controller to listener: the file that LISTENER_CONFIG_PATH names. ARC's
// single-set file (reference/protocol.md 8) is accepted as it is; ours is `{"scale_sets": [...]}`
// of the same objects with two more keys (design.md, decisions 14 and 15).
import { z } from 'zod';
import { metricsConfig } from './schema.ts';

const optionalText = z.string().default('');

const scaleSetFile = z.object({
  configure_url: optionalText,
  vault_type: optionalText,
  vault_lookup_key: optionalText,
  azure_key_vault: z
    .object({
      tenant_id: z.string(),
      client_id: z.string(),
      url: z.string(),
      certificate_path: z.string(),
    })
    .optional(),
  github_app_id: optionalText,
  github_app_installation_id: z.number().default(0),
  github_app_private_key: optionalText,
  github_token: optionalText,
  ephemeral_runner_set_namespace: optionalText,
  ephemeral_runner_set_name: optionalText,
  max_runners: z.int().default(0),
  min_runners: z.int().default(0),
  runner_scale_set_id: z.int().default(0),
  runner_scale_set_name: optionalText,
  server_root_ca: optionalText,
  log_level: optionalText,
  log_format: optionalText,
  metrics_addr: optionalText,
  metrics_endpoint: optionalText,
  metrics: metricsConfig.nullish(),
  /** Ours: seconds after the last event until one converging patch is sent. Absent: ARC's rule. */
  settle_seconds: z.number().positive().optional(),
});

type ScaleSetFile = z.infer<typeof scaleSetFile>;

export type Credentials =
  | { kind: 'token'; token: string }
  | { kind: 'app'; appId: string; installationId: number; privateKey: string };

/** One scale set that a listener serves. */
export interface ListenedScaleSet {
  configUrl: string;
  credentials: Credentials;
  scaleSetId: number;
  /** The runner set's name, for people. */
  runnerSetName: string;
  setNamespace: string;
  setName: string;
  minRunners: number;
  maxRunners: number;
  /** PEM, one or more certificates, beside the system's. */
  rootCa?: string;
  metrics?: z.infer<typeof metricsConfig>;
  settleSeconds?: number;
}

export interface ListenerConfig {
  scaleSets: ListenedScaleSet[];
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  logFormat: 'text' | 'json';
  /** `host:port`; no metrics when absent. */
  metricsAddress?: string;
  metricsEndpoint: string;
}

/** Every problem of a configuration at once; none of them quotes a value that may be secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(what: string, problems: readonly string[]) {
    super(`${what}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

const WHAT = 'bad listener configuration';

/** Reads the file's content. Throws a ConfigError that lists every problem with its key. */
export function parseListenerConfig(content: string): ListenerConfig {
  const read = setsIn(parseJson(content)).map(({ path, json }) => readSet(json, path));
  const sets = read.map(({ set }) => set);
  const problems = [...read.flatMap((one) => one.problems), ...sharedSets(sets)];
  const [first] = sets;
  if (first === undefined) throw new ConfigError(WHAT, ['scale_sets lists none']);
  if (problems.length > 0) throw new ConfigError(WHAT, problems);
  return {
    scaleSets: sets.map(listened),
    logLevel: levelOf(first) ?? 'debug',
    logFormat: formatOf(first) ?? 'text',
    metricsEndpoint: first.metrics_endpoint || '/metrics',
    ...(first.metrics_addr && { metricsAddress: first.metrics_addr }),
  };
}

/** Writes what parseListenerConfig reads. */
export function formatListenerConfig(config: ListenerConfig): string {
  return JSON.stringify({ scale_sets: config.scaleSets.map((set) => toFile(set, config)) });
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content.replace(/^\uFEFF/, ''));
  } catch {
    // The parser's own message quotes the text, which holds credentials.
    throw new ConfigError(WHAT, ['the file is not JSON']);
  }
}

const isObject = (json: unknown): json is Record<string, unknown> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

/** ARC's file is one of the objects that ours is a list of. */
function setsIn(json: unknown): { path: string; json: unknown }[] {
  if (!isObject(json)) throw new ConfigError(WHAT, ['the file is no JSON object']);
  const { scale_sets: list } = json;
  if (list === undefined) return [{ path: '', json }];
  if (!Array.isArray(list)) throw new ConfigError(WHAT, ['scale_sets is no list']);
  return list.map((one: unknown, index) => ({ path: `scale_sets.${index}.`, json: one }));
}

/** A value of the wrong type counts as absent, so that what is wrong beside it is told too. */
function readSet(json: unknown, path: string): { set: ScaleSetFile; problems: string[] } {
  // As in Go, null is the same as nothing.
  const given = isObject(json)
    ? Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null))
    : {};
  const parsed = scaleSetFile.safeParse(given);
  const issues = parsed.success ? [] : parsed.error.issues;
  const broken = new Set(issues.map((issue) => String(issue.path[0])));
  const set = scaleSetFile.parse(
    Object.fromEntries(Object.entries(given).filter(([key]) => !broken.has(key))),
  );
  const rules = problemsOf(set).filter(({ about }) => !about.some((key) => broken.has(key)));
  return {
    set,
    problems: [
      ...(isObject(json) ? [] : [`${path.slice(0, -1)} is no JSON object`]),
      // The issue's words name types and never the value.
      ...issues.map((issue) => `${path}${issue.path.join('.')}: ${issue.message}`),
      ...rules.map(({ problem }) => `${path}${problem}`),
    ],
  };
}

/** Two loops for one set would wish against each other. */
function sharedSets(sets: readonly ScaleSetFile[]): string[] {
  const seen = new Map<string, number>();
  return sets.flatMap((set, index) => {
    const { ephemeral_runner_set_namespace: namespace, ephemeral_runner_set_name: name } = set;
    const key = `${namespace}/${name}`;
    const other = seen.get(key);
    if (other === undefined) seen.set(key, index);
    return name === '' || other === undefined
      ? []
      : [`scale_sets.${index}.ephemeral_runner_set_name is that of scale_sets.${other} too`];
  });
}

const levelOf = ({ log_level }: ScaleSetFile): ListenerConfig['logLevel'] | undefined =>
  (['debug', 'info', 'warn', 'error'] as const).find((level) => level === log_level.toLowerCase());

const formatOf = ({ log_format }: ScaleSetFile): ListenerConfig['logFormat'] | undefined =>
  (['text', 'json'] as const).find((format) => format === log_format);

type Key = keyof ScaleSetFile;

interface Complaint {
  /** The keys that it stands on. */
  about: readonly Key[];
  problem: string;
}

// Go keeps them in an int32.
const MOST_RUNNERS = 2147483647;

function problemsOf(set: ScaleSetFile): Complaint[] {
  const { min_runners: min, max_runners: max } = set;
  const namespace = 'ephemeral_runner_set_namespace';
  const name = 'ephemeral_runner_set_name';
  const rules: [boolean, readonly [Key, ...Key[]], string][] = [
    [set.configure_url === '', ['configure_url'], 'is not set'],
    [set[namespace] === '', [namespace], 'is not set'],
    [set[name] === '', [name], 'is not set'],
    [set.runner_scale_set_id <= 0, ['runner_scale_set_id'], 'must be above 0'],
    [min < 0, ['min_runners'], 'must not be below 0'],
    [max < min, ['max_runners', 'min_runners'], 'must not be below min_runners'],
    [max > MOST_RUNNERS, ['max_runners'], `must not be above ${MOST_RUNNERS}`],
    [set.log_level !== '' && !levelOf(set), ['log_level'], 'must be debug, info, warn or error'],
    [set.log_format !== '' && !formatOf(set), ['log_format'], 'must be text or json'],
    [set.vault_type !== '', ['vault_type'], 'is not supported by this listener'],
  ];
  const broken = rules.filter(([isBroken]) => isBroken);
  return [
    ...broken.map(([, about, words]) => ({ about, problem: `${about[0]} ${words}` })),
    ...credentialProblems(set).map((problem) => ({ about: CREDENTIALS, problem })),
  ];
}

const CREDENTIALS = [
  'github_token',
  'github_app_id',
  'github_app_installation_id',
  'github_app_private_key',
] as const;

function credentialProblems(set: ScaleSetFile): string[] {
  if (set.vault_type !== '') return [];
  const app = [set.github_app_id, set.github_app_private_key].filter((part) => part !== '').length;
  const isWholeApp = app === 2 && set.github_app_installation_id > 0;
  if (set.github_token !== '') {
    return isWholeApp ? ['github_token and a GitHub App are both set; set one of them'] : [];
  }
  if (isWholeApp) return [];
  return [
    'github_token is not set, nor are github_app_id, github_app_installation_id and github_app_private_key together',
  ];
}

function credentialsOf(set: ScaleSetFile): Credentials {
  if (set.github_token !== '') return { kind: 'token', token: set.github_token };
  return {
    kind: 'app',
    appId: set.github_app_id,
    installationId: set.github_app_installation_id,
    privateKey: set.github_app_private_key,
  };
}

function listened(set: ScaleSetFile): ListenedScaleSet {
  return {
    configUrl: set.configure_url,
    credentials: credentialsOf(set),
    scaleSetId: set.runner_scale_set_id,
    runnerSetName: set.runner_scale_set_name,
    setNamespace: set.ephemeral_runner_set_namespace,
    setName: set.ephemeral_runner_set_name,
    minRunners: set.min_runners,
    maxRunners: set.max_runners,
    ...(set.server_root_ca && { rootCa: set.server_root_ca }),
    ...(set.metrics && { metrics: set.metrics }),
    ...(set.settle_seconds !== undefined && { settleSeconds: set.settle_seconds }),
  };
}

function toFile(set: ListenedScaleSet, config: ListenerConfig): Partial<ScaleSetFile> {
  const { credentials } = set;
  return {
    configure_url: set.configUrl,
    ...(credentials.kind === 'token'
      ? { github_token: credentials.token }
      : {
          github_app_id: credentials.appId,
          github_app_installation_id: credentials.installationId,
          github_app_private_key: credentials.privateKey,
        }),
    ephemeral_runner_set_namespace: set.setNamespace,
    ephemeral_runner_set_name: set.setName,
    max_runners: set.maxRunners,
    min_runners: set.minRunners,
    runner_scale_set_id: set.scaleSetId,
    runner_scale_set_name: set.runnerSetName,
    server_root_ca: set.rootCa ?? '',
    log_level: config.logLevel,
    log_format: config.logFormat,
    metrics_addr: config.metricsAddress ?? '',
    metrics_endpoint: config.metricsEndpoint,
    metrics: set.metrics ?? null,
    ...(set.settleSeconds !== undefined && { settle_seconds: set.settleSeconds }),
  };
}
