// What the steps of a job share: environment, results so far, and the scope of their expressions.
import { dirname, delimiter } from 'node:path';
import type { Json, Scope } from '../workflow/expression.ts';
import type { JobPayload } from '../workflow/payload.ts';
import { fill, isRecord, textOf } from '../workflow/template.ts';
import type { Template } from '../workflow/template.ts';
import type { CommandFiles } from './file-commands.ts';
import { hashFiles } from './hash-files.ts';
import type { JobLog } from './log.ts';
import type { Paths } from './paths.ts';
import { isOnPath } from './shell.ts';

export type Outcome = 'success' | 'failure' | 'cancelled' | 'skipped';

interface StepResult {
  readonly outputs: Readonly<Record<string, string>>;
  readonly outcome: Outcome;
  readonly conclusion: Outcome;
}

export type Variables = Record<string, string>;

export interface JobState {
  readonly payload: JobPayload;
  readonly paths: Paths;
  readonly log: JobLog;
  readonly runnerName: string;
  /** Of the machine. */
  readonly machineEnv: Readonly<Variables>;
  /** Of workflow and job, and what steps wrote to GITHUB_ENV. */
  env: Variables;
  /** The last one that a step added comes first. */
  addedPaths: string[];
  readonly steps: Map<string, StepResult>;
  status: 'success' | 'failure' | 'cancelled';
}

export function scopeOf(state: JobState, stepEnv: Variables = {}): Scope {
  const { payload, status, paths, env } = state;
  const steps: Record<string, Json> = {};
  for (const [id, { outputs, outcome, conclusion }] of state.steps) {
    steps[id] = { outputs: { ...outputs }, outcome, conclusion };
  }
  return {
    contexts: {
      ...payload.contexts,
      github: {
        ...payload.contexts.github,
        workspace: paths.workspace,
        event_path: paths.eventFile,
      },
      env: { ...env, ...stepEnv },
      job: { status },
      runner: runnerContext(state),
      steps,
    },
    functions: {
      always: () => true,
      success: () => status === 'success',
      failure: () => status === 'failure',
      cancelled: () => status === 'cancelled',
      hashFiles: (patterns) => hashFiles(patterns.map(textOf), paths.workspace),
    },
  };
}

const OS: Readonly<Record<string, string>> = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' };
const ARCH: Readonly<Record<string, string>> = {
  x64: 'X64',
  ia32: 'X86',
  arm: 'ARM',
  arm64: 'ARM64',
};

function runnerContext({ runnerName, paths }: JobState): Variables {
  return {
    name: runnerName,
    os: OS[process.platform] ?? process.platform,
    arch: ARCH[process.arch] ?? process.arch,
    temp: paths.temp,
    tool_cache: paths.toolCache,
    workspace: paths.pipeline,
    environment: 'self-hosted',
  };
}

/** A map of texts, as `env` and `with` are. */
export function fillTexts(template: Template | undefined, scope: Scope): Variables {
  const filled = template === undefined ? null : fill(template, scope);
  if (!isRecord(filled)) return {};
  return Object.fromEntries(Object.entries(filled).map(([name, value]) => [name, textOf(value)]));
}

export interface StepVariables {
  readonly id: string;
  readonly env: Readonly<Variables>;
  readonly files: CommandFiles;
}

/** The whole environment of a step's process. */
export function processEnv(state: JobState, { id, env, files }: StepVariables): Variables {
  const merged: Variables = { ...state.machineEnv, CI: 'true', ...state.env, ...env };
  return {
    ...merged,
    // Last, as nobody may change them.
    ...gitHubVariables(state),
    GITHUB_ACTION: id,
    ...files,
    PATH: pathOf(state, merged['PATH'] ?? ''),
  };
}

function pathOf({ addedPaths }: JobState, path: string): string {
  const whole = [...addedPaths, path].filter((part) => part !== '').join(delimiter);
  // Node runs this program, so a step may count on it, on machines too where it is not installed.
  return isOnPath('node', whole) ? whole : `${whole}${delimiter}${dirname(process.execPath)}`;
}

// Those of the `github` context that become variables.
const EXPORTED = [
  'actor',
  'api_url',
  'base_ref',
  'event_name',
  'graphql_url',
  'head_ref',
  'job',
  'ref',
  'ref_name',
  'ref_protected',
  'ref_type',
  'repository',
  'repository_owner',
  'retention_days',
  'run_attempt',
  'run_id',
  'run_number',
  'server_url',
  'sha',
  'triggering_actor',
  'workflow',
  'workflow_ref',
  'workflow_sha',
];

function gitHubVariables(state: JobState): Variables {
  const { github } = state.payload.contexts;
  const variables: Variables = {
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: state.paths.workspace,
    GITHUB_EVENT_PATH: state.paths.eventFile,
  };
  for (const name of EXPORTED) variables[`GITHUB_${name.toUpperCase()}`] = textOf(github[name]);
  for (const [name, value] of Object.entries(runnerContext(state))) {
    variables[`RUNNER_${name.toUpperCase()}`] = value;
  }
  return variables;
}
