// The way to GitHub for all kinds: one client a set of credentials.
import { createActionsClient } from '@muster/actions';
import { contentHash } from '@muster/api';
import type { ActionsClient, ActionsClientOptions } from '@muster/actions';
import { sleep } from '@muster/kube';
import type { Clock, Log } from '@muster/kube';
import type { GitHubAccess } from './access.ts';
import type { CredentialsSource, FlatProxy, ResolvedAccess } from './credentials.ts';

export interface GitHub extends CredentialsSource {
  /** The client of these credentials as they are now. Throws a CredentialsError. */
  clientFor(access: GitHubAccess): Promise<ActionsClient>;
  /**
   * For taking things away: when the credentials are of no use any more, the last client that they
   * gave (design.md, decision 17). Throws a CredentialsError when there was none.
   */
  clientForRemoval(access: GitHubAccess): Promise<ActionsClient>;
  close(): Promise<void>;
}

export interface GitHubOptions {
  credentials: CredentialsSource;
  clock: Clock;
  log: Log;
  version: string;
  forceGhes: boolean;
  /** Instead of the network. */
  fetch?: ActionsClientOptions['fetch'];
}

// Calls in flight end well before.
const RETIRED_AFTER_MS = 600_000;

interface Known {
  digest: string;
  client: ActionsClient;
}

export function createGitHub(options: GitHubOptions): GitHub {
  const { credentials, clock, log } = options;
  const byAccess = new Map<string, Known>();
  const byDigest = new Map<string, ActionsClient>();
  const closeLater = new Map<string, () => void>();

  const retire = (digest: string): void => {
    if ([...byAccess.values()].some((known) => known.digest === digest)) return;
    const cancel = clock.setTimeout(() => {
      closeLater.delete(digest);
      const client = byDigest.get(digest);
      byDigest.delete(digest);
      client?.close().catch((error: unknown) => {
        log.warn('could not close a client of GitHub', { error });
      });
    }, RETIRED_AFTER_MS);
    closeLater.set(digest, cancel);
  };

  const clientFor = async (access: GitHubAccess): Promise<ActionsClient> => {
    const resolved = await credentials.resolve(access);
    const digest = contentHash(resolved);
    const key = keyOf(access);
    const before = byAccess.get(key);
    if (before?.digest === digest) return before.client;
    closeLater.get(digest)?.();
    closeLater.delete(digest);
    const client = byDigest.get(digest) ?? createActionsClient(clientOptions(resolved, options));
    byDigest.set(digest, client);
    byAccess.set(key, { digest, client });
    if (before) retire(before.digest);
    return client;
  };

  return {
    resolve: (access) => credentials.resolve(access),
    flatten: (namespace, proxy) => credentials.flatten(namespace, proxy),
    clientFor,
    async clientForRemoval(access) {
      try {
        return await clientFor(access);
      } catch (error) {
        const last = byAccess.get(keyOf(access));
        if (last) return last.client;
        throw error;
      }
    },
    async close() {
      for (const cancel of closeLater.values()) cancel();
      await Promise.all([...byDigest.values()].map((client) => client.close()));
    },
  };
}

const keyOf = ({ githubConfigUrl, githubConfigSecret, namespace, ...rest }: GitHubAccess): string =>
  contentHash({ githubConfigUrl, githubConfigSecret, namespace, ...rest });

const clientOptions = (
  { configUrl, credentials, rootCa, proxy }: ResolvedAccess,
  { version, forceGhes, fetch, clock }: GitHubOptions,
): ActionsClientOptions => ({
  configUrl,
  credentials,
  userAgent: { system: 'muster', version, subsystem: 'gha-scale-set-controller' },
  forceGhes,
  now: () => clock.now(),
  sleep: (ms, signal) => sleep(ms, { clock, signal }),
  ...(rootCa !== undefined && { rootCa }),
  ...(proxy && { proxy: proxyOptions(proxy) }),
  ...(fetch && { fetch }),
});

const proxyOptions = ({ http_proxy, https_proxy, no_proxy }: FlatProxy) => ({
  ...(http_proxy !== '' && { http: http_proxy }),
  ...(https_proxy !== '' && { https: https_proxy }),
  noProxy: no_proxy.split(',').filter((host) => host !== ''),
});
