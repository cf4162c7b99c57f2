// What the controller costs: runners made, ended and gone, against a dev cluster and a simulator in processes of their
// own; with MUSTER_TEST_KUBECONFIG against that cluster. `node bench/controller.bench.ts [--only 100x50] [--burst 500]`
import { readFileSync } from 'node:fs';
import { EphemeralRunnerSetKind, isDeleting } from '../packages/api/src/index.ts';
import { PodKind } from '../packages/kube/src/index.ts';
import { readConfig } from './controller/config.ts';
import { createSet, NAMESPACE, SET, startWorld, until } from './controller/world.ts';
import type { World } from './controller/world.ts';

interface Figures {
  podsMs: number;
  slotP99Ms: number;
  goneMs: number;
  writes: number;
  reads: number;
  memory: string;
}

/** So many runners: made, running, ended, gone. */
async function live(
  { count, jitMs }: { count: number; jitMs: number },
  kubeconfig: string | undefined,
): Promise<Figures> {
  const world = await startWorld(jitMs, kubeconfig);
  const { kube, controller, requests } = world;
  const { pods, runners } = controller.caches;
  try {
    await createSet(world);
    const before = await requests();
    const startedAt = performance.now();
    await kube.patch(EphemeralRunnerSetKind, SET, { spec: { replicas: count, patchID: 1 } });
    await until(`${count} pods`, () => pods.list(NAMESPACE).length === count);
    const podsMs = performance.now() - startedAt;
    await tell(world, { phase: 'Running', state: { running: {} } });
    await until('all run', () => runners.list().every((one) => one.status?.phase === 'Running'));
    const memory = memoryOf();
    const freed = new Map<string, number>();
    const unlisten = runners.onChange(({ object }) => {
      const { name } = object.metadata;
      if (isDeleting(object) && !freed.has(name)) freed.set(name, performance.now());
    });
    const endedAt = performance.now();
    const ended = await tell(world, { phase: 'Succeeded', state: { terminated: { exitCode: 0 } } });
    await until('all are gone', () => runners.list().length === 0 && pods.list().length === 0);
    const goneMs = performance.now() - endedAt;
    unlisten();
    const after = await requests();
    return {
      podsMs,
      goneMs,
      slotP99Ms: percentile(
        0.99,
        [...freed].map(([name, at]) => at - (ended.get(name) ?? at)),
      ),
      writes: (after.writes - before.writes) / count,
      reads: (after.reads - before.reads) / count,
      memory,
    };
  } finally {
    await world.stop();
  }
}

/** The kubelet's part. Gives the time at which each was told. */
async function tell(
  { kube, controller }: World,
  { phase, state }: { phase: string; state: object },
): Promise<Map<string, number>> {
  const told = new Map<string, number>();
  const rest = controller.caches.pods.list(NAMESPACE).values();
  const worker = async (): Promise<void> => {
    for (const { metadata } of rest) {
      const at = { namespace: NAMESPACE, name: metadata.name };
      const containerStatuses = [
        { name: 'runner', state, ready: true, restartCount: 0, image: 'runner', imageID: '' },
      ];
      await kube.patchStatus(PodKind, at, { status: { phase, containerStatuses } });
      told.set(metadata.name, performance.now());
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return told;
}

const percentile = (share: number, values: number[]): number =>
  values.sort((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? 0;

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/** Beside the resident set its anonymous part, where the system tells: the rest differs from run to run. */
function memoryOf(): string {
  const resident = mib(process.memoryUsage.rss());
  try {
    const [, kib] = /^RssAnon:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return kib === undefined ? resident : `${resident} (${mib(Number(kib) * 1024)} anonymous)`;
  } catch {
    return resident;
  }
}

/** In stepped time: how many runners are made is no matter of speed. */
async function burst(jobs: number): Promise<string> {
  // Only now, as it would count as the controller's memory.
  const { createWorld } = await import('../e2e/src/loop/world.ts');
  const { jobAccounts } = await import('../e2e/src/loop/ledger.ts');
  const world = await createWorld({ jobMs: 5_000 });
  await world.installRunnerSet({ minRunners: 0, maxRunners: jobs });
  await world.until('somebody listens', () => world.isListening);
  world.queueJobs(jobs);
  await world.until('all jobs are over', () =>
    jobAccounts(world.simulator).every(({ result }) => result !== undefined),
  );
  const { made, mostLive } = world.observer;
  await world.end();
  return `${jobs} jobs of 5 s at once: ${made} runners made, ${mostLive} at a time`;
}

async function main(): Promise<void> {
  const { kubeconfig, runs, burst: jobs } = readConfig();
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  const where = kubeconfig === undefined ? 'dev cluster' : 'real cluster';
  for (const { count, jitMs } of runs) {
    const { podsMs, slotP99Ms, goneMs, writes, reads, memory } = await live(
      { count, jitMs },
      kubeconfig,
    );
    say(`${count} runners, a JIT call takes ${jitMs} ms (${where})`);
    say(`  to ${count} pods           ${(podsMs / 1000).toFixed(2)} s`);
    say(`  slot free again, p99    ${slotP99Ms.toFixed(0)} ms after its pod ended`);
    say(`  all gone                ${(goneMs / 1000).toFixed(2)} s after the first ended`);
    say(`  requests a runner       ${writes.toFixed(2)} writes, ${reads.toFixed(2)} reads`);
    say(`  memory of this process  ${memory}, the bench's own clients included`);
  }
  if (jobs > 0) say(await burst(jobs));
}

await main();
process.exit(0);
