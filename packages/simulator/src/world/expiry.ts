// What time alone does: sessions end, runners are lost, jobs that nobody takes go back.
import { loseRunner, completeJob, reassign } from './jobs.ts';
import type { Agent, JobRecord, ScaleSet, World } from './model.ts';
import { disconnectAgent, removeAgent } from './runners.ts';
import { endSession, isAlive } from './sessions.ts';

/** An assignment is taken back at most so often. */
const MAX_REASSIGNMENTS = 3;

/** To be called every second or so, and by tests after they moved the clock. */
export function expire(world: World): void {
  for (const set of world.scaleSets.values()) {
    if (set.session && !isAlive(world, set.session)) endSession(world, set.session, 'expired');
    for (const job of [...set.running]) expireRunning(world, job);
    for (const agent of [...set.idle]) expireIdle(world, agent);
    for (const job of overdue(world, set)) reassign(world, job);
  }
}

const isSilent = (world: World, { waiters, heardAt }: Agent): boolean =>
  waiters.size === 0 && world.now() - heardAt >= world.timing.runnerLostMs;

function expireRunning(world: World, job: JobRecord): void {
  const { agent, cancelAskedAt } = job;
  if (!agent) return;
  if (isSilent(world, agent)) {
    if (job.state === 'running') loseRunner(world, agent, 'the runner lost communication');
    else disconnectAgent(world, agent, 'it is silent');
    return;
  }
  if (cancelAskedAt === undefined) return;
  if (world.now() - cancelAskedAt < world.timing.cancelGraceMs) return;
  completeJob(world, job, 'canceled');
  removeAgent(world, agent, 'it did not answer the cancellation of its job');
}

function expireIdle(world: World, agent: Agent): void {
  if (isSilent(world, agent)) disconnectAgent(world, agent, 'it is silent');
}

// Oldest first, so this looks no further than the first that still has time.
function overdue(world: World, set: ScaleSet): JobRecord[] {
  const found: JobRecord[] = [];
  for (const job of set.assigned) {
    const waited = world.now() - (job.times.assigned ?? 0);
    if (waited < world.timing.assignTimeoutMs) break;
    const allowed = world.timing.assignTimeoutMs * 2 ** job.reassigned;
    if (waited >= allowed && job.reassigned < MAX_REASSIGNMENTS) found.push(job);
  }
  return found;
}
