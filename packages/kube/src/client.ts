import type { Connection } from './connection.ts';
import type { Clock, KubeClient } from './types.ts';

interface ClientTuning {
  clock?: Clock;
  userAgent?: string;
}

export type KubeClientOptions = (
  { connection: Connection } | { fetch: (request: Request) => Promise<Response> }
) &
  ClientTuning;

export function createKubeClient(options: KubeClientOptions): KubeClient {
  throw new Error(`not yet ${Object.keys(options).join()}`);
}
