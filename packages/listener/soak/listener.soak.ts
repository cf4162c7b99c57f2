// The built listener under random faults, networks that are cut, and SIGKILL every few seconds, for a set that is
// assigned its jobs and one that asks for them: at the end the wishes are what the service says, every started job
// is recorded, nothing waits at the service, and nothing was done wrong there.
// `node packages/listener/soak/listener.soak.ts [--seconds 600]`: 5,000 jobs in ten minutes.
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
/** A session of which nobody knows the id must end first; then come the jobs that waited. */
const SETTLE_MS = 300_000;

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

async function settled(ground: Ground, sets: readonly ListenedScaleSet[]): Promise<string[]> {
  let problems = await problemsOf(ground, sets);
  for (const end = Date.now() + SETTLE_MS; Date.now() < end && problems.length > 0;) {
    await sleep(250);
    problems = await problemsOf(ground, sets);
  }
  return problems;
}

async function soak(ground: Ground, seconds: number): Promise<string[]> {
  const sets = [
    await ground.addSet('assigned'),
    await ground.addSet('acquired', { owner: OLD_ORG }),
  ];
  ground.simulator.setMode(OLD_ORG, 'acquire');
  const config = await ground.writeConfig('soak', sets);
  let number = 0;
  let current: Program | undefined;
  const next = (): Program => {
    number += 1;
    current = ground.start({ instance: `listener-${number}`, config });
    return current;
  };
  const over = new AbortController();
  const quiet = new AbortController();
  next();
  const runners = keepRunners(ground, sets, quiet.signal);
  const troubles = trouble(ground, { current: () => current ?? next(), next }, over.signal);
  const jobs = await queueJobs(ground, sets, seconds);
  over.abort();
  const tally = await troubles;
  if (current?.isAlive() !== true) next();
  const begun = performance.now();
  const problems = await settled(ground, sets);
  quiet.abort();
  const lost = await unrecorded(ground, await runners);
  if (lost.length > 0) problems.push(`${lost.length} started jobs are not recorded`);
  const wrong = ground.simulator.violations().filter(({ refused }) => !refused);
  problems.push(...wrong.map(({ method, path, rule }) => `${method} ${path}: ${rule}`));
  tell(jobs, { ...tally, processes: number, settledMs: performance.now() - begun });
  if (problems.length > 0) process.stdout.write(`${current?.lines.slice(-40).join('\n') ?? ''}\n`);
  return problems;
}

function tell(jobs: number, figures: Tally & { processes: number; settledMs: number }): void {
  const { faults, cuts, kills, stops, overlaps, processes, settledMs } = figures;
  process.stdout.write(
    `listener: ${jobs} jobs, ${faults} faults, ${cuts} cuts, ${kills} kill -9, ${stops} stops, ` +
      `${overlaps} overlaps, ${processes} processes; right ${(settledMs / 1000).toFixed(1)} s after the last trouble\n`,
  );
}

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '600' } } });
const ground = await aGround();
let problems: string[] = ['it did not end'];
try {
  problems = await soak(ground, Number(values.seconds));
} finally {
  await ground.end();
}
for (const problem of problems) process.stdout.write(`listener: ${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
