#!/usr/bin/env node
// The simulator's program; `--help` says what it takes.
import { runSimulator } from './program.ts';

const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.once(name, () => {
    stop.abort();
  });
}

const { stdin, stdout, stderr } = process;
process.exitCode = await runSimulator(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  signal: stop.signal,
});
