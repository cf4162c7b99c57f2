// A network and a server that fail as they are told to, between a client and a cluster in process.
import type { Clock } from '../types.ts';

type Fetch = (request: Request) => Promise<Response>;

/** What becomes of one request. */
export type Fault =
  /** Done by the server, and the answer lost. */
  | 'lost'
  | 'refused'
  | 'unavailable'
  | 'throttled'
  | 'expired'
  | 'late'
  /** The answer ends in the middle of a line. */
  | 'torn';

export interface Faults {
  readonly fetch: Fetch;
  /** Happens to the next request, after those that are still to happen. */
  next(fault: Fault): void;
  /** Breaks every open stream. */
  cut(): void;
  /** Open streams say nothing more, as behind a firewall that forgot the connection. */
  mute(): void;
  /** All is well again for new requests. */
  clear(): void;
}

const LATE_MS = 3_000;
const RETRY_AFTER_SECONDS = 2;

const status = (code: number, headers: Record<string, string> = {}): Response =>
  Response.json(
    { kind: 'Status', code, reason: code === 410 ? 'Expired' : 'Fault', message: 'a fault' },
    { status: code, headers },
  );

interface Stream {
  cut(): void;
  mute(): void;
}

/** The body as it comes, until it is cut or muted. */
function tapped(
  body: ReadableStream<Uint8Array>,
  register: (stream: Stream) => () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let isMute = false;
  let forget = (): void => undefined;
  const leave = (): void => {
    forget();
    reader.cancel().catch(() => undefined);
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      forget = register({
        cut() {
          leave();
          controller.error(new Error('the connection was cut'));
        },
        mute() {
          isMute = true;
        },
      });
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (isMute) await new Promise(() => undefined);
      if (!done) {
        controller.enqueue(value);
        return;
      }
      forget();
      controller.close();
    },
    cancel: leave,
  });
}

const behaviours = (fetch: Fetch, clock: Clock): Record<Fault, Fetch> => ({
  lost: async (request) => {
    await fetch(request);
    throw new Error('the answer was lost');
  },
  refused: () => Promise.reject(new Error('the connection was refused')),
  unavailable: () => Promise.resolve(status(503)),
  throttled: () => Promise.resolve(status(429, { 'retry-after': String(RETRY_AFTER_SECONDS) })),
  expired: () => Promise.resolve(status(410)),
  late: async (request) => {
    await new Promise<void>((resolve) => {
      clock.setTimeout(resolve, LATE_MS);
    });
    return fetch(request);
  },
  torn: async (request) => {
    const response = await fetch(request);
    const text = new URL(request.url).searchParams.has('watch')
      ? '{"type":"ADDED","obj'
      : (await response.text()).slice(0, 20);
    return new Response(text, response);
  },
});

export function createFaults(fetch: Fetch, clock: Clock): Faults {
  const queued: Fault[] = [];
  const streams = new Set<Stream>();
  const tap = (response: Response): Response => {
    if (response.body === null) return response;
    const body = tapped(response.body, (stream) => {
      streams.add(stream);
      return () => streams.delete(stream);
    });
    return new Response(body, response);
  };
  const happen = behaviours(async (request) => tap(await fetch(request)), clock);
  return {
    fetch: async (request) => {
      const fault = queued.shift();
      return fault === undefined ? tap(await fetch(request)) : happen[fault](request);
    },
    next: (fault) => queued.push(fault),
    cut() {
      for (const stream of [...streams]) stream.cut();
    },
    mute() {
      for (const stream of streams) stream.mute();
    },
    clear() {
      queued.length = 0;
    },
  };
}
