// Holds the dev cluster to a real one: the same suites run against both. `pnpm conformance [--kubeconfig FILE] [FILTER...]`
// The real one is what the kubeconfig names, else it is started from ../shared/cluster and stopped again.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { readConfig } from '../packages/devcluster/src/conformance/config.ts';
import { createCluster } from '../packages/devcluster/src/cluster.ts';
import { kubeconfig as kubeconfigOf } from '../packages/devcluster/src/kubeconfig.ts';
import type { Fetch } from '../packages/devcluster/src/serve.ts';
import { serve } from '../packages/devcluster/src/serve.ts';
import { createTls } from '../packages/devcluster/src/tls.ts';

/** The rules of the API, and what `kube` relies on. */
const SUITES = ['packages/devcluster/src/conformance/', '.contract.test.ts'];
const root = fileURLToPath(new URL('..', import.meta.url));
const launcher = join(root, '..', 'shared', 'cluster');
const run = promisify(execFile);

const { values, positionals } = parseArgs({
  options: { kubeconfig: { type: 'string' } },
  allowPositionals: true,
});

interface Ground {
  name: string;
  kubeconfig: string;
  stop: () => Promise<void>;
}

/** The API of the dev cluster on a port, without a node, as a real control plane is. */
async function devCluster(): Promise<Ground> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-conformance-'));
  const tls = await createTls(Date.now());
  let fetch: Fetch = () => Promise.resolve(new Response('', { status: 503 }));
  const listening = await serve({
    host: '127.0.0.1',
    port: 0,
    tls,
    fetch: (request) => fetch(request),
  });
  const server = `https://127.0.0.1:${listening.port}`;
  const cluster = createCluster({ ca: tls.ca, serverUrl: server });
  ({ fetch } = cluster);
  const path = join(dir, 'kubeconfig');
  const text = kubeconfigOf({ server, ca: tls.ca, token: cluster.adminToken });
  await writeFile(path, text, { mode: 0o600 });
  return {
    name: 'the dev cluster',
    kubeconfig: path,
    stop: async () => {
      cluster.close();
      await listening.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Undefined when there is none to be had. */
async function realCluster(): Promise<Ground | undefined> {
  const given = values.kubeconfig ?? readConfig().kubeconfig;
  if (given !== undefined) {
    return { name: given, kubeconfig: given, stop: () => Promise.resolve() };
  }
  if (!existsSync(join(launcher, 'up'))) return undefined;
  const dir = await mkdtemp(join(tmpdir(), 'muster-real-'));
  const stop = async (): Promise<void> => {
    await run(join(launcher, 'down'), [dir]);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const { stdout } = await run(join(launcher, 'up'), [dir]);
    return { name: 'a real Kubernetes', kubeconfig: stdout.trim(), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopping.abort();
  });
}

/** Whether all of it passed. */
async function conforms({ name, kubeconfig, stop }: Ground): Promise<boolean> {
  try {
    process.stdout.write(`conformance: ${name}\n`);
    const filters = positionals.length > 0 ? positionals : SUITES;
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const child = spawn(
      'env',
      [`MUSTER_TEST_KUBECONFIG=${kubeconfig}`, process.execPath, vitest, 'run', ...filters],
      { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], signal: stopping.signal },
    );
    // What was aborted has not passed; that is all there is to say.
    child.on('error', () => undefined);
    const [code] = (await once(child, 'exit')) as [number | null];
    return code === 0;
  } finally {
    await stop();
  }
}

const LEFT_OUT = `conformance: a real Kubernetes was left out. Name one with --kubeconfig FILE or
MUSTER_TEST_KUBECONFIG; any will do whose administrator you are. Each test has a namespace of its own.
`;

let passed = await conforms(await devCluster());
if (!stopping.signal.aborted) {
  const real = await realCluster();
  if (real === undefined) process.stdout.write(LEFT_OUT);
  else passed = (await conforms(real)) && passed;
}
process.exitCode = passed && !stopping.signal.aborted ? 0 : 1;
