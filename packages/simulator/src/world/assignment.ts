// Who gets a job: first a scale set that has room, then one of its runners that waits for work.
import { whyWaiting } from './matching.ts';
import { tellAssigned, tellAvailable } from './job-messages.ts';
import type { Agent, JobRecord, Lane, ScaleSet, World } from './model.ts';

/** Jobs that count against the capacity which the listener advertises. */
const load = (set: ScaleSet): number =>
  set.available.size + set.acquired.size + set.assigned.size + set.running.size;

const hasRoom = (set: ScaleSet): boolean =>
  set.session !== undefined && load(set) < (set.capacity ?? 0);

// For one job that has just joined its lane. Any set may have it; acquire mode offers it to all that have room.
function place(world: World, job: JobRecord): 'placed' | 'queued' {
  for (const set of job.lane.scaleSets) {
    if (!job.lane.waiting.has(job)) break;
    if (hasRoom(set)) give(world, set, job);
  }
  return job.state === 'queued' ? 'queued' : 'placed';
}

/** Gives a scale set as many waiting jobs as it has room for, oldest first. */
export function fill(world: World, set: ScaleSet): void {
  while (hasRoom(set)) {
    const job = oldestFor(set);
    if (!job) return;
    give(world, set, job);
  }
}

function give(world: World, set: ScaleSet, job: JobRecord): void {
  if (set.scope.mode === 'assign') {
    assign(world, set, job);
    return;
  }
  set.available.add(job);
  job.state = 'available';
  tellAvailable(set, job);
  notify(world, job);
}

/** The job leaves its lane and belongs to the set, until it ends or is given back. */
export function assign(world: World, set: ScaleSet, job: JobRecord): void {
  withdraw(job);
  set.acquired.delete(job);
  job.scaleSet = set;
  job.state = 'assigned';
  job.times = { ...job.times, assigned: world.now() };
  set.assigned.add(job);
  tellAssigned(set, job);
  notify(world, job);
  pair(world, set);
}

/** Takes a job out of the queue and back from everybody it was offered to. */
export function withdraw(job: JobRecord): void {
  job.lane.waiting.delete(job);
  for (const set of job.lane.scaleSets) set.available.delete(job);
}

/** Puts a job (back) into the queue and looks for a place at once. */
export function enqueue(world: World, job: JobRecord): void {
  job.scaleSet = undefined;
  job.agent = undefined;
  job.runnerName = undefined;
  job.state = 'queued';
  job.lane.waiting.add(job);
  if (place(world, job) === 'queued') notify(world, job);
}

/** Gives waiting jobs to runners whose poll waits. */
export function pair(world: World, set: ScaleSet): void {
  while (set.ready.size > 0) {
    const job = set.assigned.shift();
    const agent = job && set.ready.shift();
    if (!agent) return;
    offer(world, job, agent);
  }
}

function offer(world: World, job: JobRecord, agent: Agent): void {
  const set = agent.scaleSet;
  set.idle.delete(agent);
  set.running.add(job);
  agent.state = 'busy';
  agent.job = job;
  job.agent = agent;
  job.runnerName = agent.name;
  notify(world, job);
  for (const wake of [...agent.waiters]) wake();
}

/** The runner is not coming: the job waits for another one of the same set. */
export function takeBack(world: World, job: JobRecord): void {
  const { scaleSet, agent } = job;
  if (agent) agent.job = undefined;
  job.agent = undefined;
  job.runnerName = undefined;
  if (!scaleSet) return;
  scaleSet.running.delete(job);
  scaleSet.assigned.add(job);
  notify(world, job);
  pair(world, scaleSet);
}

function oldestFor(set: ScaleSet): JobRecord | undefined {
  let oldest: JobRecord | undefined;
  for (const lane of set.lanes) {
    const job = firstNotOffered(lane, set);
    if (job && (!oldest || job.requestId < oldest.requestId)) oldest = job;
  }
  return oldest;
}

function firstNotOffered(lane: Lane, set: ScaleSet): JobRecord | undefined {
  if (set.available.size === 0) return lane.waiting.peek();
  for (const job of lane.waiting) if (!set.available.has(job)) return job;
  return undefined;
}

export function notify(world: World, job: JobRecord): void {
  job.waiting = whyWaiting(job);
  world.changed(job);
}
