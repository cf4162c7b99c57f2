// The program's flags and environment, read once.
import { parseArgs } from 'node:util';

export interface Config {
  dir: string;
  images: string;
  /** 0: any free one. */
  port: number;
  withParent: boolean;
}

/** A mistake of the user's; the message is one line for them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const USAGE = 'usage: muster-devcluster --dir DIR --images FILE [--port N] [--with-parent]';

const OPTIONS = {
  dir: { type: 'string' },
  images: { type: 'string' },
  port: { type: 'string', default: '0' },
  'with-parent': { type: 'boolean', default: false },
} as const;

/** Throws `ConfigError`. */
export function parseConfig(args: readonly string[]): Config {
  const values = flagsOf(args);
  const { dir = '', images = '' } = values;
  const port = Number(values.port);
  const isPort = Number.isInteger(port) && port >= 0 && port <= 65_535;
  const problems = [
    ...(dir === '' ? ['--dir is needed'] : []),
    ...(images === '' ? ['--images is needed'] : []),
    ...(isPort ? [] : [`--port must be a number from 0 to 65535, not "${values.port}"`]),
  ];
  if (problems.length > 0) throw new ConfigError(`${problems.join('; ')}; ${USAGE}`);
  return { dir, images, port, withParent: values['with-parent'] };
}

function flagsOf(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values;
  } catch (error) {
    const [line] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new ConfigError(`${line ?? ''}; ${USAGE}`, { cause: error });
  }
}
