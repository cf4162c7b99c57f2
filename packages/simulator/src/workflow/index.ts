export type { Json } from './expression.ts';
export { parseWorkflow } from './parse.ts';
export type { WorkflowFile } from './parse.ts';
export type { JobPayload, StepTemplate } from './payload.ts';
export { startRun } from './run.ts';
export type { Run, RunJob, RunJobResult, RunJobState, RunWish } from './run.ts';
export { formatProblems } from './workflow.ts';
export type { BrokenWorkflow, JobTemplate, Problem, Workflow } from './workflow.ts';
