// Holds the dev cluster to a real one: the same suites run against both. `pnpm conformance [--kubeconfig FILE [--with-node]] [FILTER...]`
// The real one is what the kubeconfig names, else it is started from ../shared/cluster and stopped again. The kubelet's suite
// needs a node with its image: --with-node says that the named cluster has one; one that is started here gets it where it can.
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
import { addNode, nodeObstacle } from './real-node.ts';

/** The rules of the API, and what `kube` relies on. */
const SUITES = ['packages/devcluster/src/conformance/', '.contract.test.ts'];
/** The rules of a kubelet. */
const NODE_SUITE = 'packages/devcluster/src/node/conformance.test.ts';
const root = fileURLToPath(new URL('..', import.meta.url));
const launcher = join(root, '..', 'shared', 'cluster');
const run = promisify(execFile);

const { values, positionals } = parseArgs({
  options: { kubeconfig: { type: 'string' }, 'with-node': { type: 'boolean', default: false } },
  allowPositionals: true,
});

interface Ground {
  name: string;
  kubeconfig: string;
  stop: () => Promise<void>;
  /** Gives it a node; what is told instead when it can have none. */
  addNode?: () => Promise<string | undefined>;
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

const nothingToStop = { stop: () => Promise.resolve() };

/** Undefined when there is none to be had. */
async function realCluster(): Promise<Ground | undefined> {
  const given = values.kubeconfig ?? readConfig().kubeconfig;
  if (given !== undefined) {
    const told = values['with-node'] ? undefined : 'say --with-node if it has one with the image';
    return {
      ...nothingToStop,
      name: given,
      kubeconfig: given,
      addNode: () => Promise.resolve(told),
    };
  }
  if (!existsSync(join(launcher, 'up'))) return undefined;
  const dir = await mkdtemp(join(tmpdir(), 'muster-real-'));
  const stop = async (): Promise<void> => {
    await run(join(launcher, 'down'), [dir]);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const { stdout } = await run(join(launcher, 'up'), [dir]);
    const giveNode = async (): Promise<string | undefined> => {
      const obstacle = nodeObstacle();
      if (obstacle === undefined) await addNode(launcher, dir);
      return obstacle;
    };
    return { name: 'a real Kubernetes', kubeconfig: stdout.trim(), stop, addNode: giveNode };
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

/** Whether all of them passed. */
async function passes(suites: readonly string[], kubeconfig: string | undefined): Promise<boolean> {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const child = spawn(
    'env',
    [`MUSTER_TEST_KUBECONFIG=${kubeconfig ?? ''}`, process.execPath, vitest, 'run', ...suites],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], signal: stopping.signal },
  );
  // What was aborted has not passed; that is all there is to say.
  child.on('error', () => undefined);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

/** Whether all of it passed, on a node too where it can have one. */
async function conforms({ name, kubeconfig, stop, addNode: giveNode }: Ground): Promise<boolean> {
  const say = (what: string): boolean => process.stdout.write(`conformance: ${what}\n`);
  try {
    say(name);
    if (positionals.length > 0) return await passes(positionals, kubeconfig);
    const api = await passes(SUITES, kubeconfig);
    if (stopping.signal.aborted || giveNode === undefined) return api;
    const obstacle = await giveNode();
    say(obstacle === undefined ? `the node of ${name}` : `its node was left out: ${obstacle}`);
    return obstacle === undefined ? (await passes([NODE_SUITE], kubeconfig)) && api : api;
  } finally {
    await stop();
  }
}

const LEFT_OUT = `conformance: a real Kubernetes was left out. Name one with --kubeconfig FILE or
MUSTER_TEST_KUBECONFIG; any will do whose administrator you are. Each test has a namespace of its own.
`;

let passed = await conforms(await devCluster());
if (!stopping.signal.aborted && positionals.length === 0) {
  process.stdout.write("conformance: the dev cluster's node\n");
  passed = (await passes([NODE_SUITE], undefined)) && passed;
}
if (!stopping.signal.aborted) {
  const real = await realCluster();
  if (real === undefined) process.stdout.write(LEFT_OUT);
  else passed = (await conforms(real)) && passed;
}
process.exitCode = passed && !stopping.signal.aborted ? 0 : 1;
