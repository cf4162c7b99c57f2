// The program's arguments, read once.
import { parseArgs } from 'node:util';
import type { DeliveryMode } from './world/model.ts';

export const USAGE = `usage: simulator [options]

GitHub's Actions service on this machine: no Kubernetes, no GitHub. Its control API is under /_control/.

  --host ADDRESS        where it listens (127.0.0.1)
  --port N              for HTTP (0: any that is free)
  --https               HTTPS too, with a CA of its own; needs --ca-file
  --https-port N        for HTTPS, and means --https (0: any that is free)
  --ca-file FILE        where the CA's certificate is written
  --hold SECONDS        how long an idle poll is held (50)
  --mode assign|acquire github.com of today, or GHES (assign)
  --with-parent         end when stdin ends
  --help                this text`;

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly https?: { readonly port: number; readonly caFile: string };
  readonly holdMs: number;
  readonly mode: DeliveryMode;
  /** Ends when its stdin does. */
  readonly withParent: boolean;
}

/** What the user got wrong: all of it, in one line. */
export class ConfigError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ConfigError';
  }
}

const OPTIONS = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '0' },
  https: { type: 'boolean', default: false },
  'https-port': { type: 'string' },
  'ca-file': { type: 'string' },
  hold: { type: 'string', default: '50' },
  mode: { type: 'string', default: 'assign' },
  'with-parent': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Throws a ConfigError. */
export function parseConfig(args: readonly string[]): Config | 'help' {
  const values = parsed(args);
  if (values.help) return 'help';
  const problems: string[] = [];
  const port = portOf('--port', values.port, problems);
  const https = httpsOf(values, problems);
  const holdSeconds = values.hold === '' ? NaN : Number(values.hold);
  if (!(holdSeconds >= 0 && holdSeconds <= 3600)) {
    problems.push(`--hold must be a number of seconds up to 3600, not "${values.hold}"`);
  }
  const mode = (['assign', 'acquire'] as const).find((one) => one === values.mode);
  if (!mode) problems.push(`--mode must be assign or acquire, not "${values.mode}"`);
  if (!mode || problems.length > 0) throw new ConfigError(problems.join('; '));
  return {
    host: values.host,
    port,
    ...(https && { https }),
    holdMs: holdSeconds * 1000,
    mode,
    withParent: values['with-parent'],
  };
}

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

function parsed(args: readonly string[]): Values {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error);
    throw new ConfigError(`${message} (--help lists what there is)`, error);
  }
}

function httpsOf(values: Values, problems: string[]): Config['https'] {
  const { https, 'https-port': port, 'ca-file': caFile } = values;
  if (!https && port === undefined) {
    if (caFile !== undefined) problems.push('--ca-file needs --https');
    return undefined;
  }
  if (!caFile) {
    problems.push('--https needs --ca-file: clients must be told whom to trust');
    return undefined;
  }
  return { port: portOf('--https-port', port ?? '0', problems), caFile };
}

function portOf(option: string, text: string, problems: string[]): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) problems.push(`${option} "${text}" is no port`);
  return port;
}
