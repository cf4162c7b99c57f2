// What the controller speaks to, in processes of its own, so that it costs the measured one nothing.
import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const CLUSTER = pathOf('./cluster.ts');
const SIMULATOR = pathOf('../../packages/simulator/src/main.ts');

/** The one that is given, or a dev cluster. */
export async function startCluster(
  given: string | undefined,
): Promise<{ path: string; stop: () => Promise<void> }> {
  if (given !== undefined) return { path: given, stop: () => Promise.resolve() };
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  const child = fork(CLUSTER);
  const [config] = (await once(child, 'message')) as [string];
  const path = join(folder, 'kubeconfig');
  await writeFile(path, config, { mode: 0o600 });
  const stop = async (): Promise<void> => {
    child.disconnect();
    await rm(folder, { recursive: true });
  };
  return { path, stop };
}

/** Answers each JIT call after so long. */
export async function startSimulator(jitMs: number): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [SIMULATOR, '--port', '0', '--with-parent'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const url = line.replace('ready ', '').trim();
  const effect = { do: 'delay', ms: jitMs };
  const body = JSON.stringify({ call: 'generate-jit-config', times: 100_000, effect });
  const answer = await fetch(`${url}/_control/faults`, { method: 'POST', body });
  if (!answer.ok) throw new Error(await answer.text());
  return { url: `${url}/my-org`, child };
}
