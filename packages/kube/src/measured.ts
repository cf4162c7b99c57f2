// Counts and times each request, under the names that client-go gave these metrics.
import type { ClientMetrics } from './metrics/client.ts';
import type { Answer, Call, Transport } from './transport.ts';
import type { Clock } from './types.ts';

/** The same transport, observed. A retry is a request of its own; a watch counts when it begins. */
export function measured(transport: Transport, metrics: ClientMetrics, clock: Clock): Transport {
  const observe = async (call: Call, send: (call: Call) => Promise<Answer>): Promise<Answer> => {
    const since = clock.elapsed();
    let code = '<error>';
    try {
      const answer = await send(call);
      code = String(answer.status);
      return answer;
    } finally {
      metrics.answered(call.method, code, clock.elapsed() - since);
    }
  };
  return {
    ...transport,
    send: (call) => observe(call, (sent) => transport.send(sent)),
    stream: (call) => observe(call, (sent) => transport.stream(sent)),
  };
}
