// What the service and the runner program say to each other: our own protocol, as GitHub's is out of reach.
// Only the outer form of a JIT config is GitHub's: base64 of a JSON object of files with base64 contents.
// No dependencies: the runner imports this before it is online.
//
// All calls: `Authorization: Bearer <token>`. 401: the service no longer knows this runner, so it should exit.
//
//   POST   /_runner/session                 204, the runner is online
//   GET    /_runner/message                 held up to 50 s: 200 RunnerMessage | 202 nothing yet
//   POST   /_runner/jobs/{id}/started       204
//   POST   /_runner/jobs/{id}/log           text/plain, appended; 204
//   POST   /_runner/jobs/{id}/complete      JobReport; 204, the runner is deregistered
//   DELETE /_runner/session                 204, offline; a job offered but not started goes to another runner
//
// A job is offered again by the next poll until it is reported as started. While it runs the runner keeps
// polling: that is its heartbeat, and how it hears of a cancellation. A runner with a job that is not heard of for
// 60 s (any call counts) has lost communication, and its job fails.
import type { JobResult, StepRecord } from './job.ts';

export type RunnerMessage =
  | { jobId: string; payload: unknown }
  /** End the job, and report it as canceled. */
  | { jobId: string; cancel: true };

export interface JobReport {
  result: JobResult;
  outputs?: Record<string, string>;
  steps?: StepRecord[];
}

/** What a JIT config holds. */
export interface RunnerIdentity {
  agentId: number;
  agentName: string;
  /** Without a final slash. */
  serverUrl: string;
  /** The config URL's owner or repository, for people. */
  gitHubUrl: string;
  workFolder: string;
  token: string;
}

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');

export function encodeJitConfig(identity: RunnerIdentity): string {
  const { token, ...settings } = identity;
  return base64({
    '.runner': base64({ ...settings, poolId: 0, ephemeral: true }),
    '.credentials': base64({ scheme: 'Bearer', data: { token } }),
  });
}

/** Undefined when it is not a JIT config of this service. */
export function decodeJitConfig(encoded: string): RunnerIdentity | undefined {
  const files = fromBase64(encoded);
  const settings = fromBase64(files?.['.runner']);
  const data = fromBase64(files?.['.credentials'])?.['data'];
  if (!settings || !isObject(data)) return undefined;
  const { agentId, agentName, serverUrl, gitHubUrl, workFolder } = settings;
  const token = data['token'];
  if (!Number.isSafeInteger(agentId)) return undefined;
  const texts = [agentName, serverUrl, gitHubUrl, workFolder, token];
  if (!texts.every((text) => typeof text === 'string')) return undefined;
  return { agentId, agentName, serverUrl, gitHubUrl, workFolder, token } as RunnerIdentity;
}

function fromBase64(text: unknown): Record<string, unknown> | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
