// The simulator as a program: one service on one port of loopback.
import { parseArgs } from 'node:util';
import { listen } from './server.ts';
import type { RunningServer } from './server.ts';
import { createSimulator } from './simulator.ts';
import type { DeliveryMode } from './world/model.ts';

const USAGE =
  'usage: simulator [--host 127.0.0.1] [--port 0] [--hold SECONDS] [--mode assign|acquire] [--with-parent]';

interface Config {
  host: string;
  port: number;
  holdMs: number;
  mode: DeliveryMode;
  /** Ends when its stdin does. */
  withParent: boolean;
}

class UserError extends Error {}

function parseConfig(args: string[]): Config {
  const { values } = parseArgs({
    args,
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '0' },
      hold: { type: 'string', default: '50' },
      mode: { type: 'string', default: 'assign' },
      'with-parent': { type: 'boolean', default: false },
    },
  });
  const { host, mode } = values;
  const port = Number(values.port);
  const holdSeconds = Number(values.hold);
  const problems: string[] = [];
  if (!/^\d+$/.test(values.port) || port > 65_535)
    problems.push(`--port ${values.port} is no port`);
  if (!(holdSeconds >= 0 && holdSeconds <= 3600)) {
    problems.push(`--hold must be a number of seconds up to 3600, not ${values.hold}`);
  }
  if (mode !== 'assign' && mode !== 'acquire') {
    throw new UserError([...problems, '--mode must be assign or acquire'].join('; '));
  }
  if (problems.length > 0) throw new UserError(problems.join('; '));
  return { host, port, mode, holdMs: holdSeconds * 1000, withParent: values['with-parent'] };
}

async function run({ host, port, holdMs, mode, withParent }: Config): Promise<void> {
  const simulator = createSimulator({ holdMs, mode });
  const onError = (error: unknown): void => {
    complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
  };
  const server = await open(async () => listen(simulator.serve, { host, port, onError }));
  const ticking = setInterval(simulator.tick, 1000);
  const stop = (): void => {
    clearInterval(ticking);
    simulator.stop();
    process.stdin.destroy();
    void server.close();
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  if (withParent) process.stdin.once('end', stop).once('error', stop).resume();
  process.stdout.write(`ready ${server.url}\n`);
}

async function open(start: () => Promise<RunningServer>): Promise<RunningServer> {
  try {
    return await start();
  } catch (error) {
    // A port in use, an address that this machine does not have, a port for root only.
    throw new UserError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function complain(message: string): void {
  process.stderr.write(`simulator: ${message}\n`);
}

try {
  await run(parseConfig(process.argv.slice(2)));
} catch (error) {
  const isUsage = error instanceof TypeError && 'code' in error;
  const message = error instanceof Error ? error.message : String(error);
  complain(isUsage ? `${message} (${USAGE})` : message);
  process.exitCode = isUsage || error instanceof UserError ? 2 : 1;
}
