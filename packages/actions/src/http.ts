// The only way out: one call with its attempts, each within its time. What an answer means is for others to say.
import { abortable, abortedError, linked, pause } from './abort.ts';
import { ActionsError } from './errors.ts';
import type { ActionsClientOptions } from './options.ts';
import { plainCause, redactor, shownUrl } from './redact.ts';
import type { Redact } from './redact.ts';
import { DEFAULT_RETRY, parseRetryAfter, waitBeforeRetry } from './retry.ts';
import type { RetryPolicy } from './retry.ts';
import type { Transport, WireAnswer, WireRequest } from './transport.ts';

export interface Call extends WireRequest {
  /** For messages: "could not …". */
  what: string;
  signal: AbortSignal | undefined;
  timeoutMs?: number;
  /** Statuses that are passing for this call although they are not for others. */
  retryAlso?: readonly number[];
}

/** The last answer, whatever its status. */
export interface Answer {
  call: Call;
  status: number;
  text: string;
  activityId: string | undefined;
  requestId: string | undefined;
  retryAfterMs: number | undefined;
  /** How far the far side's clock is ahead of ours; 0 when it does not say. */
  aheadMs: number;
  /** What this exchange must not show. */
  redact: Redact;
}

export interface Http {
  readonly pollMs: number;
  readonly now: () => number;
  /** Throws `unreachable` and `aborted`, nothing else. */
  send(call: Call): Promise<Answer>;
  close(): Promise<void>;
}

const CALL_MS = 60_000;
const POLL_MS = 120_000;

export function createHttp(
  options: ActionsClientOptions,
  transport: Transport,
  secrets: readonly string[],
): Http {
  const closing = new AbortController();
  const exchanges = new Exchanges(options, transport, closing.signal);
  const redactFor = (call: Call): Redact => redactor([...secrets, ...secretsOf(call)]);
  return {
    pollMs: options.timeouts?.pollMs ?? POLL_MS,
    now: exchanges.now,
    send: (call) => exchanges.send(call, redactFor(call)),
    close: async () => {
      closing.abort(new Error('the client was closed'));
      await transport.close();
    },
  };
}

const secretsOf = ({ headers }: Call): string[] =>
  (headers['authorization'] ?? '').split(' ').slice(1);

type Tried = { is: 'answer'; answer: Answer } | { is: 'failure'; error: unknown };

class Exchanges {
  readonly now: () => number;
  readonly #transport: Transport;
  readonly #closing: AbortSignal;
  readonly #policy: RetryPolicy;
  readonly #callMs: number;
  readonly #sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly #random: () => number;

  constructor(options: ActionsClientOptions, transport: Transport, closing: AbortSignal) {
    this.now = options.now ?? Date.now;
    this.#transport = transport;
    this.#closing = closing;
    this.#policy = { ...DEFAULT_RETRY, ...options.retry };
    this.#callMs = options.timeouts?.callMs ?? CALL_MS;
    this.#sleep = options.sleep ?? pause;
    this.#random = options.random ?? Math.random;
  }

  async send(call: Call, redact: Redact): Promise<Answer> {
    const link = linked([call.signal, this.#closing]);
    try {
      for (let number = 0; ; number += 1) {
        if (link.signal.aborted) throw abortedError(link.signal);
        const tried = await this.#try(call, redact, link.signal);
        const waitMs = this.#waitAfter(tried, number, call);
        if (waitMs !== undefined) await abortable(this.#sleep(waitMs, link.signal), link.signal);
        else if (tried.is === 'answer') return tried.answer;
        else throw unreachable(call, redact, { error: tried.error, attempts: number + 1 });
      }
    } finally {
      link.release();
    }
  }

  #waitAfter(tried: Tried, number: number, { retryAlso }: Call): number | undefined {
    const outcome = tried.is === 'answer' ? { is: tried.is, ...factsOf(tried.answer) } : tried;
    const attempt = { outcome, number, random: this.#random(), ...(retryAlso && { retryAlso }) };
    return waitBeforeRetry(attempt, this.#policy);
  }

  async #try(call: Call, redact: Redact, signal: AbortSignal): Promise<Tried> {
    const limited = linked([signal]);
    const timeoutMs = call.timeoutMs ?? this.#callMs;
    const timer = setTimeout(() => {
      limited.abort(new Error(`no answer within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    try {
      const sent = this.#transport.send(wireRequest(call), limited.signal);
      const got = await abortable(sent, limited.signal);
      return { is: 'answer', answer: this.#answer(call, redact, got) };
    } catch (error) {
      if (signal.aborted) throw abortedError(signal);
      return { is: 'failure', error: limited.signal.aborted ? limited.signal.reason : error };
    } finally {
      clearTimeout(timer);
      limited.release();
    }
  }

  #ahead({ header }: WireAnswer): number {
    const date = Date.parse(header('date') ?? '');
    return Number.isNaN(date) ? 0 : date - this.now();
  }

  #answer(call: Call, redact: Redact, got: WireAnswer): Answer {
    return {
      call,
      status: got.status,
      text: got.text.replace(/^\uFEFF/, ''),
      activityId: got.header('activityid'),
      requestId: got.header('x-github-request-id'),
      retryAfterMs: this.#retryAfter(got),
      aheadMs: this.#ahead(got),
      redact,
    };
  }

  // GitHub's REST API says "no more for now" with a 403 too, and then names the second when its budget is full again.
  #retryAfter(got: WireAnswer): number | undefined {
    const { status, header } = got;
    // Its dates are by its own clock.
    const now = this.now() + this.#ahead(got);
    const asked = parseRetryAfter(header('retry-after'), now);
    if (asked !== undefined || (status !== 403 && status !== 429)) return asked;
    const reset = Number(header('x-ratelimit-reset'));
    if (header('x-ratelimit-remaining') !== '0' || !(reset > 0)) return undefined;
    return Math.max(0, reset * 1000 - now);
  }
}

const factsOf = ({ status, retryAfterMs }: Answer): Pick<Answer, 'status' | 'retryAfterMs'> => ({
  status,
  retryAfterMs,
});

const wireRequest = ({ method, url, headers, body }: Call): WireRequest => ({
  method,
  url,
  headers,
  ...(body !== undefined && { body }),
});

function unreachable(
  { what, method, url }: Call,
  redact: Redact,
  { error, attempts }: { error: unknown; attempts: number },
): ActionsError {
  const cause = plainCause(error, redact);
  const why = cause === undefined ? 'unknown failure' : deepestMessage(cause);
  const tries = attempts === 1 ? '' : `, ${attempts} attempts`;
  const message = `could not ${what}: ${why} (${method} ${shownUrl(url)}${tries})`;
  return new ActionsError('unreachable', redact(message), { cause });
}

// The outer ones say no more than "fetch failed".
function deepestMessage(error: Error): string {
  return error.cause instanceof Error ? deepestMessage(error.cause) : error.message || error.name;
}
