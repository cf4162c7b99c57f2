// The listener program, `/ghalistener` in the image.
import { ConfigError } from '@muster/api';
import { createLog, isKubeError, loadConnection, systemClock } from '@muster/kube';
import { loadConfig } from './config.ts';
import { run } from './program.ts';

/** 2: the user's mistake, told in one message. 1: ours. */
function fail(error: unknown): never {
  const isTheirs = error instanceof ConfigError || isKubeError(error, 'bad-config');
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`ghalistener: ${message}\n`);
  process.exit(isTheirs ? 2 : 1);
}

const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.once(name, () => {
    stop.abort();
  });
}

try {
  const config = await loadConfig(process.env);
  const { logLevel: level, logFormat: format } = config.listener;
  const log = createLog({ level, format });
  const connection = await loadConnection({ env: process.env });
  await run(config, { connection, clock: systemClock, log }, stop.signal);
  process.exit(0);
} catch (error) {
  fail(error);
}
