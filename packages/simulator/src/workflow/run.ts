// One run of a workflow: queues its jobs as they become ready, and follows them to the end. It executes nothing.
import type { JobQueue, JobState, JobTimes, StepRecord } from '../job.ts';
import type { Json } from './expression.ts';
import type { Conclusion } from './plan.ts';
import { RunEngine } from './run-engine.ts';
import type { Workflow } from './workflow.ts';

export interface RunWish {
  readonly workflow: Workflow;
  readonly queue: JobQueue;
  readonly repository: RunRepository;
  readonly event: { readonly name: string; readonly payload?: Record<string, Json> };
  readonly runId: number;
  readonly runNumber?: number;
  readonly actor?: string;
  /** Of the GitHub that is played, without a final slash. */
  readonly serverUrl?: string;
  readonly apiUrl?: string;
  readonly vars?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, Json>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface RunRepository {
  readonly owner: string;
  readonly name: string;
  /** Its folder on this machine. */
  readonly path: string;
  /** `refs/heads/main`. */
  readonly ref: string;
  readonly sha: string;
  readonly enterprise?: string;
}

/** `pending`: not queued yet, as jobs it needs are not over, or the matrix runs `max-parallel` already. */
export type RunJobState = 'pending' | JobState;

export type RunJobResult = Conclusion;

/** A row of the run's picture: plain data, as it is at this moment. */
export interface RunJob {
  /** Unique in the run: the key, and the place in the matrix. */
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly matrix?: Readonly<Record<string, Json>>;
  readonly labels: readonly string[];
  readonly state: RunJobState;
  /** Why it does not run yet: `needs build`, `no scale set has the label ubuntu-latest`. */
  readonly waiting?: string;
  readonly result?: RunJobResult;
  /** Why it has this result, when it was not the runner that said so. */
  readonly reason?: string;
  /** Its failure fails neither the run nor the jobs that need it. */
  readonly continueOnError: boolean;
  readonly times: Partial<JobTimes>;
  readonly runnerName?: string;
  readonly scaleSetName?: string;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps?: readonly StepRecord[];
  readonly log: readonly string[];
}

/**
 * `stuck`: whatever is not over waits for a scale set that does not exist, or for a job that does. It goes on when
 * somebody creates the set.
 */
export type RunState = 'running' | 'stuck' | 'completed';

export interface Run {
  readonly id: number;
  readonly workflow: { readonly name: string; readonly path: string };
  readonly state: RunState;
  /** Once it is completed. */
  readonly result?: 'success' | 'failure' | 'cancelled';
  readonly jobs: readonly RunJob[];
  /** What the file asks for and is not done here. */
  readonly notices: readonly string[];
  /** Called after each change of any job; not for log lines. Returns the way out. */
  onChange(listener: (run: Run) => void): () => void;
  /** Ends what runs, but for jobs whose `if` wants a cancelled run too. */
  cancel(): void;
}

export function startRun(wish: RunWish): Run {
  const engine = new RunEngine(wish);
  engine.start();
  return engine;
}
