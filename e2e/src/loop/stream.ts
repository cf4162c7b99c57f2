// Watches whose events come later, or that break off.
import { sleep } from '@muster/kube';
import type { Clock } from '@muster/kube';

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** Each piece of the body comes once it may; within one answer their order stays. */
export function piecewise(response: Response, mayPass: () => Promise<void>): Response {
  const reader = response.body?.getReader() as Reader | undefined;
  if (!reader) return response;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        await mayPass();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return withBody(response, body);
}

/** The connection breaks after so many pieces. */
export function cutAfter(response: Response, pieces: number): Response {
  let left = pieces;
  return piecewise(response, () => {
    left -= 1;
    return left < 0 ? Promise.reject(new TypeError('terminated')) : Promise.resolve();
  });
}

export interface Lag {
  clock: Clock;
  ms: number;
  signal: AbortSignal;
}

/** What is told now is heard so much later, and the next piece is read meanwhile. */
export function behind(response: Response, { clock, ms, signal }: Lag): Response {
  const reader = response.body?.getReader() as Reader | undefined;
  if (!reader) return response;
  const pump = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    let heard = Promise.resolve();
    for (;;) {
      const { done, value } = await reader.read();
      const due = clock.now() + ms;
      heard = heard.then(async () => {
        const leftMs = due - clock.now();
        if (leftMs > 0) await sleep(leftMs, { clock, signal });
        if (signal.aborted) return;
        if (done) controller.close();
        else controller.enqueue(value);
      });
      if (done) return heard;
    }
  };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      void pump(controller).catch(() => undefined);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return withBody(response, body);
}

const withBody = ({ status, headers }: Response, body: ReadableStream<Uint8Array>): Response =>
  new Response(body, { status, headers });
