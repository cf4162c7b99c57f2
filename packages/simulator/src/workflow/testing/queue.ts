// A job queue whose runner is the test: jobs end when the test says so.
import type { Job, JobQueue, JobResult, JobWish } from '../../job.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export interface TestQueue extends JobQueue {
  /** Display names of the jobs that are queued or running. */
  open(): string[];
  wish(displayName: string): JobWish;
  end(displayName: string, result?: JobResult, outputs?: Record<string, string>): void;
  /** No scale set may take it. */
  wait(displayName: string, because: string): void;
}

export function createTestQueue(): TestQueue {
  const jobs = new Map<string, Mutable<Job>>();
  const listeners = new Set<(job: Job) => void>();
  const tell = (job: Job): void => {
    for (const listener of [...listeners]) listener(job);
  };
  const find = (name: string): Mutable<Job> => {
    const job = [...jobs.values()].find(({ wish }) => wish.displayName === name);
    if (job === undefined) throw new Error(`no job is called ${name}`);
    return job;
  };
  const complete = (job: Mutable<Job>, result: JobResult): void => {
    job.state = 'completed';
    job.result = result;
    tell(job);
  };
  return {
    queue: (wish) => {
      const id = wish.id ?? wish.displayName;
      const job: Mutable<Job> = {
        id,
        wish,
        state: 'queued',
        isUnmatched: false,
        times: { queued: 0 },
        log: [],
      };
      jobs.set(id, job);
      tell(job);
      return job;
    },
    cancel: (id) => {
      const job = jobs.get(id);
      if (job !== undefined) complete(job, 'canceled');
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    open: () =>
      [...jobs.values()]
        .filter(({ state }) => state !== 'completed')
        .map(({ wish }) => wish.displayName),
    wish: (name) => find(name).wish,
    end: (name, result = 'succeeded', outputs = {}) => {
      const job = find(name);
      job.outputs = outputs;
      complete(job, result);
    },
    wait: (name, because) => {
      const job = find(name);
      job.waiting = because;
      job.isUnmatched = true;
      tell(job);
    },
  };
}
