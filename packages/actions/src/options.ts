import type { GitHubCredentials } from './types.ts';

/** What a User-Agent says of the program; `subsystem` as ARC has it (`ghalistener`, `gha-scale-set-controller`). */
export interface SystemInfo {
  /** The product; `muster` unless told. */
  system?: string;
  version: string;
  commitSha?: string;
  subsystem: string;
  scaleSetId?: number;
}

export interface RetryOptions {
  /** Attempts after the first; 4 unless told. */
  max?: number;
  minWaitMs?: number;
  /** A longer wait asked for by Retry-After is not waited for: the caller hears of it at once. */
  maxWaitMs?: number;
}

/** Proxies by the scheme of the target; loopback is never proxied. */
export interface ProxyOptions {
  http?: string;
  https?: string;
  /** Hosts, `.suffixes`, addresses, CIDR blocks, each with an optional port; `*` is everything. */
  noProxy?: string[];
}

export interface ActionsClientOptions {
  configUrl: string;
  credentials: GitHubCredentials;
  userAgent: SystemInfo;
  /** PEM, in addition to the system's roots; an intermediate certificate is enough. */
  rootCa?: string;
  proxy?: ProxyOptions;
  /** As GITHUB_ACTIONS_FORCE_GHES: ghe.com is reached as a GitHub Enterprise Server. */
  forceGhes?: boolean;
  /** Instead of the network; `rootCa` and `proxy` are then not used. */
  fetch?: (request: Request) => Promise<Response>;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Waits between attempts; rejects when the signal fires. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 up to 1; spreads the waits. */
  random?: () => number;
  retry?: RetryOptions;
  /** Of one attempt, its answer's body included. A poll is held by the service for some 50 s. */
  timeouts?: { callMs?: number; pollMs?: number };
}
