// What there is: scopes, scale sets, sessions, runners and jobs. The rules are in the files beside it.
import type { RunnerGroup } from '@muster/actions/wire';
import type { Job, JobResult, JobState, JobTimes, JobWish, StepRecord } from '../job.ts';
import type { EventBody, JobDescription } from './events.ts';
import type { Fifo } from './fifo.ts';
import type { MessageQueue } from './message-queue.ts';

/** `assign`: github.com today. `acquire`: GHES, and github.com before. */
export type DeliveryMode = 'assign' | 'acquire';

export interface World {
  readonly now: () => number;
  readonly timing: Timing;
  readonly mode: DeliveryMode;
  readonly scopes: Map<string, Scope>;
  readonly scaleSets: Map<number, ScaleSet>;
  readonly agents: Map<number, Agent>;
  readonly jobs: Map<string, JobRecord>;
  readonly lanes: Map<string, Lane>;
  readonly completed: Fifo<JobRecord>;
  readonly emit: (event: EventBody) => void;
  readonly changed: (job: JobRecord) => void;
  readonly rerun: (before: JobRecord, after: JobRecord) => void;
  /** A number that was not given out before. */
  readonly nextId: (of: 'scope' | 'scaleSet' | 'agent' | 'group' | 'request' | 'job') => number;
}

/** All in milliseconds. */
export interface Timing {
  /** A session of which nothing is heard for so long is gone. Measured at GitHub: 60 to 91 s. */
  readonly sessionTtlMs: number;
  /** A runner with a job of which nothing is heard for so long has lost communication. */
  readonly runnerLostMs: number;
  /** A job that no runner takes goes back to the queue after this, twice and four times this. */
  readonly assignTimeoutMs: number;
  /** A canceled job whose runner does not report ends by itself after this. */
  readonly cancelGraceMs: number;
}

export interface Scope {
  readonly id: number;
  /** `my-org`, `my-org/my-repo` or `enterprises/mine`, in lower case. */
  readonly key: string;
  /** As the user spells it. */
  readonly name: string;
  readonly kind: 'organization' | 'repository' | 'enterprise';
  mode: DeliveryMode;
  readonly groups: RunnerGroup[];
  readonly scaleSets: Set<ScaleSet>;
  /** By name in lower case. */
  readonly agents: Map<string, Agent>;
}

export interface ScaleSet {
  readonly id: number;
  readonly scope: Scope;
  name: string;
  group: RunnerGroup;
  labels: { type: string; name: string }[];
  disableUpdate: boolean;
  readonly createdAt: number;
  readonly messages: MessageQueue;
  session?: Session | undefined;
  /** Of the last poll of the living session: how many jobs it may hold. */
  capacity?: number | undefined;
  readonly lanes: Set<Lane>;
  /** Offered, not yet acquired: acquire mode only. */
  readonly available: Set<JobRecord>;
  readonly acquired: Set<JobRecord>;
  /** Assigned, without a runner. */
  readonly assigned: Fifo<JobRecord>;
  /** Given to a runner: running or about to run. */
  readonly running: Set<JobRecord>;
  readonly agents: Set<Agent>;
  /** Online without a job. */
  readonly idle: Set<Agent>;
  /** Idle, and with a poll that waits: a job given to one of these is heard of at once. */
  readonly ready: Fifo<Agent>;
}

export interface Session {
  readonly id: string;
  readonly owner: string;
  readonly scaleSet: ScaleSet;
  heardAt: number;
  readonly waiters: Set<() => void>;
}

export interface Agent {
  readonly id: number;
  readonly name: string;
  readonly scaleSet: ScaleSet;
  readonly workFolder: string;
  /** What its runner program shows: in the JIT config, and nowhere else. */
  readonly token: string;
  readonly createdAt: number;
  /** A runner with a job is `busy`, also before it says that the job started. */
  state: 'offline' | 'idle' | 'busy';
  job?: JobRecord | undefined;
  heardAt: number;
  readonly waiters: Set<() => void>;
}

/** Jobs that ask for the same: same place, same group, same labels. */
export interface Lane {
  readonly owner: string;
  readonly repository: string;
  readonly enterprise: string | undefined;
  readonly group: string | undefined;
  /** In lower case. */
  readonly labels: readonly string[];
  readonly scaleSets: Set<ScaleSet>;
  /** Queued or available. */
  readonly waiting: Fifo<JobRecord>;
}

export interface JobRecord extends Job {
  /** Of its run: 1, or a later one in which it was run again. */
  readonly attempt: number;
  /** The same job in a later attempt. */
  successor?: JobRecord | undefined;
  readonly wish: JobWish;
  readonly lane: Lane;
  readonly requestId: number;
  readonly log: string[];
  /** The beginning of a line whose end has not come yet. */
  partialLine: string;
  state: JobState;
  times: JobTimes;
  result?: JobResult | undefined;
  failure?: string | undefined;
  outputs?: Readonly<Record<string, string>> | undefined;
  steps?: readonly StepRecord[] | undefined;
  /** The set that acquired it or to which it is assigned. */
  scaleSet?: ScaleSet | undefined;
  agent?: Agent | undefined;
  runnerName?: string | undefined;
  waiting?: string | undefined;
  /** Times that no runner took it. */
  reassigned: number;
  cancelAskedAt?: number | undefined;
  cancelTold: boolean;
  toJSON: () => JobDescription;
}
