// What happened, in order, numbered. Only so many are kept: whoever listens late asks for the state first.
import type { Job, JobResult, JobState, JobTimes, JobWish, StepRecord } from '../job.ts';

export interface JobSummary {
  id: string;
  displayName: string;
  runId: number;
  state: JobState;
  waiting?: string;
  result?: JobResult;
  failure?: string;
  scaleSetName?: string;
  runnerName?: string;
  times: JobTimes;
}

/** The whole job, as plain data. */
export interface JobDescription extends JobSummary {
  wish: JobWish;
  outputs?: Readonly<Record<string, string>>;
  steps?: readonly StepRecord[];
  log: readonly string[];
}

export type EventBody =
  | { type: 'job'; job: JobSummary }
  | {
      type: 'scale-set';
      change: 'created' | 'updated' | 'deleted';
      scaleSet: { id: number; name: string; scope: string };
    }
  | {
      type: 'session';
      change: 'opened' | 'closed' | 'expired';
      scaleSetName: string;
      owner: string;
    }
  | {
      type: 'runner';
      change: 'registered' | 'online' | 'offline' | 'removed';
      runner: { id: number; name: string; scaleSetName: string };
      because?: string;
    }
  | { type: 'violation'; violation: Violation }
  | { type: 'run'; runId: number; state: 'running' | 'stuck' | 'completed' };

export type SimulatorEvent = { seq: number; at: number } & EventBody;

/** Something a client did that the service refuses, or (`refused: false`) that it lets pass. */
export interface Violation {
  at: number;
  method: string;
  path: string;
  rule: string;
  refused: boolean;
}

export interface EventLog {
  emit(event: EventBody): void;
  /** Those after `seq` that are still kept. */
  since(seq: number): SimulatorEvent[];
  subscribe(listener: (event: SimulatorEvent) => void): () => void;
}

export function createEventLog(now: () => number, keep = 10_000): EventLog {
  let events: SimulatorEvent[] = [];
  let seq = 0;
  const listeners = new Set<(event: SimulatorEvent) => void>();
  return {
    emit(body) {
      seq += 1;
      const event = { seq, at: now(), ...body };
      events.push(event);
      if (events.length >= 2 * keep) events = events.slice(-keep);
      for (const listener of [...listeners]) listener(event);
    },
    since: (after) => events.slice(Math.max(0, events.length - Math.max(0, seq - after))),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function summarize(job: Job): JobSummary {
  const { id, wish, state, times, waiting, result, failure, scaleSetName, runnerName } = job;
  return {
    id,
    displayName: wish.displayName,
    runId: wish.runId,
    state,
    times,
    ...(waiting !== undefined && { waiting }),
    ...(result && { result }),
    ...(failure !== undefined && { failure }),
    ...(scaleSetName !== undefined && { scaleSetName }),
    ...(runnerName !== undefined && { runnerName }),
  };
}

export function describeJob(job: Job): JobDescription {
  const { wish, outputs, steps, log } = job;
  return { ...summarize(job), wish, ...(outputs && { outputs }), ...(steps && { steps }), log };
}
