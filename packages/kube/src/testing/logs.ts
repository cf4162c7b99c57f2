// Logs for tests: one that says nothing, one that remembers.
import type { Log } from '../types.ts';

const nothing = (): void => undefined;

export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export interface LogLine {
  level: keyof Log;
  message: string;
  fields: Record<string, unknown>;
}

export interface RecordedLog extends Log {
  readonly lines: LogLine[];
}

export function recordedLog(): RecordedLog {
  const lines: LogLine[] = [];
  const at =
    (level: keyof Log) =>
    (message: string, fields: Record<string, unknown> = {}): void => {
      lines.push({ level, message, fields });
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
