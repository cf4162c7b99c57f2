// Shapes exactly as on the wire (reference/protocol.md 3.0 and 4). Nothing else uses wire spelling.
// "?" means that the service may leave the field out.

export interface Label {
  type: string;
  name: string;
}

export interface RunnerSetting {
  disableUpdate?: boolean;
}

/** Always all seven from the real service. */
export interface Statistics {
  totalAvailableJobs: number;
  totalAcquiredJobs: number;
  /** Waiting for a runner, and running: the only number that scaling uses. */
  totalAssignedJobs: number;
  totalRunningJobs: number;
  totalRegisteredRunners: number;
  totalBusyRunners: number;
  totalIdleRunners: number;
}

export interface RunnerScaleSet {
  id: number;
  name: string;
  runnerGroupId?: number;
  runnerGroupName?: string;
  labels?: Label[];
  /** With a capital R in requests; read without regard to case. */
  RunnerSetting?: RunnerSetting;
  createdOn?: string;
  runnerJitConfigUrl?: string;
  statistics?: Statistics;
}

export interface RunnerGroup {
  id: number;
  name: string;
  size: number;
  isDefaultGroup: boolean;
}

export interface RunnerReference {
  id: number;
  name: string;
  runnerScaleSetId: number;
}

export interface JitRunnerConfig {
  runner: RunnerReference;
  encodedJITConfig: string;
}

export interface RunnerScaleSetSession {
  sessionId: string;
  ownerName?: string;
  runnerScaleSet?: RunnerScaleSet;
  messageQueueUrl: string;
  messageQueueAccessToken: string;
  statistics?: Statistics;
}

export interface List<T> {
  count: number;
  value: T[];
}

export interface RunnerScaleSetMessage {
  messageId: number;
  /** Always RunnerScaleSetJobMessages. */
  messageType: string;
  /** A string that holds a JSON array of job messages. */
  body?: string;
  statistics?: Statistics | null;
}

/** Times are RFC 3339 with a zone. */
interface JobMessageBase {
  /** 0 on github.com. */
  runnerRequestId: number;
  repositoryName: string;
  ownerName: string;
  jobId?: string;
  jobWorkflowRef: string;
  jobDisplayName: string;
  workflowRunId: number;
  eventName: string;
  requestLabels: string[];
  queueTime?: string;
  scaleSetAssignTime?: string;
  runnerAssignTime?: string;
  finishTime?: string;
}

export interface JobAvailable extends JobMessageBase {
  messageType: 'JobAvailable';
  acquireJobUrl: string;
}

export interface JobAssigned extends JobMessageBase {
  messageType: 'JobAssigned';
}

export interface JobStarted extends JobMessageBase {
  messageType: 'JobStarted';
  runnerId: number;
  runnerName: string;
}

export interface JobCompleted extends JobMessageBase {
  messageType: 'JobCompleted';
  /** `success`, `failed`, `canceled` have been seen. */
  result: string;
  runnerId: number;
  runnerName: string;
}

export type JobMessage = JobAvailable | JobAssigned | JobStarted | JobCompleted;

/** The error body of the Actions service. */
export interface Exception {
  typeName: string;
  message: string;
}
