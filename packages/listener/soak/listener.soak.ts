// The built listener under random faults, networks that are cut, and SIGKILL every few seconds, for a set that is
// assigned its jobs and one that asks for them: at the end the wishes are what the service says, every started job
// is recorded, nothing waits at the service, and nothing was done wrong there.
// `node packages/listener/soak/listener.soak.ts [--seconds 600] [--seed N] [--logs FOLDER]`: 5,000 jobs in ten minutes.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ListenedScaleSet } from '@muster/api';
import { aGround } from '../src/testing/ground.ts';
import type { Ground } from '../src/testing/ground.ts';
import type { Program } from '../src/testing/program.ts';
import { keepRunners, unrecorded } from './runners.ts';
import { trouble } from './troubles.ts';
import type { Tally } from './troubles.ts';

/** As GitHub Enterprise Server: jobs are offered, and asked for. */
const OLD_ORG = 'old-org';
const JOBS_A_SECOND = 5_000 / 600;
/**
 * A process that is killed between the making of a session and its record leaves one of which nobody knows the id: the
 * simulator forgets it 75 s later (GitHub 60 to 91 s). It is tried every 5 s, and then come the jobs of those 80 s, some
 * 340 a set of which 30 to 40 a second run here. Without such a death all is right within seconds.
 */
const SETTLE_MS = 120_000;

async function queueJobs(
  ground: Ground,
  sets: readonly ListenedScaleSet[],
  seconds: number,
): Promise<number> {
  const count = Math.ceil(seconds * JOBS_A_SECOND);
  const begun = performance.now();
  for (let jobs = 0; jobs < count; jobs += 1) {
    const { setName = '' } = sets[jobs % sets.length] ?? {};
    const owner = setName === 'acquired' ? OLD_ORG : 'my-org';
    ground.simulator.queueJob({ labels: [setName], owner });
    const due = begun + (jobs + 1) * (1000 / JOBS_A_SECOND);
    await sleep(Math.max(0, due - performance.now()));
  }
  return count;
}

async function problemsOf(ground: Ground, sets: readonly ListenedScaleSet[]): Promise<string[]> {
  const open = ground.simulator.state().jobs.filter(({ state }) => state !== 'completed').length;
  const bySet = await Promise.all(sets.map((set) => problemsOfSet(ground, set)));
  return [...(open > 0 ? [`${open} jobs are not over`] : []), ...bySet.flat()];
}

async function problemsOfSet(
  ground: Ground,
  { setName, minRunners }: ListenedScaleSet,
): Promise<string[]> {
  const told = ground.simulator.state().scaleSets.find(({ name }) => name === setName);
  const set = await ground.set(setName);
  if (told === undefined || set === undefined) return [`${setName} is gone`];
  const { replicas } = { replicas: 0, ...set.spec };
  const wanted = minRunners + told.statistics.totalAssignedJobs;
  const state = set.status?.listener?.state ?? 'unknown';
  const left = told.undeletedMessages;
  return [
    ...(replicas === wanted ? [] : [`${setName} wishes ${replicas}, not ${wanted}`]),
    ...(left === 0 ? [] : [`${setName} has ${left} unacknowledged job messages`]),
    ...(state === 'listening' ? [] : [`the listener of ${setName} is ${state}`]),
  ];
}

interface Wish {
  seconds: number;
  seed: number;
  /** A folder. */
  logs: string | undefined;
}

interface Settled {
  problems: string[];
  tookMs: number;
  /** What was put right last. */
  last: string[];
}

async function settled(ground: Ground, sets: readonly ListenedScaleSet[]): Promise<Settled> {
  const begun = performance.now();
  let last: string[] = [];
  for (;;) {
    const problems = await problemsOf(ground, sets);
    const tookMs = performance.now() - begun;
    if (problems.length === 0 || tookMs > SETTLE_MS) return { problems, tookMs, last };
    last = problems;
    await sleep(250);
  }
}

async function soak(ground: Ground, { seconds, seed, logs }: Wish): Promise<string[]> {
  const sets = [
    await ground.addSet('assigned'),
    await ground.addSet('acquired', { owner: OLD_ORG }),
  ];
  ground.simulator.setMode(OLD_ORG, 'acquire');
  const config = await ground.writeConfig('soak', sets);
  const programs: Program[] = [];
  const next = (): Program => {
    const program = ground.start({ instance: `listener-${programs.length + 1}`, config });
    programs.push(program);
    return program;
  };
  const over = new AbortController();
  const quiet = new AbortController();
  next();
  const runners = keepRunners(ground, sets, quiet.signal);
  const listeners = { current: () => programs.at(-1) ?? next(), next };
  const troubles = trouble(ground, { listeners, seed }, over.signal);
  const jobs = await queueJobs(ground, sets, seconds);
  over.abort();
  const tally = await troubles;
  if (programs.at(-1)?.isAlive() !== true) next();
  const { problems, ...settling } = await settled(ground, sets);
  quiet.abort();
  const lost = await unrecorded(ground, await runners);
  if (lost.length > 0) problems.push(`${lost.length} started jobs are not recorded`);
  const wrong = ground.simulator.violations().filter(({ refused }) => !refused);
  problems.push(...wrong.map(({ method, path, rule }) => `${method} ${path}: ${rule}`));
  tell(jobs, { ...tally, ...settling, processes: programs.length });
  if (problems.length > 0) process.stdout.write(linesOf(programs.at(-1)).slice(-40).join(''));
  if (logs !== undefined) await keepLogs(logs, programs);
  return problems;
}

const linesOf = (program: Program | undefined): string[] =>
  program?.lines.map((line) => `${line}\n`) ?? [];

async function keepLogs(folder: string, programs: readonly Program[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [index, program] of programs.entries()) {
    const name = `listener-${String(index + 1).padStart(3, '0')}.log`;
    await writeFile(join(folder, name), linesOf(program));
  }
}

type Figures = Tally & { processes: number } & Pick<Settled, 'tookMs' | 'last'>;

function tell(jobs: number, figures: Figures): void {
  const { faults, cuts, kills, stops, overlaps, processes, tookMs, last } = figures;
  process.stdout.write(
    `listener: ${jobs} jobs, ${faults} faults, ${cuts} cuts, ${kills} kill -9, ${stops} stops, ` +
      `${overlaps} overlaps, ${processes} processes; right ${(tookMs / 1000).toFixed(1)} s after the last trouble` +
      `${last.length > 0 ? ` (last of all: ${last.join('; ')})` : ''}\n`,
  );
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    logs: { type: 'string' },
  },
});
const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
process.stdout.write(`listener: seed ${seed}\n`);
const ground = await aGround();
let problems: string[] = ['it did not end'];
try {
  problems = await soak(ground, { seconds, seed, logs: values.logs });
} finally {
  await ground.end();
}
for (const problem of problems) process.stdout.write(`listener: ${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
