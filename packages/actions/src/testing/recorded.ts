// Exchanges as GitHub makes them, recorded outside of this project: fixtures/NAME.json, each with where it is from. Lent
// to the simulator, so that the two are not merely held to each other.
import { readFileSync } from 'node:fs';

export interface Recorded {
  /** The section of reference/protocol.md. */
  section: string;
  request?: RecordedRequest;
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** What GitHub's own client sends, Go's zero values included. */
export interface RecordedRequest {
  method: 'DELETE' | 'GET' | 'PATCH' | 'POST';
  /** Below the API's address, or the connection's; with `{scaleSet}`, `{session}` and `{runner}` for ids. */
  path: string;
  headers: Record<string, string>;
  body?: unknown;
}

export function recorded(name: string): Recorded {
  const file = new URL(`../../fixtures/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Recorded;
}
