// The server's warnings (a deprecated version, an unknown field), each told once.
import type { Log } from './types.ts';

// A warning that names an object is a new one each time; they must not fill the memory.
const REMEMBERED = 1_000;

export function warnOnce(log: Log | undefined): (warning: string, what: string) => void {
  const told = new Set<string>();
  return (warning, what) => {
    if (log === undefined || told.has(warning)) return;
    if (told.size >= REMEMBERED) told.clear();
    told.add(warning);
    log.warn('the API server warns', { warning, call: what });
  };
}
