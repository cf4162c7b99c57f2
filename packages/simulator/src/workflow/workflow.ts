// A workflow file as it was written: checked, but with nothing evaluated yet.
import type { StepTemplate } from './payload.ts';
import type { Template } from './template.ts';

export interface Workflow {
  readonly path: string;
  /** The file's path when it has no name. */
  readonly name: string;
  readonly events: readonly string[];
  readonly env?: Template;
  /** Of `defaults.run`. */
  readonly defaults?: Template;
  readonly jobs: readonly JobTemplate[];
  /** What the file asks for and this reading leaves out, one sentence each. */
  readonly notices: readonly string[];
}

export interface JobTemplate {
  readonly key: string;
  readonly name?: Template;
  readonly needs: readonly string[];
  readonly if: string;
  readonly strategy?: Template;
  readonly runsOn: Template;
  readonly timeoutMinutes?: Template;
  readonly continueOnError?: Template;
  readonly env?: Template;
  /** Of `defaults.run`. */
  readonly defaults?: Template;
  readonly outputs?: Template;
  readonly steps: readonly StepTemplate[];
  /** Why it cannot be run at all: `it calls a reusable workflow`. */
  readonly unsupported?: string;
}

export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface BrokenWorkflow {
  readonly path: string;
  readonly problems: readonly Problem[];
}

/** `path:line:column: message`, a line a problem. */
export const formatProblems = ({ path, problems }: BrokenWorkflow): string[] =>
  problems.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`);
