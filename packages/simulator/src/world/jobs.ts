// A job from wish to end.
import { randomUUID } from 'node:crypto';
import type { JobReport } from '../runner-protocol.ts';
import type { JobResult, JobWish } from '../job.ts';
import { assign, enqueue, fill, notify, withdraw } from './assignment.ts';
import { describeJob } from './events.ts';
import { laneOf } from './matching.ts';
import { tellCompleted, tellStarted } from './job-messages.ts';
import type { Agent, JobRecord, ScaleSet, World } from './model.ts';
import { removeAgent } from './runners.ts';

/** Completed jobs that can still be asked for. */
const KEEP_COMPLETED = 10_000;

export function queueJob(world: World, wish: JobWish, attempt = 1): JobRecord {
  const id = wish.id ?? randomUUID();
  if (world.jobs.has(id)) throw new Error(`a job with the id ${id} was queued before`);
  const job: JobRecord = {
    id,
    attempt,
    wish,
    lane: laneOf(world, wish),
    requestId: world.nextId('request'),
    state: 'queued',
    times: { queued: world.now() },
    log: [],
    partialLine: '',
    reassigned: 0,
    cancelTold: false,
    get isUnmatched() {
      return this.state === 'queued' && this.lane.scaleSets.size === 0;
    },
    get scaleSetName() {
      return this.scaleSet?.name;
    },
    toJSON: () => describeJob(job),
  };
  world.jobs.set(id, job);
  enqueue(world, job);
  return job;
}

/** The ids among those asked for that the set won. */
export function acquireJobs(world: World, set: ScaleSet, requestIds: readonly number[]): number[] {
  const wanted = new Set(requestIds);
  const won = [...set.available].filter((job) => wanted.has(job.requestId));
  for (const job of won) {
    const others = [...job.lane.scaleSets].filter((other) => other !== set);
    withdraw(job);
    job.state = 'acquired';
    job.scaleSet = set;
    set.acquired.add(job);
    notify(world, job);
    for (const other of others) fill(world, other);
  }
  for (const wake of [...(set.session?.waiters ?? [])]) wake();
  return won.map((job) => job.requestId);
}

/** What was acquired is assigned by the next poll. */
export function assignAcquired(world: World, set: ScaleSet): void {
  for (const job of [...set.acquired]) assign(world, set, job);
}

/** `gone`: that job is not this runner's (any more). */
export function startJob(world: World, agent: Agent, jobId: string): 'started' | 'gone' {
  const job = agent.job;
  if (job?.id !== jobId) return 'gone';
  if (job.state === 'running') return 'started';
  job.state = 'running';
  job.times = { ...job.times, started: world.now() };
  tellStarted(agent.scaleSet, job);
  notify(world, job);
  return 'started';
}

export function appendLog(job: JobRecord, text: string): void {
  const lines = (job.partialLine + text).split(/\r?\n/);
  job.partialLine = lines.pop() ?? '';
  for (const line of lines) job.log.push(line);
}

/** The runner's report. An ephemeral runner has done its work with it. */
export function reportJob(world: World, agent: Agent, report: JobReport): void {
  const job = agent.job;
  if (!job) return;
  job.outputs = report.outputs;
  job.steps = report.steps;
  completeJob(world, job, report.result);
  removeAgent(world, agent, 'its job is over');
}

/** Ends a job wherever it is, and gives its place to the next one. */
export function completeJob(world: World, job: JobRecord, result: JobResult): void {
  const { scaleSet } = job;
  const offeredTo = [...job.lane.scaleSets].filter((set) => set.available.has(job));
  withdraw(job);
  if (job.partialLine) job.log.push(job.partialLine);
  job.partialLine = '';
  job.state = 'completed';
  job.result = result;
  job.times = { ...job.times, finished: world.now() };
  if (scaleSet) leave(scaleSet, job, result);
  notify(world, job);
  keep(world, job);
  for (const set of scaleSet ? [scaleSet] : offeredTo) fill(world, set);
}

export function cancelJob(world: World, job: JobRecord): void {
  if (job.state === 'completed' || job.cancelAskedAt !== undefined) return;
  if (!job.agent) {
    completeJob(world, job, 'canceled');
    return;
  }
  job.cancelAskedAt = world.now();
  for (const wake of [...job.agent.waiters]) wake();
}

/** The runner is gone for good, and with it the job that it ran. */
export function loseRunner(world: World, agent: Agent, because: string): void {
  const { job } = agent;
  if (job) {
    job.failure = because;
    completeJob(world, job, 'failed');
  }
  removeAgent(world, agent, because);
}

/** Takes an assignment back that no runner has answered: the listener hears of it as canceled. */
export function reassign(world: World, job: JobRecord): void {
  const { scaleSet } = job;
  if (!scaleSet) return;
  job.reassigned += 1;
  leave(scaleSet, job, 'canceled');
  enqueue(world, job);
}

function leave(set: ScaleSet, job: JobRecord, result: JobResult): void {
  set.acquired.delete(job);
  set.assigned.delete(job);
  set.running.delete(job);
  tellCompleted(set, job, result);
}

function keep(world: World, job: JobRecord): void {
  world.completed.add(job);
  if (world.completed.size <= KEEP_COMPLETED) return;
  const oldest = world.completed.shift();
  if (oldest) world.jobs.delete(oldest.id);
}
