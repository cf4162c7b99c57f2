// `pnpm e2e [FILTER...]`: one cluster for all stories, which are told one after the other.
import { spawn } from 'node:child_process';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { PARENT } from '../stories/config.ts';
import { WHOLE_ENV } from './config.ts';
import { enterGround } from './ground.ts';

const VITEST = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const RIGHTS = 'src/install/rights.e2e.ts';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Who ends us ends the stories first; the cluster is stopped after them. */
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stopping.abort();
  });
}

/** The stories, and after all of them the look at what they were permitted. */
async function tell(ground: string): Promise<number> {
  const filters = process.argv.slice(2);
  if (filters.length > 0) return vitest(ground, filters);
  return (await vitest(ground, ['--exclude', RIGHTS])) || vitest(ground, [RIGHTS]);
}

async function vitest(ground: string, args: readonly string[]): Promise<number> {
  const options = ['--root', ROOT, '--config', 'vitest.install.config.ts'];
  const child = spawn(process.execPath, [VITEST, 'run', ...options, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...WHOLE_ENV, MUSTER_E2E_GROUND: ground },
    signal: stopping.signal,
  });
  // What was aborted has not passed; that is all there is to say.
  child.on('error', () => undefined);
  const code = await new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  return code ?? 1;
}

const folder = await mkdtemp(join(await realpath(PARENT), 'muster-e2e-'));
try {
  const began = performance.now();
  const { ground, stop } = await enterGround(folder);
  try {
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    process.stdout.write(`end to end on ${ground.name}, ready after ${seconds} s\n`);
    const file = join(folder, 'ground.json');
    await writeFile(file, JSON.stringify(ground));
    process.exitCode = await tell(file);
  } finally {
    await stop();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
