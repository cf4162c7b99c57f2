// What a caller sees of the Actions service.
import type {
  JobAvailable,
  JobCompleted,
  JobStarted,
  RunnerGroup,
  RunnerReference,
  RunnerScaleSet,
  Statistics,
} from './wire.ts';

/** A personal access token, or a GitHub App (client id or numeric app id, as text). */
export type GitHubCredentials =
  | { kind: 'token'; token: string }
  | { kind: 'app'; appId: string; installationId: number; privateKey: string };

export interface ScaleSetWish {
  name: string;
  runnerGroupId: number;
  /** More labels for `runs-on`; the name is always one. */
  labels?: readonly string[];
}

export interface JitConfig {
  runner: RunnerReference;
  /** Opaque, secret, for one runner and one use. */
  encodedJitConfig: string;
}

/** As GitHub's REST API names it: `owner/name`, and the run's number. */
export interface WorkflowRunPlace {
  repository: string;
  runId: number;
}

export interface WorkflowRun {
  /** None of its jobs runs or waits. */
  isCompleted: boolean;
  /** 1, and one more each time that it is re-run, wholly or in part. */
  attempt: number;
}

export interface WorkflowJob {
  /** The REST API's, not the one that messages have. */
  id: number;
  name: string;
  attempt: number;
  runnerName?: string;
  /** `success`, `failure`, `cancelled`, `skipped` and the like, once it is over. */
  conclusion?: string;
}

export interface CallOptions {
  signal?: AbortSignal;
}

/** Speaks to the Actions service for one config URL with one set of credentials. */
export interface ActionsClient {
  /** The group's id; 1 is the default group, which need not be looked up. */
  findRunnerGroup(name: string, options?: CallOptions): Promise<RunnerGroup | undefined>;
  findScaleSet(
    at: { name: string; runnerGroupId: number },
    options?: CallOptions,
  ): Promise<RunnerScaleSet | undefined>;
  getScaleSet(id: number, options?: CallOptions): Promise<RunnerScaleSet | undefined>;
  createScaleSet(wish: ScaleSetWish, options?: CallOptions): Promise<RunnerScaleSet>;
  /** What is absent stays. `labels` are all there are to be; the name is not added to them. */
  updateScaleSet(
    id: number,
    change: { name?: string; runnerGroupId?: number; labels?: readonly string[] },
    options?: CallOptions,
  ): Promise<RunnerScaleSet>;
  deleteScaleSet(id: number, options?: CallOptions): Promise<'deleted' | 'absent'>;

  /** `exists`: GitHub knows a runner of that name already. */
  createJitConfig(
    wish: { scaleSetId: number; name: string; workFolder: string },
    options?: CallOptions,
  ): Promise<JitConfig | 'exists'>;
  getRunner(id: number, options?: CallOptions): Promise<RunnerReference | undefined>;
  findRunner(name: string, options?: CallOptions): Promise<RunnerReference | undefined>;
  removeRunner(id: number, options?: CallOptions): Promise<'removed' | 'absent' | 'busy'>;

  /** Throws `session-conflict` while another session of the scale set is alive. */
  createSession(scaleSetId: number, owner: string, options?: CallOptions): Promise<MessageSession>;
  /** Goes on with a session that was left behind; undefined when the service no longer knows it. */
  resumeSession(
    scaleSetId: number,
    sessionId: string,
    options?: CallOptions,
  ): Promise<MessageSession | undefined>;
  deleteSession(
    scaleSetId: number,
    sessionId: string,
    options?: CallOptions,
  ): Promise<'deleted' | 'absent'>;

  /** Undefined when there is none that these credentials may see. Throws `unauthorized` when they may see no runs. */
  getWorkflowRun(place: WorkflowRunPlace, options?: CallOptions): Promise<WorkflowRun | undefined>;
  /** Of all its attempts. */
  listWorkflowJobs(place: WorkflowRunPlace, options?: CallOptions): Promise<WorkflowJob[]>;
  /**
   * With the jobs that need it. `running`: its run is not over, or is under way again. Throws `unauthorized` when these
   * credentials may not, and `refused` when nobody may (any more).
   */
  rerunJob(
    job: { repository: string; jobId: number },
    options?: CallOptions,
  ): Promise<'started' | 'running'>;

  /** Frees the connections. */
  close(): Promise<void>;
}

export interface Message {
  id: number;
  /** Absent when the service sent none, or null (it has been seen). */
  statistics?: Statistics;
  available: JobAvailable[];
  /** Jobs given to the scale set by the service itself. */
  assigned: number;
  /** When those were queued, or assigned where that is not said, in epoch milliseconds. */
  queuedAt?: number[];
  started: JobStarted[];
  completed: JobCompleted[];
  /** Job messages of a type that this client does not know. */
  unknown: number;
  /** Job messages that could not be read, and why: for the log. They count nowhere else. */
  malformed?: string[];
}

/** The exclusive right to one scale set's messages. A 401 refreshes it once, by itself. */
export interface MessageSession {
  readonly id: string;
  readonly scaleSetId: number;
  /** As of the session's creation or last refresh. */
  readonly statistics: Statistics | undefined;
  /** Waits up to some 50 s; undefined when there was nothing. The signal frees the socket at once. */
  poll(
    request: { lastMessageId: number; maxCapacity: number },
    options?: CallOptions,
  ): Promise<Message | undefined>;
  /** `absent`: the service no longer knows the message. */
  acknowledge(messageId: number, options?: CallOptions): Promise<'acknowledged' | 'absent'>;
  /** The ids that were won; `unsupported` where the service assigns jobs by itself (github.com). */
  acquire(requestIds: readonly number[], options?: CallOptions): Promise<number[] | 'unsupported'>;
  /** Ends the session at the service. */
  close(options?: CallOptions): Promise<void>;
}
