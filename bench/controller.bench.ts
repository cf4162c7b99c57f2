// What the controller costs: its program, as it is shipped, between a dev cluster and a simulator in processes of their
// own; with MUSTER_TEST_KUBECONFIG against that cluster. `node bench/controller.bench.ts [--only 100x50] [--sets 100]`
import { setTimeout as sleep } from 'node:timers/promises';
import { EphemeralRunnerSetKind, isDeleting } from '../packages/api/src/index.ts';
import { PodKind } from '../packages/kube/src/index.ts';
import { readConfig } from './controller/config.ts';
import { createRunnerSets, createSet, SET, startWorld, until } from './controller/world.ts';
import type { World } from './controller/world.ts';

interface Ends {
  /** From its pod's end to its slot being free, 99 of 100: while some end every second, and when all others end at once. */
  steadyP99Ms: number;
  burstP99Ms: number;
  /** Of those at once, from the first end. */
  goneMs: number;
}

interface Figures extends Ends {
  podsMs: number;
  writes: number;
  reads: number;
  memory: string;
}

const STEADY_SHARE = 0.2;
const STEADY_PER_SECOND = 20;

/** So many runners: made, running, ended, gone. */
async function live(
  { count, jitMs }: { count: number; jitMs: number },
  kubeconfig: string | undefined,
): Promise<Figures> {
  const world = await startWorld(jitMs, kubeconfig);
  const { kube, namespace, controller, runners, pods } = world;
  try {
    await createSet(world);
    const before = await controller.requests();
    const startedAt = performance.now();
    await kube.patch(
      EphemeralRunnerSetKind,
      { namespace, name: SET },
      { spec: { replicas: count, patchID: 1 } },
    );
    await until(`${count} pods`, () => pods.list(namespace).length === count);
    const podsMs = performance.now() - startedAt;
    const names = pods.list(namespace).map(({ metadata }) => metadata.name);
    await inParallel(names, (name) => tell(world, name, RUNNING));
    await until('all run', () => runners.list().every((one) => one.status?.phase === 'Running'));
    const memory = controller.memory();
    const ends = await endAll(world, names);
    const { writes, reads } = await controller.requests();
    return {
      podsMs,
      ...ends,
      writes: (writes - before.writes) / count,
      reads: (reads - before.reads) / count,
      memory,
    };
  } finally {
    await world.stop();
  }
}

async function endAll(world: World, names: readonly string[]): Promise<Ends> {
  const { namespace, runners, pods } = world;
  const freed = new Map<string, number>();
  const ended = new Map<string, number>();
  const unlisten = runners.onChange(({ object }) => {
    const { name } = object.metadata;
    if (isDeleting(object) && !freed.has(name)) freed.set(name, performance.now());
  });
  const end = async (name: string): Promise<void> => {
    await tell(world, name, ENDED);
    ended.set(name, performance.now());
  };
  const p99 = (some: readonly string[]): number =>
    percentile(
      0.99,
      some.map((name) => (freed.get(name) ?? Infinity) - (ended.get(name) ?? 0)),
    );
  const first = names.slice(0, names.length * STEADY_SHARE);
  const rest = names.slice(first.length);
  for (const name of first) await Promise.all([end(name), sleep(1000 / STEADY_PER_SECOND)]);
  await until('the first are gone', () => pods.list(namespace).length === rest.length);
  const begun = performance.now();
  await inParallel(rest, end);
  await until('all are gone', () => runners.list().length + pods.list(namespace).length === 0);
  const goneMs = performance.now() - begun;
  unlisten();
  return { steadyP99Ms: p99(first), burstP99Ms: p99(rest), goneMs };
}

interface Told {
  phase: string;
  state: object;
}

const RUNNING: Told = { phase: 'Running', state: { running: {} } };
const ENDED: Told = { phase: 'Succeeded', state: { terminated: { exitCode: 0 } } };

/** The kubelet's part. */
async function tell(
  { kube, namespace }: World,
  name: string,
  { phase, state }: Told,
): Promise<void> {
  const status = {
    name: 'runner',
    state,
    ready: true,
    restartCount: 0,
    image: 'runner',
    imageID: '',
  };
  const at = { namespace, name };
  await kube.patchStatus(PodKind, at, { status: { phase, containerStatuses: [status] } });
}

async function inParallel(
  names: readonly string[],
  act: (name: string) => Promise<void>,
): Promise<void> {
  const left = names.values();
  const worker = async (): Promise<void> => {
    for (const name of left) await act(name);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

const percentile = (share: number, values: number[]): number =>
  values.sort((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? 0;

interface SetFigures {
  podsMs: number;
  readyMs: number;
  memory: string;
}

/** So many sets, from their creation to a listener's pod for each; then the controller starts among them. */
async function many(count: number, kubeconfig: string | undefined): Promise<SetFigures> {
  const world = await startWorld(0, kubeconfig);
  try {
    const begun = performance.now();
    await createRunnerSets(world, count);
    await until('each has a pod', () => world.pods.list(world.namespace).length === count);
    const podsMs = performance.now() - begun;
    const { readyMs, memory } = await world.restart();
    return { podsMs, readyMs, memory: memory() };
  } finally {
    await world.stop();
  }
}

async function main(): Promise<void> {
  const { kubeconfig, runs, sets } = readConfig();
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  const where = kubeconfig === undefined ? 'dev cluster' : 'real cluster';
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
  for (const { count, jitMs } of runs) {
    const { podsMs, steadyP99Ms, burstP99Ms, goneMs, writes, reads, memory } = await live(
      { count, jitMs },
      kubeconfig,
    );
    say(`${count} runners, a JIT call takes ${jitMs} ms (${where})`);
    say(`  to ${count} pods           ${seconds(podsMs)}`);
    say(
      `  slot free again, p99    ${steadyP99Ms.toFixed(0)} ms while ${STEADY_PER_SECOND} end a second`,
    );
    say(`                          ${burstP99Ms.toFixed(0)} ms when all others end at once`);
    say(`  all of those gone       ${seconds(goneMs)} after the first ended`);
    say(`  requests a runner       ${writes.toFixed(2)} writes, ${reads.toFixed(2)} reads`);
    say(`  memory, all running     ${memory}`);
  }
  if (sets === 0) return;
  const { podsMs, readyMs, memory } = await many(sets, kubeconfig);
  say(`${sets} scale sets (${where})`);
  say(`  to ${sets} listener pods  ${seconds(podsMs)}`);
  say(`  exec to ready           ${seconds(readyMs)}, as the second process`);
  say(`  memory, ready           ${memory}`);
}

await main();
process.exit(0);
