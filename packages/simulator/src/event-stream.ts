// Events as JSON lines, for as long as somebody reads.
import type { Answer, Incoming } from './http/exchange.ts';
import type { EventLog, SimulatorEvent } from './world/events.ts';

/** Those after `?since=`, then all that come. Without `since` only those that come. */
export function eventStream(events: EventLog, request: Incoming): Answer {
  const since = request.url.searchParams.get('since');
  const encoder = new TextEncoder();
  let stop = (): void => undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (event: SimulatorEvent): void => {
        controller.enqueue(encoder.encode(`${JSON.stringify(event)}\n`));
      };
      const unsubscribe = events.subscribe(send);
      const end = (): void => {
        stop();
        controller.close();
      };
      stop = () => {
        unsubscribe();
        request.signal.removeEventListener('abort', end);
      };
      request.signal.addEventListener('abort', end);
      if (since !== null) for (const event of events.since(Number(since) || 0)) send(event);
    },
    cancel: () => {
      stop();
    },
  });
  return { status: 200, headers: { 'content-type': 'application/x-ndjson' }, body };
}
