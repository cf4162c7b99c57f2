import type { ConnectionOptions } from 'node:tls';

/** What the TLS layer needs to know of the server and of us. */
export type ConnectionTls = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'
>;

/** Where the API server is, and how to prove who we are. */
export interface Connection {
  /** Without a slash at its end. */
  readonly server: string;
  /** The namespace of the context, or of the pod. */
  readonly namespace: string;
  readonly tls: ConnectionTls;
  /** An HTTP proxy on the way to the server. */
  readonly proxyUrl?: string;
  /** The headers that carry the credentials, as they are now. */
  headers(): Promise<Record<string, string>>;
  /** Forgets what was remembered of the credentials, since the server refused them. */
  renew(): void;
}

export interface ConnectionSources {
  env: Record<string, string | undefined>;
  readFile?: (path: string) => Promise<string>;
  /** A context of the kubeconfig other than its current one. */
  context?: string;
}

export function loadConnection(sources: ConnectionSources): Promise<Connection> {
  throw new Error(`not yet ${Object.keys(sources).join()}`);
}
