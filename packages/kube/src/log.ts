import type { Log } from './types.ts';

export interface LogOptions {
  level: 'debug' | 'info' | 'warn' | 'error';
  format: 'text' | 'json';
  /** stderr when absent. */
  stream?: NodeJS.WritableStream;
}

export function createLog(options: LogOptions): Log {
  throw new Error(`not yet ${options.format}`);
}
