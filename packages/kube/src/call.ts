// One call of the API: its deadline, its retries, its answer or a KubeError.
import { deadline } from './deadline.ts';
import { KubeError } from './errors.ts';
import { formatJson, parseJson } from './json.ts';
import { sleep } from './sleep.ts';
import { readRetryAfter, readStatus, readWarnings, refusalError } from './status.ts';
import type { Deadline } from './deadline.ts';
import type { Refusal } from './status.ts';
import type { Answer, Call, Transport } from './transport.ts';
import type { Clock } from './types.ts';

export interface Wish {
  /** Reads on from "could not": `get pods default/a`. */
  what: string;
  method: Call['method'];
  path: string;
  body?: unknown;
  contentType?: string;
  accept?: string | undefined;
  /** Nothing changes by it, though it is no GET. */
  harmless?: boolean;
  signal?: AbortSignal | undefined;
  onWarning?: ((warning: string) => void) | undefined;
  /** What this refusal is instead of an error; undefined when it is an error. */
  unless?: (refusal: Refusal) => boolean;
}

export interface Caller {
  transport: Transport;
  clock: Clock;
  /** For the whole call, its retries included. */
  deadlineMs: number;
  /** Of a list. */
  pageSize: number;
  /** Of the server, where the call has nobody of its own to tell. */
  onWarning: (warning: string, what: string) => void;
  /** Asked right before a write is sent. */
  mayWrite?: () => boolean;
}

const MAX_READ_ATTEMPTS = 3;
const MAX_THROTTLED_ATTEMPTS = 10;
const BASE_PAUSE_MS = 200;

/** How long to wait before the same call again; undefined when it has failed for good. */
function pauseBeforeRetry(error: KubeError, wish: Wish, attempt: number): number | undefined {
  const pauseMs = BASE_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
  // The server did nothing with it, so any verb may be sent again.
  if (error.code === 'too-many-requests' && attempt < MAX_THROTTLED_ATTEMPTS) {
    return error.retryAfterMs ?? pauseMs;
  }
  // A rotated token: the credentials are read anew, once.
  if (error.code === 'unauthorized' && attempt === 1) return 0;
  const again = isPassing(error) && wish.method === 'GET' && attempt < MAX_READ_ATTEMPTS;
  return again ? (error.retryAfterMs ?? pauseMs) : undefined;
}

const isPassing = ({ code }: KubeError): boolean =>
  code === 'unavailable' || code === 'unreachable';

/** Reads an answer that is no success. */
export async function readRefusal(answer: Answer, now: number): Promise<Refusal> {
  return {
    status: answer.status,
    body: readStatus(await answer.text()),
    retryAfterMs: readRetryAfter(answer.header('retry-after'), now),
  };
}

type Outcome =
  { is: 'answered'; body: unknown } | { is: 'excused' } | { is: 'failed'; error: KubeError };

function fence({ what, method, harmless = false }: Wish, caller: Caller): KubeError | undefined {
  if (method === 'GET' || harmless || (caller.mayWrite?.() ?? true)) return undefined;
  return new KubeError('not-leading', `did not ${what}: the lease may have passed to another`);
}

const callOf = ({ method, path, body, contentType, accept }: Wish, signal: AbortSignal): Call => ({
  method,
  path,
  signal,
  ...(body === undefined ? {} : { body: formatJson(body) }),
  ...(contentType === undefined ? {} : { contentType }),
  ...(accept === undefined ? {} : { accept }),
});

function tellWarnings(answer: Answer, { what, onWarning }: Wish, caller: Caller): void {
  for (const warning of readWarnings(answer.header('warning'))) {
    if (onWarning === undefined) caller.onWarning(warning, what);
    else onWarning(warning);
  }
}

async function attemptOnce(wish: Wish, caller: Caller, limit: Deadline): Promise<Outcome> {
  const { what, unless } = wish;
  const refused = fence(wish, caller);
  if (refused !== undefined) return { is: 'failed', error: refused };
  try {
    const answer = await caller.transport.send(callOf(wish, limit.signal));
    tellWarnings(answer, wish, caller);
    if (answer.status >= 200 && answer.status < 300) {
      return { is: 'answered', body: readAnswer(what, await answer.text()) };
    }
    const refusal = await readRefusal(answer, caller.clock.now());
    if (unless?.(refusal) === true) return { is: 'excused' };
    return { is: 'failed', error: refusalError(what, refusal) };
  } catch (error) {
    return { is: 'failed', error: limit.explain(what, error) };
  }
}

function readAnswer(what: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new KubeError('unavailable', `could not ${what}: the answer is no JSON`, { cause });
  }
}

/** The answer's body, or undefined where `wish.unless` said so. Throws a KubeError. */
export async function call(wish: Wish, caller: Caller): Promise<unknown> {
  const { clock, deadlineMs } = caller;
  const untilMs = clock.elapsed() + deadlineMs;
  const limit = deadline({ clock, ms: deadlineMs, signal: wish.signal });
  try {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await attemptOnce(wish, caller, limit);
      if (outcome.is !== 'failed') return outcome.is === 'answered' ? outcome.body : undefined;
      const { error } = outcome;
      const pauseMs = pauseBeforeRetry(error, wish, attempt);
      if (pauseMs === undefined || clock.elapsed() + pauseMs >= untilMs) throw error;
      if (error.code === 'unauthorized') caller.transport.renew();
      await sleep(pauseMs, { clock, signal: limit.signal });
    }
  } finally {
    limit.release();
  }
}
