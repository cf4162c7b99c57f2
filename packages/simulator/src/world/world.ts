// The state of the whole service, in memory. Rules only: no HTTP, no timers, no clock of its own.
import type { Job, JobQueue } from '../job.ts';
import { createEventLog, summarize } from './events.ts';
import type { EventLog } from './events.ts';
import { Fifo } from './fifo.ts';
import { cancelJob, queueJob } from './jobs.ts';
import type { DeliveryMode, Timing, World } from './model.ts';

export interface WorldOptions {
  now: () => number;
  mode: DeliveryMode;
  timing?: Partial<Timing>;
}

const TIMING: Timing = {
  sessionTtlMs: 75_000,
  runnerLostMs: 60_000,
  assignTimeoutMs: 15 * 60_000,
  cancelGraceMs: 5 * 60_000,
};

export function createWorld({ now, mode, timing }: WorldOptions): {
  world: World;
  events: EventLog;
  jobs: JobQueue;
} {
  const events = createEventLog(now);
  const listeners = new Set<(job: Job) => void>();
  const rerunListeners = new Set<RerunListener>();
  // The default group is 1, so others begin at 2.
  const ids = { scope: 0, scaleSet: 0, agent: 0, group: 1, request: 0, job: 0 };
  const world: World = {
    now,
    mode,
    timing: { ...TIMING, ...timing },
    scopes: new Map(),
    scaleSets: new Map(),
    agents: new Map(),
    jobs: new Map(),
    lanes: new Map(),
    completed: new Fifo(),
    emit: (event) => {
      events.emit(event);
    },
    changed(job) {
      events.emit({ type: 'job', job: summarize(job) });
      for (const listener of [...listeners]) listener(job);
    },
    rerun(before, after) {
      for (const listener of [...rerunListeners]) listener(before, after);
    },
    nextId: (of) => (ids[of] += 1),
  };
  return { world, events, jobs: createJobQueue(world, listeners, rerunListeners) };
}

type RerunListener = (before: Job, after: Job) => void;

function createJobQueue(
  world: World,
  listeners: Set<(job: Job) => void>,
  rerunListeners: Set<RerunListener>,
): JobQueue {
  return {
    queue: (wish) => queueJob(world, wish),
    cancel(id) {
      const job = world.jobs.get(id);
      if (job) cancelJob(world, job);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onRerun(listener) {
      rerunListeners.add(listener);
      return () => rerunListeners.delete(listener);
    },
  };
}
