// Scripted failures: which requests meet what, and how often.
import type { Call } from './call.ts';
import type { Verb } from './path.ts';
import { ApiError } from './status.ts';

/** What a request meets in the place of its answer, or before it. */
export type Trouble =
  /** An answer with that code and its usual reason: 409, 410, 429, 500, 503. */
  | { code: number; message?: string; retryAfterSeconds?: number }
  /** The answer comes so much later. */
  | { delayMs: number }
  /** The request is carried out, and its answer is lost. */
  | { lose: 'answer' }
  /** The request never arrives. */
  | { lose: 'request' };

export interface Fault {
  /** Of which requests; each that is absent is any. */
  verbs?: readonly Verb[];
  /** The plural name. */
  resource?: string;
  namespace?: string;
  name?: string;
  /** How many requests meet it, one unless told. */
  times?: number;
  meets: Trouble;
}

const REASONS: Record<number, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** What a caller sees of a connection that broke, as `fetch` tells it. */
export class BrokenConnection extends TypeError {
  constructor() {
    super('fetch failed', { cause: new Error('other side closed') });
  }
}

export class Faults {
  readonly #faults = new Set<{ fault: Fault; left: number }>();
  readonly #sleep: (ms: number) => Promise<void>;

  constructor(sleep: (ms: number) => Promise<void>) {
    this.#sleep = sleep;
  }

  /** Faults are met in the order in which they came, one a request. Gives what takes it away. */
  add(fault: Fault): () => void {
    const entry = { fault, left: fault.times ?? 1 };
    this.#faults.add(entry);
    return () => {
      this.#faults.delete(entry);
    };
  }

  /** Answers the call, or has it meet its fault. */
  async meet(call: Call, answer: () => Promise<Response>): Promise<Response> {
    const trouble = this.#take(call);
    if (trouble === undefined) return answer();
    if ('code' in trouble) throw refusal(trouble);
    if ('delayMs' in trouble) await this.#sleep(trouble.delayMs);
    else if (trouble.lose === 'request') throw new BrokenConnection();
    const response = await answer();
    if ('lose' in trouble) throw new BrokenConnection();
    return response;
  }

  #take(call: Call): Trouble | undefined {
    for (const entry of this.#faults) {
      if (!concerns(entry.fault, call)) continue;
      entry.left -= 1;
      if (entry.left <= 0) this.#faults.delete(entry);
      return entry.fault.meets;
    }
    return undefined;
  }
}

function concerns({ verbs, ...wanted }: Fault, { verb, path }: Call): boolean {
  if (verbs !== undefined && !verbs.includes(verb)) return false;
  const has = { resource: path.plural, namespace: path.namespace, name: path.name };
  return (['resource', 'namespace', 'name'] as const).every(
    (key) => wanted[key] === undefined || wanted[key] === has[key],
  );
}

const refusal = ({
  code,
  message,
  retryAfterSeconds,
}: Extract<Trouble, { code: number }>): ApiError =>
  new ApiError(
    { code, reason: REASONS[code] ?? 'Unknown' },
    message ?? `scripted: ${code}`,
    retryAfterSeconds === undefined ? {} : { retryAfterSeconds, details: { retryAfterSeconds } },
  );
