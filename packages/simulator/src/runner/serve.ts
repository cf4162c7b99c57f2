// The life of a runner: online, one job, a report, gone.
import type { JobPayload } from '../workflow/payload.ts';
import type { JobReport, RunnerMessage } from '../runner-protocol.ts';
import type { RunnerConfig } from './config.ts';
import { connect } from './connection.ts';
import type { Connection } from './connection.ts';
import { createLogSender } from './log.ts';

export interface ServeOptions {
  readonly config: RunnerConfig;
  /** Somebody wants this program to end. */
  readonly stop: AbortSignal;
  readonly say: (text: string) => void;
  readonly now: () => number;
}

/** Gives the exit code. */
export async function serve(options: ServeOptions): Promise<number> {
  const { config, stop, say } = options;
  const connection = connect(config.identity);
  try {
    await connection.online(stop);
    say(`runner ${config.identity.agentName} is online`);
    const offer = await waitForJob(connection, stop);
    await runOffered(offer, connection, options);
    return 0;
  } catch (error) {
    if (!stop.aborted) throw error;
    // Nothing runs any more; if the service is away it will notice by itself.
    await connection.leave().catch(() => undefined);
    return 0;
  }
}

type Offer = Extract<RunnerMessage, { payload: unknown }>;

async function waitForJob(connection: Connection, stop: AbortSignal): Promise<Offer> {
  for (;;) {
    const message = await connection.next(stop);
    if (message !== undefined && 'payload' in message) return message;
  }
}

async function runOffered(
  { jobId, payload }: Offer,
  connection: Connection,
  options: ServeOptions,
): Promise<void> {
  const { config, stop, now, say } = options;
  await connection.started(jobId);
  say(`job ${jobId} has started`);
  await misbehave(options, connection);
  const log = createLogSender((text) => connection.log(jobId, text));
  const watch = new AbortController();
  const cancelled = listen(jobId, connection, watch.signal);
  const signal = AbortSignal.any([stop, cancelled]);
  const report = await work(payload, { config, write: log.write, signal, now });
  await log.flush();
  watch.abort();
  await connection.complete(jobId, report);
  say(`job ${jobId} ${report.result}`);
}

interface Work extends Pick<ServeOptions, 'config' | 'now'> {
  readonly write: (text: string) => void;
  readonly signal: AbortSignal;
}

async function work(payload: unknown, { config, ...options }: Work): Promise<JobReport> {
  // A job that no workflow has queued has nothing to do, and is done.
  if (!isJobPayload(payload)) return { result: 'succeeded' };
  // Only a job needs them: the expressions alone take a good part of the time to start.
  const { runJob } = await import('./job.ts');
  const { agentName: runnerName, workFolder } = config.identity;
  return runJob(payload, { ...options, runnerName, workFolder, env: config.stepEnv });
}

const isJobPayload = (payload: unknown): payload is JobPayload =>
  typeof payload === 'object' && payload !== null && 'steps' in payload;

/** Polls while the job runs, which is also the sign of life. Aborted when the service cancels the job. */
function listen(jobId: string, connection: Connection, until: AbortSignal): AbortSignal {
  const cancelled = new AbortController();
  const poll = async (): Promise<void> => {
    while (!until.aborted) {
      const message = await connection.next(until);
      if (message?.jobId === jobId && 'cancel' in message) {
        cancelled.abort();
        await beat(connection, until);
      }
    }
  };
  // A job that the service has forgotten has nobody to report to: no reason to go on with it.
  poll().catch(() => {
    cancelled.abort();
  });
  return cancelled.signal;
}

// The service may repeat itself at once, so after a cancellation the sign of life is a poll now and then.
async function beat(connection: Connection, until: AbortSignal): Promise<void> {
  const { setTimeout: delay } = await import('node:timers/promises');
  while (!until.aborted) {
    await connection.next(until);
    await delay(5_000, undefined, { signal: until });
  }
}

async function misbehave({ config, say }: ServeOptions, connection: Connection): Promise<void> {
  const { fault } = config;
  if (fault !== undefined) say(`it is told to ${fault}`);
  switch (fault) {
    case 'crash':
      process.kill(process.pid, 'SIGKILL');
      break;
    case 'vanish':
      await new Promise(() => undefined);
      break;
    case 'hang':
      // Alive for the service, deaf to whatever it says.
      for (;;) await connection.next(new AbortController().signal);
    case 'never-online':
    case 'exit7':
    case undefined:
  }
}
