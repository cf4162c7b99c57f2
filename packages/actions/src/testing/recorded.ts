// JSON as the service sends it, recorded outside of this project: fixtures/NAME.json, each with where it is from.
import { readFileSync } from 'node:fs';

export interface Recorded {
  /** The section of reference/protocol.md. */
  section: string;
  status?: number;
  headers?: Record<string, string>;
  body: unknown;
}

export function recorded(name: string): Recorded {
  const file = new URL(`../../fixtures/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Recorded;
}
