// What the listener costs, by the built program over sockets, for 1, 50 and 200 sets in one process: its start, its memory,
// from a job to its set being patched, and how soon it hears again when it was killed or told to stop.
// `node bench/listener.bench.ts [--sets 1,50,200] [--jobs 200]`
//
// The Actions service is in this process, the dev cluster in another; what is seen of the set comes by a watch, so that
// each figure holds their time too. Memory is RSS (RssAnon) in MiB.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { EphemeralRunnerSetKind } from '../packages/api/src/index.ts';
import type { EphemeralRunnerSet, ListenedScaleSet } from '../packages/api/src/index.ts';
import { createCache, systemClock } from '../packages/kube/src/index.ts';
import type { Cache } from '../packages/kube/src/index.ts';
import { silentLog } from '../packages/kube/src/testing/index.ts';
import { NAMESPACE } from '../packages/listener/src/testing/cluster.ts';
import { aGround } from '../packages/listener/src/testing/ground.ts';
import type { Ground } from '../packages/listener/src/testing/ground.ts';
import type { Program } from '../packages/listener/src/testing/program.ts';
import { memoryOf } from './memory.ts';

/** For garbage to go, for the compile cache to be written, and for what a start allocates. */
const SETTLE_MS = 4_000;
const PATIENCE_MS = 60_000;
/** A start differs from one to the next by what else the machine does. */
const STARTS = 5;
const LOOK_MS = 1;

interface Figure {
  what: string;
  is: string;
  budget?: string;
}

interface Stage {
  ground: Ground;
  sets: ListenedScaleSet[];
  cache: Cache<EphemeralRunnerSet>;
  start: () => Program;
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end;) {
    if (isSo()) return;
    await sleep(LOOK_MS);
  }
  throw new Error(`it never came to hold: ${what}`);
}

function memory({ pid }: Program): string {
  const { rss = 0, anonymous = 0 } = memoryOf(pid) ?? {};
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  return `${mib(rss)} (${mib(anonymous)})`;
}

/** Sessions at the service, by set. */
const sessions = ({ ground }: Stage): (string | undefined)[] =>
  ground.simulator.state().scaleSets.map(({ session }) => session?.id);

const openSessions = (stage: Stage): number =>
  sessions(stage).filter((id) => id !== undefined).length;

const stateOf = ({ cache }: Stage, { setName: name }: ListenedScaleSet): EphemeralRunnerSet => {
  const found = cache.get({ namespace: NAMESPACE, name });
  if (found === undefined) throw new Error(`the set ${name} is gone`);
  return found;
};

/** Until a job of this set is wished for, in milliseconds. */
async function heard(stage: Stage, set: ListenedScaleSet): Promise<number> {
  const wanted = (stateOf(stage, set).spec.replicas ?? 0) + 1;
  const begun = performance.now();
  stage.ground.simulator.queueJob({ labels: [set.setName] });
  await patchedTo(stage, set, wanted);
  return performance.now() - begun;
}

/** The cache tells at once; a look now and then would add its own time. */
const patchedTo = (stage: Stage, set: ListenedScaleSet, wanted: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const isSo = (): boolean => (stateOf(stage, set).spec.replicas ?? 0) >= wanted;
    const tooLate = setTimeout(() => {
      reject(new Error(`${set.setName} is not patched`));
    }, PATIENCE_MS);
    const look = (): void => {
      if (!isSo()) return;
      clearTimeout(tooLate);
      stop();
      resolve();
    };
    const stop = stage.cache.onChange(look);
    look();
  });

const median = (values: readonly number[]): number => quantile(values, 0.5);

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

const ms = (value: number): string => `${value.toFixed(value < 100 ? 1 : 0)} ms`;

/** From exec to the first session at the service, and to the last. Each start ends well. */
async function starts(stage: Stage): Promise<Figure[]> {
  const first: number[] = [];
  const all: number[] = [];
  for (let number = 0; number < STARTS; number += 1) {
    const begun = performance.now();
    const program = stage.start();
    await until('a session is open', () => openSessions(stage) > 0);
    first.push(performance.now() - begun);
    await until('all sessions are open', () => openSessions(stage) === stage.sets.length);
    all.push(performance.now() - begun);
    // Also leaves the compile cache, as the image has it.
    await sleep(number === 0 ? SETTLE_MS : 0);
    program.kill('SIGTERM');
    await program.ended;
  }
  // The first made the compile cache.
  const [, ...warm] = first;
  return [
    { what: 'exec to a session', is: ms(median(warm)), budget: '400 ms' },
    { what: 'exec to all sessions', is: ms(median(all.slice(1))) },
  ];
}

async function latencies(stage: Stage, jobs: number): Promise<Figure[]> {
  const taken: number[] = [];
  for (let number = 0; number < jobs; number += 1) {
    const set = stage.sets[number % stage.sets.length];
    if (set !== undefined) taken.push(await heard(stage, set));
  }
  return [
    { what: 'job to patched set, p50', is: ms(quantile(taken, 0.5)), budget: '20 ms' },
    { what: 'job to patched set, p99', is: ms(quantile(taken, 0.99)), budget: '100 ms' },
  ];
}

/** From its end to a job that is queued meanwhile being wished for by the next. */
async function killed(stage: Stage, old: Program): Promise<{ took: number; next: Program }> {
  old.kill('SIGKILL');
  await old.ended;
  const [set] = stage.sets;
  if (set === undefined) throw new Error('there is no set');
  const begun = performance.now();
  const next = stage.start();
  await heard(stage, set);
  return { took: performance.now() - begun, next };
}

/** From SIGTERM to the first poll of the next process having brought a message; the next starts when the old has ended. */
async function followed(stage: Stage, old: Program): Promise<{ took: number; next: Program }> {
  const [set] = stage.sets;
  if (set === undefined) throw new Error('there is no set');
  const begun = performance.now();
  old.kill('SIGTERM');
  await old.ended;
  const next = stage.start();
  await heard(stage, set);
  return { took: performance.now() - begun, next };
}

async function row(count: number, jobs: number): Promise<Figure[]> {
  const ground = await aGround({ holdMs: 50_000 });
  const following = new AbortController();
  const cache = createCache({
    client: ground.kube,
    kind: EphemeralRunnerSetKind,
    clock: systemClock,
    log: silentLog,
  });
  const running = cache.run(following.signal);
  try {
    const sets: ListenedScaleSet[] = [];
    for (let number = 0; number < count; number += 1) {
      sets.push(await ground.addSet(`set-${number}`, { maxRunners: 1_000_000 }));
    }
    await cache.whenSynced();
    const config = await ground.writeConfig('bench', sets);
    let number = 0;
    const start = (): Program => ground.start({ instance: `process-${(number += 1)}`, config });
    const stage = { ground, sets, cache, start };
    return await figures(stage, jobs);
  } finally {
    following.abort();
    await running;
    await ground.end();
  }
}

async function figures(stage: Stage, jobs: number): Promise<Figure[]> {
  const started = await starts(stage);
  const program = stage.start();
  await until('all sessions are open', () => openSessions(stage) === stage.sets.length);
  await sleep(SETTLE_MS);
  const idle = memory(program);
  const patched = await latencies(stage, jobs);
  const loaded = memory(program);
  const kill = await killed(stage, program);
  await sleep(SETTLE_MS);
  const stop = await followed(stage, kill.next);
  stop.next.kill('SIGTERM');
  await stop.next.ended;
  return [
    ...started,
    { what: 'memory, listening', is: idle, budget: `${80 + stage.sets.length - 1}` },
    { what: `memory, after ${jobs} jobs`, is: loaded },
    ...patched,
    { what: 'SIGKILL: exec to the next job wished', is: ms(kill.took), budget: '1 s' },
    { what: 'SIGTERM to the next job wished', is: ms(stop.took), budget: '1 s' },
  ];
}

const { values } = parseArgs({
  options: {
    sets: { type: 'string', default: '1,50,200' },
    jobs: { type: 'string', default: '200' },
  },
});
const counts = values.sets.split(',').map(Number);
const jobs = Number(values.jobs);
if (![...counts, jobs].every((count) => Number.isInteger(count) && count > 0)) {
  process.stderr.write('bench: --sets and --jobs are whole numbers above 0\n');
  process.exitCode = 2;
} else {
  for (const count of counts) {
    process.stdout.write(`listener, ${count} ${count === 1 ? 'set' : 'sets'} in one process\n`);
    for (const { what, is, budget } of await row(count, jobs)) {
      const limit = budget === undefined ? '' : `  (at most ${budget})`;
      process.stdout.write(`  ${what.padEnd(40)} ${is.padStart(10)}${limit}\n`);
    }
  }
}
