// A job queue whose runner is the test: jobs end when the test says so.
import type { Job, JobQueue, JobResult, JobWish } from '../../job.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export interface TestQueue extends JobQueue {
  /** Display names of the jobs that are queued or running. */
  open(): string[];
  wish(displayName: string): JobWish;
  end(displayName: string, result?: JobResult, outputs?: Record<string, string>): void;
  /** Queues it once more, as a later attempt. */
  rerun(displayName: string): void;
  /** No scale set may take it. */
  wait(displayName: string, because: string): void;
}

class Jobs {
  readonly all = new Map<string, Mutable<Job>>();
  readonly listeners = new Set<(job: Job) => void>();
  readonly rerunListeners = new Set<(before: Job, after: Job) => void>();

  queue(wish: JobWish, id: string): Job {
    const times = { queued: 0 };
    const job: Job = { id, wish, state: 'queued', isUnmatched: false, times, log: [] };
    this.all.set(id, job);
    this.change(job, {});
    return job;
  }

  change(job: Mutable<Job>, fields: Partial<Job>): void {
    Object.assign(job, fields);
    for (const listener of [...this.listeners]) listener(job);
  }

  named(name: string): Mutable<Job> {
    const job = [...this.all.values()].findLast(({ wish }) => wish.displayName === name);
    if (job === undefined) throw new Error(`no job is called ${name}`);
    return job;
  }
}

export function createTestQueue(): TestQueue {
  const jobs = new Jobs();
  return {
    queue: (wish) => jobs.queue(wish, wish.id ?? wish.displayName),
    cancel: (id) => {
      const job = jobs.all.get(id);
      if (job !== undefined) jobs.change(job, { state: 'completed', result: 'canceled' });
    },
    onChange: (listener) => {
      jobs.listeners.add(listener);
      return () => jobs.listeners.delete(listener);
    },
    onRerun: (listener) => {
      jobs.rerunListeners.add(listener);
      return () => jobs.rerunListeners.delete(listener);
    },
    open: () => {
      const open = [...jobs.all.values()].filter(({ state }) => state !== 'completed');
      return open.map(({ wish }) => wish.displayName);
    },
    wish: (name) => jobs.named(name).wish,
    end: (name, result = 'succeeded', outputs = {}) => {
      jobs.change(jobs.named(name), { state: 'completed', result, outputs });
    },
    rerun: (name) => {
      const before = jobs.named(name);
      const after = jobs.queue(before.wish, `${before.id} again`);
      for (const listener of jobs.rerunListeners) listener(before, after);
    },
    wait: (name, because) => {
      jobs.change(jobs.named(name), { waiting: because, isUnmatched: true });
    },
  };
}
