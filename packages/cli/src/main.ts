#!/usr/bin/env node
// `muster`. One line an error, no stack trace; exit 2 for the user's mistake, 1 for ours.
import { fileURLToPath } from 'node:url';
import { parseArguments, USAGE } from './arguments.ts';
import { dev } from './dev/dev.ts';
import { stopKept } from './dev/kept.ts';
import { CliError } from './errors.ts';
import type { Command } from './arguments.ts';

const EXIT_INTERRUPTED = 130;
const DEFAULT_WORKFLOW = new URL('../../../examples/workflows/ci.yml', import.meta.url);

async function run(command: Command, signal: AbortSignal): Promise<number> {
  switch (command.do) {
    case 'help':
      process.stdout.write(`${USAGE}\n`);
      return 0;
    case 'stop':
      await stopKept(command.directory);
      return 0;
    case 'simulator': {
      const { runSimulator } = await import('@muster/simulator/program');
      const { stdin, stdout, stderr } = process;
      return runSimulator(command.args, { stdin, stdout, stderr, signal });
    }
    case 'dev':
      return dev(command, { stdout: process.stdout, env: process.env, signal });
  }
}

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    interrupted.abort();
  });
}

// Nobody reads on, as behind `head`: that ends the command too.
process.stdout.on('error', () => {
  interrupted.abort();
});

try {
  const command = parseArguments(process.argv.slice(2), {
    // pnpm runs scripts in the workspace's root; this is where the user was.
    directory: process.env['INIT_CWD'] ?? process.cwd(),
    defaultWorkflow: fileURLToPath(DEFAULT_WORKFLOW),
  });
  const exitCode = await run(command, interrupted.signal);
  // The simulator runs until it is told to stop: that is how it ends well.
  const isCutOff = interrupted.signal.aborted && command.do !== 'simulator';
  process.exitCode = isCutOff ? EXIT_INTERRUPTED : exitCode;
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const isTold = error instanceof CliError || !interrupted.signal.aborted;
  if (isTold) for (const line of message.split('\n')) process.stderr.write(`muster: ${line}\n`);
  process.exitCode = interrupted.signal.aborted
    ? EXIT_INTERRUPTED
    : error instanceof CliError
      ? error.exitCode
      : 1;
}
