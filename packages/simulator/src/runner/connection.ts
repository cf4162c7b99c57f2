// The runner's side of ../runner-protocol.ts. It retries what may pass, and says what will not.
import { setTimeout as delay } from 'node:timers/promises';
import type { JobReport, RunnerIdentity, RunnerMessage } from '../runner-protocol.ts';

type ConnectionErrorCode = 'unregistered' | 'refused' | 'unreachable';

class ConnectionError extends Error {
  readonly code: ConnectionErrorCode;

  constructor(code: ConnectionErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ConnectionError';
    this.code = code;
  }
}

export interface Connection {
  online(signal: AbortSignal): Promise<void>;
  /** Held by the service; undefined when it had nothing to say. */
  next(signal: AbortSignal): Promise<RunnerMessage | undefined>;
  started(jobId: string): Promise<void>;
  log(jobId: string, text: string): Promise<void>;
  complete(jobId: string, report: JobReport): Promise<void>;
  /** Asks once: whoever leaves has no time to insist. */
  leave(): Promise<void>;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: string | object;
  readonly signal?: AbortSignal;
  /** Gives up after so long; without it never. */
  readonly patienceMs?: number;
}

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 10_000;
const REPORT_PATIENCE_MS = 10 * 60_000;
const LEAVE_MS = 2_000;

export function connect({ serverUrl, token }: RunnerIdentity): Connection {
  const send = (call: Call): Promise<Response> => request(serverUrl, token, call);
  const report = async (path: string, body?: string | object): Promise<void> => {
    await persist(send, {
      method: 'POST',
      path,
      patienceMs: REPORT_PATIENCE_MS,
      ...(body && { body }),
    });
  };
  return {
    online: async (signal) => {
      await persist(send, { method: 'POST', path: 'session', signal });
    },
    next: async (signal) => {
      const answer = await persist(send, { method: 'GET', path: 'message', signal });
      return answer.status === 200 ? ((await answer.json()) as RunnerMessage) : undefined;
    },
    started: (jobId) => report(`jobs/${jobId}/started`),
    log: (jobId, text) => report(`jobs/${jobId}/log`, text),
    complete: (jobId, result) => report(`jobs/${jobId}/complete`, result),
    leave: async () => {
      await send({ method: 'DELETE', path: 'session', signal: AbortSignal.timeout(LEAVE_MS) });
    },
  };
}

async function persist(send: (call: Call) => Promise<Response>, call: Call): Promise<Response> {
  const started = performance.now();
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await send(call);
    } catch (error) {
      const mayPass = error instanceof ConnectionError && error.code === 'unreachable';
      const spentMs = performance.now() - started;
      if (!mayPass || spentMs > (call.patienceMs ?? Infinity)) throw error;
    }
    const most = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
    await delay(most * (0.5 + Math.random() / 2), undefined, { signal: call.signal });
  }
}

async function request(serverUrl: string, token: string, call: Call): Promise<Response> {
  const { method, path, body, signal } = call;
  const isText = typeof body === 'string';
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { 'content-type': isText ? 'text/plain' : 'application/json' }),
  };
  let answer: Response;
  try {
    answer = await fetch(`${serverUrl}/_runner/${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    if (answer.ok) return answer;
    await answer.body?.cancel();
  } catch (error) {
    signal?.throwIfAborted();
    throw new ConnectionError('unreachable', `could not reach ${serverUrl}`, error);
  }
  throw refusal(answer.status, `${method} ${path}`);
}

function refusal(status: number, call: string): ConnectionError {
  if (status === 401)
    return new ConnectionError('unregistered', 'the service does not know this runner');
  const mayPass = status >= 500 || status === 429 || status === 408;
  return new ConnectionError(mayPass ? 'unreachable' : 'refused', `${call} answered ${status}`);
}
