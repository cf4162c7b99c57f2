// Runs the steps of one job, from an empty workspace to a report. Knows no service: its log goes where it is told.
import type { JobReport } from '../runner-protocol.ts';
import type { StepRecord } from '../job.ts';
import type { JobPayload } from '../workflow/payload.ts';
import { fillTexts, scopeOf } from './job-state.ts';
import type { JobState, Variables } from './job-state.ts';
import { createLog } from './log.ts';
import { preparePaths } from './paths.ts';
import { runStep } from './step.ts';

export interface JobOptions {
  readonly runnerName: string;
  /** `_work`. */
  readonly workFolder: string;
  /** Of the machine, for the steps. */
  readonly env: Readonly<Variables>;
  readonly write: (text: string) => void;
  /** The job is to be canceled; its `always()` steps still run. */
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/** How long steps that want to run after a cancellation may take, all together. */
const LAST_WORDS_MS = 5 * 60_000;

export async function runJob(payload: JobPayload, options: JobOptions): Promise<JobReport> {
  const log = createLog(options.write);
  Object.values(payload.contexts.secrets).forEach((secret) => {
    if (typeof secret === 'string') log.mask(secret);
  });
  try {
    const state: JobState = {
      payload,
      log,
      paths: await preparePaths(options.workFolder, payload),
      runnerName: options.runnerName,
      machineEnv: options.env,
      env: {},
      addedPaths: [],
      steps: new Map(),
      status: 'success',
    };
    log.line(`Job ${payload.job.name} on runner ${options.runnerName}`);
    for (const level of payload.env)
      state.env = { ...state.env, ...fillTexts(level, scopeOf(state)) };
    const steps = await runSteps(state, options);
    return { result: RESULTS[state.status], outputs: outputsOf(state), steps };
  } catch (error) {
    log.line(`##[error]${error instanceof Error ? error.message : String(error)}`);
    return { result: 'failed' };
  }
}

const RESULTS = { success: 'succeeded', failure: 'failed', cancelled: 'canceled' } as const;

async function runSteps(state: JobState, options: JobOptions): Promise<StepRecord[]> {
  const stop = stopSignals(state, options.signal);
  const records: StepRecord[] = [];
  try {
    for (const [index, step] of state.payload.steps.entries()) {
      const signal = stop.current();
      const record = await runStep(step, state, { index, signal, now: options.now });
      const isEnded = record.conclusion === 'cancelled' && stop.because !== undefined;
      records.push(isEnded ? { reason: stop.because, ...record } : record);
    }
    return records;
  } finally {
    stop.clear();
  }
}

interface Stop {
  /** For the step that is about to start. */
  current(): AbortSignal;
  /** Why the job is to end before its time. */
  readonly because: string | undefined;
  clear(): void;
}

/** The step that runs when the job is cancelled is ended; those after it have a time of their own. */
function stopSignals(state: JobState, asked: AbortSignal): Stop {
  const [first, last] = [new AbortController(), new AbortController()];
  let lastTimer: NodeJS.Timeout | undefined;
  let because: string | undefined;
  const cancel = (message: string): void => {
    if (first.signal.aborted) return;
    state.log.line(`##[error]${message}`);
    because = message;
    state.status = 'cancelled';
    first.abort();
    lastTimer = setTimeout(() => {
      last.abort();
    }, LAST_WORDS_MS);
  };
  const onAsked = (): void => {
    cancel('The operation was canceled.');
  };
  const { timeoutMinutes } = state.payload;
  const timer = setTimeout(
    () => {
      cancel(`The job has exceeded the maximum execution time of ${timeoutMinutes} minutes.`);
    },
    Math.min(timeoutMinutes * 60_000, 2 ** 31 - 1),
  );
  asked.addEventListener('abort', onAsked);
  if (asked.aborted) onAsked();
  return {
    current: () => (first.signal.aborted ? last.signal : first.signal),
    get because() {
      return because;
    },
    clear: () => {
      asked.removeEventListener('abort', onAsked);
      clearTimeout(timer);
      clearTimeout(lastTimer);
    },
  };
}

function outputsOf(state: JobState): Record<string, string> {
  const outputs = fillTexts(state.payload.outputs, scopeOf(state));
  for (const [name, value] of Object.entries(outputs)) {
    if (!state.log.holdsSecret(value)) continue;
    state.log.line(`##[warning]Skip output '${name}' since it may contain secret.`);
    Reflect.deleteProperty(outputs, name);
  }
  return outputs;
}
