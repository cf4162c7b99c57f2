// What is known of one container, in the words of a pod's status.
import type { Exit } from './process.ts';
import type { Container, ContainerState, ContainerStatus, Terminated } from './pod.ts';

export interface ContainerRecord {
  readonly container: Container;
  state: ContainerState;
  lastState: ContainerState;
  restartCount: number;
  /** Past its startup probe, if it has one. */
  started: boolean;
  ready: boolean;
  /** It will not be started again. */
  final: boolean;
  containerId?: string;
}

export const newRecord = (container: Container, reason: string): ContainerRecord => ({
  container,
  state: { waiting: { reason } },
  lastState: {},
  restartCount: 0,
  started: false,
  ready: false,
  final: false,
});

export function markWaiting(record: ContainerRecord, reason: string, message?: string): void {
  if (record.state.terminated) record.lastState = record.state;
  const waiting = message === undefined ? { reason } : { reason, message };
  Object.assign(record, { state: { waiting }, started: false, ready: false });
}

/** It starts, or would have: what was before is its last state, and that it starts again counts. */
export function markStarted(record: ContainerRecord): void {
  if (record.state.terminated) record.lastState = record.state;
  if (record.lastState.terminated) record.restartCount += 1;
}

export function markRunning(record: ContainerRecord, startedAt: string, containerId: string): void {
  markStarted(record);
  const { startupProbe, readinessProbe } = record.container;
  record.state = { running: { startedAt } };
  record.started = startupProbe === undefined;
  record.ready = record.started && readinessProbe === undefined;
  record.containerId = containerId;
}

export function markTerminated(record: ContainerRecord, exit: Exit, times: Times): void {
  const terminated: Terminated = {
    exitCode: exit.exitCode,
    ...(exit.signal === undefined ? {} : { signal: exit.signal }),
    reason: times.reason ?? (exit.exitCode === 0 ? 'Completed' : 'Error'),
    ...(times.message === undefined ? {} : { message: times.message }),
    startedAt: times.startedAt,
    finishedAt: times.finishedAt,
    containerID: record.containerId ?? '',
  };
  Object.assign(record, { state: { terminated }, started: false, ready: false });
}

interface Times {
  startedAt: string;
  finishedAt: string;
  reason?: string;
  message?: string;
}

export const hasSucceeded = ({ state }: ContainerRecord): boolean =>
  state.terminated?.exitCode === 0;

export const hasRun = ({ state, lastState }: ContainerRecord): boolean =>
  state.waiting === undefined || lastState.terminated !== undefined;

export const containerStatus = (record: ContainerRecord): ContainerStatus => ({
  name: record.container.name,
  image: record.container.image ?? '',
  imageID: '',
  ...(record.containerId === undefined ? {} : { containerID: record.containerId }),
  ready: record.ready,
  started: record.started,
  restartCount: record.restartCount,
  state: record.state,
  lastState: record.lastState,
});
