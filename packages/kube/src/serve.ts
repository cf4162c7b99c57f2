import type { Log } from './types.ts';

export interface Page {
  /** 200 when absent. */
  status?: number;
  /** text/plain when absent. */
  type?: string;
  body: string;
}

export interface ServeOptions {
  address: { host?: string; port: number };
  /** By path. */
  routes: Record<string, () => Promise<Page>>;
  signal: AbortSignal;
  log: Log;
}

/** Resolves once it listens. */
export function serve(options: ServeOptions): Promise<{ port: number; closed: Promise<void> }> {
  throw new Error(`not yet ${options.address.port}`);
}
