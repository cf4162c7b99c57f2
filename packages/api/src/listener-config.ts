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
  const json = parseJson(content);
  const file = z
    .object({ scale_sets: z.array(scaleSetFile).min(1) })
    .safeParse(isList(json) ? json : { scale_sets: [json] });
  if (!file.success) {
    throw new ConfigError(
      WHAT,
      file.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
    );
  }
  const sets = file.data.scale_sets;
  const problems = sets.flatMap((set, index) =>
    problemsOf(set).map((problem) =>
      sets.length > 1 ? `scale_sets.${index}: ${problem}` : problem,
    ),
  );
  const [first] = sets;
  if (first === undefined || problems.length > 0) throw new ConfigError(WHAT, problems);
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

const isList = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && 'scale_sets' in json;

const levelOf = ({ log_level }: ScaleSetFile): ListenerConfig['logLevel'] | undefined =>
  (['debug', 'info', 'warn', 'error'] as const).find((level) => level === log_level.toLowerCase());

const formatOf = ({ log_format }: ScaleSetFile): ListenerConfig['logFormat'] | undefined =>
  (['text', 'json'] as const).find((format) => format === log_format);

function problemsOf(set: ScaleSetFile): string[] {
  const rules: [boolean, string][] = [
    [set.configure_url === '', 'configure_url is not set'],
    [set.ephemeral_runner_set_namespace === '', 'ephemeral_runner_set_namespace is not set'],
    [set.ephemeral_runner_set_name === '', 'ephemeral_runner_set_name is not set'],
    [set.runner_scale_set_id <= 0, 'runner_scale_set_id must be above 0'],
    [set.min_runners < 0, 'min_runners must not be below 0'],
    [set.max_runners < set.min_runners, 'max_runners must not be below min_runners'],
    [set.log_level !== '' && !levelOf(set), 'log_level must be debug, info, warn or error'],
    [set.log_format !== '' && !formatOf(set), 'log_format must be text or json'],
    [set.vault_type !== '', 'vault_type is not supported by this listener'],
  ];
  return [
    ...rules.flatMap(([broken, problem]) => (broken ? [problem] : [])),
    ...credentialProblems(set),
  ];
}

function credentialProblems(set: ScaleSetFile): string[] {
  if (set.vault_type !== '') return [];
  const app = [set.github_app_id, set.github_app_private_key].filter((part) => part !== '').length;
  const isWholeApp = app === 2 && set.github_app_installation_id > 0;
  if (set.github_token !== '') {
    return isWholeApp ? ['github_token and a GitHub App are both set; set one of them'] : [];
  }
  if (isWholeApp) return [];
  return [
    'set either github_token, or github_app_id, github_app_installation_id and github_app_private_key',
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
