// The runner program of the simulator: takes one job and really runs its steps. For loopback; it isolates nothing.
import { parseRunnerConfig } from './config.ts';
import { serve } from './serve.ts';

const FAULT_EXIT_CODE = 7;

async function main(): Promise<number> {
  const config = parseRunnerConfig(process.env);
  if (typeof config === 'string') {
    process.stderr.write(`muster-runner: ${config}\n`);
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // Pretending to hang or to be lost must not outlive the pod.
      if (config.fault !== undefined) process.exit(0);
      stop.abort();
    });
  }
  if (config.fault === 'exit7') return FAULT_EXIT_CODE;
  // An open handle keeps the program alive; a promise alone would not.
  const keepAlive = setInterval(() => undefined, 2 ** 30);
  try {
    const say = (text: string): void => {
      process.stderr.write(`${text}\n`);
    };
    if (config.fault === 'never-online') {
      say('it is told to stay offline');
      return await new Promise(() => undefined);
    }
    return await serve({ config, stop: stop.signal, say, now: Date.now });
  } finally {
    clearInterval(keepAlive);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(
    `muster-runner: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
}
// A poll that is still held must not keep a runner that is done.
process.exit();
