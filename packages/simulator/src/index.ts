export { ControlError, createControl } from './control.ts';
export type { Control } from './control.ts';
export type { AppRegistration } from './app-credentials.ts';
export type { PersonalToken, TokenLives } from './credentials.ts';
export type { Call, Fault, FaultEffect, FaultWish, Faults } from './faults.ts';
export type { Job, JobQueue, JobResult, JobState, JobTimes, JobWish, StepRecord } from './job.ts';
export { decodeJitConfig } from './runner-protocol.ts';
export type { JobReport, RunnerIdentity } from './runner-protocol.ts';
export type { SimulatedRunner, SimulatedRunners } from './runners.ts';
export type { RunDescription, RunRequest } from './runs.ts';
export { listen } from './server.ts';
export type { ListenOptions, Peer, RunningServer, Serve } from './server.ts';
export { createSimulator } from './simulator.ts';
export type { Simulator, SimulatorOptions } from './simulator.ts';
export type { RunnerState, ScaleSetState, SimulatorState } from './state.ts';
export type {
  EventLog,
  JobDescription,
  JobSummary,
  SimulatorEvent,
  Violation,
} from './world/events.ts';
export type { DeliveryMode, Timing } from './world/model.ts';
