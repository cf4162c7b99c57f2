// A token bucket, as client-go has it: so many calls a second, and so many at once after a rest.
import { sleep } from './sleep.ts';
import type { Call, Transport } from './transport.ts';
import type { Clock } from './types.ts';

export interface Rate {
  /** Calls a second. */
  qps: number;
  /** Calls at once. */
  burst: number;
}

class Bucket {
  readonly #rate: Rate;
  readonly #clock: Clock;
  /** Below zero: so many callers wait. */
  #tokens: number;
  #countedAt: number;

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
    this.#tokens = rate.burst;
    this.#countedAt = clock.elapsed();
  }

  /** Resolves when it is the caller's turn, or at once when the signal aborts. */
  async take(signal: AbortSignal): Promise<void> {
    const { qps, burst } = this.#rate;
    const now = this.#clock.elapsed();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#countedAt) / 1_000) * qps);
    this.#countedAt = now;
    this.#tokens -= 1;
    if (this.#tokens >= 0) return;
    await sleep((-this.#tokens / qps) * 1_000, { clock: this.#clock, signal });
    // Whoever left the line makes it shorter for the others.
    if (signal.aborted) this.#tokens += 1;
  }
}

/** The same transport at that rate; `waited` hears how long each call had to. */
export function limited(
  transport: Transport,
  { qps, burst }: Rate,
  { clock, waited }: { clock: Clock; waited?: (method: Call['method'], ms: number) => void },
): Transport {
  const bucket = new Bucket({ qps, burst: Math.max(1, burst) }, clock);
  const turn = async ({ signal, method }: Call): Promise<void> => {
    const since = clock.elapsed();
    await bucket.take(signal);
    waited?.(method, clock.elapsed() - since);
    signal.throwIfAborted();
  };
  return {
    ...transport,
    send: async (call) => {
      await turn(call);
      return transport.send(call);
    },
    stream: async (call) => {
      await turn(call);
      return transport.stream(call);
    },
  };
}
