// One step: whether it runs, what it runs, and what became of it.
import { isTrue } from '../workflow/expression.ts';
import type { StepRecord } from '../job.ts';
import type { StepTemplate } from '../workflow/payload.ts';
import { fill, textOf } from '../workflow/template.ts';
import type { Template } from '../workflow/template.ts';
import { runAction } from './action.ts';
import { createCommandFiles, readCommandFiles } from './file-commands.ts';
import { fillTexts, processEnv, scopeOf } from './job-state.ts';
import type { JobState, Outcome, Variables } from './job-state.ts';
import { runScript } from './script.ts';

/** How the doing of a step went. Outputs may be added to by what it printed. */
export interface Done {
  readonly outcome: Outcome;
  /** As in the step's record. */
  readonly reason?: string;
}

export interface Doing {
  readonly state: JobState;
  readonly step: StepTemplate;
  readonly stepEnv: Variables;
  readonly processEnv: Variables;
  readonly outputs: Map<string, string>;
  readonly signal: AbortSignal;
}

export interface StepOptions {
  /** Unique in the job; for file names. */
  readonly index: number;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

export async function runStep(
  step: StepTemplate,
  state: JobState,
  options: StepOptions,
): Promise<StepRecord> {
  const startedAt = options.now();
  const outputs = new Map<string, string>();
  const done = await attempt(step, state, { ...options, outputs });
  const conclusion = concluded(done, step, state);
  const { outcome } = done;
  if (!step.id.startsWith('__')) {
    state.steps.set(step.id, { outputs: Object.fromEntries(outputs), outcome, conclusion });
  }
  if (state.status === 'success' && conclusion === 'failure') state.status = 'failure';
  return {
    name: stepName(step, state),
    ...(!step.id.startsWith('__') && { id: step.id }),
    conclusion,
    outcome,
    ...(done.reason !== undefined && { reason: done.reason }),
    startedAt,
    finishedAt: options.now(),
  };
}

type AttemptOptions = StepOptions & { readonly outputs: Map<string, string> };

async function attempt(
  step: StepTemplate,
  state: JobState,
  { outputs, index, signal }: AttemptOptions,
): Promise<Done> {
  try {
    const stepEnv = fillTexts(step.env, scopeOf(state));
    if (!isTrue(step.if, scopeOf(state, stepEnv))) {
      return { outcome: 'skipped' };
    }
    const files = await createCommandFiles(state.paths.commandFiles, String(index));
    const env = processEnv(state, { id: step.id, env: stepEnv, files });
    const done = await within(step, state, {
      state,
      step,
      stepEnv,
      processEnv: env,
      outputs,
      signal,
    });
    return await obeyFiles(done, files, { state, outputs });
  } catch (error) {
    return fail(state, error instanceof Error ? error.message : String(error));
  }
}

/** Ends it when its own time is over. */
async function within(step: StepTemplate, state: JobState, doing: Doing): Promise<Done> {
  const minutes = minutesOf(step.timeoutMinutes, state, doing.stepEnv);
  const timer = new AbortController();
  const timeout = setTimeout(
    () => {
      timer.abort();
    },
    Math.min(minutes * 60_000, 2 ** 31 - 1),
  );
  try {
    const signal = AbortSignal.any([doing.signal, timer.signal]);
    const run = 'run' in step.does ? runScript : runAction;
    const done = await run({ ...doing, signal });
    if (!timer.signal.aborted || doing.signal.aborted) return done;
    return fail(
      state,
      `The action '${stepName(step, state)}' has timed out after ${minutes} minutes.`,
    );
  } finally {
    clearTimeout(timeout);
  }
}

function minutesOf(template: Template | undefined, state: JobState, stepEnv: Variables): number {
  if (template === undefined) return Infinity;
  const minutes = Number(fill(template, scopeOf(state, stepEnv)));
  // GitHub takes 0 for no limit of its own.
  return minutes > 0 ? minutes : Infinity;
}

async function obeyFiles(
  done: Done,
  files: Parameters<typeof readCommandFiles>[0],
  { state, outputs }: Pick<Doing, 'state' | 'outputs'>,
): Promise<Done> {
  const said = await readCommandFiles(files);
  for (const [name, value] of said.env) state.env[name] = value;
  for (const [name, value] of said.outputs) outputs.set(name, value);
  for (const path of said.paths) {
    state.addedPaths = [path, ...state.addedPaths.filter((one) => one !== path)];
  }
  for (const problem of said.problems) state.log.line(`##[error]${problem}`);
  return said.problems.length > 0 && done.outcome === 'success' ? { outcome: 'failure' } : done;
}

function concluded({ outcome }: Done, step: StepTemplate, state: JobState): Outcome {
  if (outcome !== 'failure' || step.continueOnError === undefined) return outcome;
  try {
    return fill(step.continueOnError, scopeOf(state)) === true ? 'success' : outcome;
  } catch (error) {
    return fail(state, error instanceof Error ? error.message : String(error)).outcome;
  }
}

function fail(state: JobState, message: string): Done {
  state.log.line(`##[error]${message}`);
  return { outcome: 'failure', reason: message };
}

function stepName({ name, does }: StepTemplate, state: JobState): string {
  const written = name === undefined ? '' : shownText(name, state);
  if (written !== '') return written;
  if ('uses' in does) return `Run ${does.uses}`;
  return `Run ${shownText(does.run, state).trimStart().split('\n')[0] ?? ''}`;
}

// A name never fails a step: what cannot be evaluated is shown as it is written.
function shownText(template: Template, state: JobState): string {
  try {
    return textOf(fill(template, scopeOf(state)));
  } catch {
    return typeof template === 'object' ? '' : String(template);
  }
}
