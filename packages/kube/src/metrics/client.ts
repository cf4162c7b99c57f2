// Requests to the API server, under the names and in the buckets of client-go.
import { Counter, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

export interface ClientMetrics {
  /** `code` is the status, or `<error>` where there was no answer. */
  answered(method: string, code: string, tookMs: number): void;
  /** How long a call waited for its turn at our own rate. */
  waited(method: string, ms: number): void;
}

const SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

export function clientMetrics(registers: Registry[]): (host: string) => ClientMetrics {
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'HTTP requests, by status code, method and host.',
    labelNames: ['code', 'method', 'host'],
    registers,
  });
  const latency = { labelNames: ['verb', 'host'], buckets: SECONDS, registers } as const;
  const took = new Histogram({
    ...latency,
    name: 'rest_client_request_duration_seconds',
    help: 'How long requests took until they were answered, by verb and host.',
  });
  const waits = new Histogram({
    ...latency,
    name: 'rest_client_rate_limiter_duration_seconds',
    help: 'How long requests waited for our own rate limit, by verb and host.',
  });
  return (host) => ({
    answered(method, code, tookMs) {
      requests.inc({ code, method, host });
      took.observe({ verb: method, host }, tookMs / 1_000);
    },
    waited(method, ms) {
      waits.observe({ verb: method, host }, ms / 1_000);
    },
  });
}
