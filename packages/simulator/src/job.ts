// A job as the service sees it: what was asked for, and how far it got. Shared by service and workflow.

export type JobState = 'queued' | 'available' | 'acquired' | 'assigned' | 'running' | 'completed';

export type JobResult = 'succeeded' | 'failed' | 'canceled';

export interface JobWish {
  /** A GUID is made when it is absent. */
  id?: string;
  displayName: string;
  /** Of `runs-on`; a scale set must have all of them, without regard to case. */
  labels: readonly string[];
  /** `runs-on: { group: … }`: only scale sets of this runner group. */
  runnerGroup?: string;
  owner: string;
  /** Without the owner. */
  repository: string;
  /** Only then may scale sets of that enterprise take it. */
  enterprise?: string;
  /** `owner/repo/.github/workflows/file.yml@refs/heads/main`. */
  workflowRef: string;
  runId: number;
  eventName: string;
  /** Handed to the runner as it is; plain JSON. */
  payload: unknown;
}

/** How a step ended, as the runner tells it. */
export interface StepRecord {
  name: string;
  id?: string;
  conclusion: 'success' | 'failure' | 'cancelled' | 'skipped';
  /** Before `continue-on-error`. */
  outcome?: 'success' | 'failure' | 'cancelled' | 'skipped';
  /** Why it failed or was cancelled, or why it was left out although its condition is true; absent when its condition is false. */
  reason?: string;
  /** Milliseconds since 1970. */
  startedAt?: number;
  finishedAt?: number;
}

/** Milliseconds since 1970. */
export interface JobTimes {
  readonly queued: number;
  /** Given to a scale set; the last time, if it was given back. */
  readonly assigned?: number | undefined;
  readonly started?: number | undefined;
  readonly finished?: number | undefined;
}

/** A live view: its fields change as the job goes on. `JSON.stringify` gives plain data. */
export interface Job {
  readonly id: string;
  readonly wish: Readonly<JobWish>;
  readonly state: JobState;
  /** Why it does not run yet: `no scale set has the label ubuntu-latest`. Never set once it runs. */
  readonly waiting?: string | undefined;
  /** No scale set may take it, as things stand. */
  readonly isUnmatched: boolean;
  readonly result?: JobResult | undefined;
  /** What went wrong at the service's side: `the runner lost communication`. */
  readonly failure?: string | undefined;
  readonly outputs?: Readonly<Record<string, string>> | undefined;
  readonly steps?: readonly StepRecord[] | undefined;
  readonly times: JobTimes;
  readonly scaleSetName?: string | undefined;
  readonly runnerName?: string | undefined;
  /** Lines. */
  readonly log: readonly string[];
}

export interface JobQueue {
  queue(wish: JobWish): Job;
  /** A running job is canceled by its runner, or by the service when the runner does not answer. */
  cancel(id: string): void;
  /** Called at once when state, runner or the reason of waiting change; not for log lines. Returns the way out. */
  onChange(listener: (job: Job) => void): () => void;
  /** Called when somebody runs a job again: it is queued as another one. Returns the way out. */
  onRerun(listener: (before: Job, after: Job) => void): () => void;
}
