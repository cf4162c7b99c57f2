#!/usr/bin/env node
// The dev cluster on a port: prints `ready <path of kubeconfig>`, and ends on a signal.
import { ConfigError, parseConfig } from './config.ts';
import { start } from './program.ts';

const say = (level: string, message: string, fields: Record<string, unknown> = {}): void => {
  const time = new Date().toISOString();
  process.stderr.write(`${JSON.stringify({ time, level, message, ...fields })}\n`);
};

/** Resolves when somebody wants us to end. */
function ended(withParent: boolean): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      resolve();
    };
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);
    if (!withParent) return;
    process.stdin.on('end', end).on('error', end).resume();
  });
}

async function main(): Promise<void> {
  const config = parseConfig(process.argv.slice(2));
  // Asked for during the start, the end comes right after it.
  const end = ended(config.withParent);
  const { PATH, LANG } = process.env;
  const program = await start(config, {
    hostEnv: { PATH, LANG },
    log: {
      info: (message, fields) => {
        say('info', message, fields);
      },
      error: (message, fields) => {
        say('error', message, fields);
      },
    },
  });
  process.stdout.write(`ready ${program.kubeconfig}\n`);
  await end;
  await program.stop();
}

try {
  await main();
  process.exit(0);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`muster-devcluster: ${message}\n`);
  process.exit(error instanceof ConfigError ? 2 : 1);
}
