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

/** One a set of credentials, kept for whoever uses it; replaced ones are closed later. */
class Clients {
  readonly #options: GitHubOptions;
  readonly #byAccess = new Map<string, { digest: string; client: ActionsClient }>();
  readonly #byDigest = new Map<string, ActionsClient>();
  readonly #closeLater = new Map<string, () => void>();

  constructor(options: GitHubOptions) {
    this.#options = options;
  }

  /** A client makes no call by itself, so that to keep one costs little. */
  keep(access: GitHubAccess, resolved: ResolvedAccess): ActionsClient {
    const digest = contentHash(resolved);
    const key = keyOf(access);
    const before = this.#byAccess.get(key);
    if (before?.digest === digest) return before.client;
    this.#closeLater.get(digest)?.();
    this.#closeLater.delete(digest);
    const known = this.#byDigest.get(digest);
    const client = known ?? createActionsClient(clientOptions(resolved, this.#options));
    this.#byDigest.set(digest, client);
    this.#byAccess.set(key, { digest, client });
    if (before) this.#retire(before.digest);
    return client;
  }

  last(access: GitHubAccess): ActionsClient | undefined {
    return this.#byAccess.get(keyOf(access))?.client;
  }

  async close(): Promise<void> {
    for (const cancel of this.#closeLater.values()) cancel();
    await Promise.all([...this.#byDigest.values()].map((client) => client.close()));
  }

  #retire(digest: string): void {
    if ([...this.#byAccess.values()].some((known) => known.digest === digest)) return;
    const { clock, log } = this.#options;
    const cancel = clock.setTimeout(() => {
      this.#closeLater.delete(digest);
      const client = this.#byDigest.get(digest);
      this.#byDigest.delete(digest);
      client?.close().catch((error: unknown) => {
        log.warn('could not close a client of GitHub', { error });
      });
    }, RETIRED_AFTER_MS);
    this.#closeLater.set(digest, cancel);
  }
}

export function createGitHub(options: GitHubOptions): GitHub {
  const { credentials, log } = options;
  const clients = new Clients(options);
  const clientFor = async (access: GitHubAccess): Promise<ActionsClient> =>
    clients.keep(access, await credentials.resolve(access));
  return {
    // A listener's look each minute is what keeps the last credentials of a set that has no jobs.
    async resolve(access) {
      const resolved = await credentials.resolve(access);
      try {
        clients.keep(access, resolved);
      } catch (error) {
        log.debug('no client can be made of these credentials', { error });
      }
      return resolved;
    },
    flatten: (namespace, proxy) => credentials.flatten(namespace, proxy),
    clientFor,
    async clientForRemoval(access) {
      try {
        return await clientFor(access);
      } catch (error) {
        const last = clients.last(access);
        if (last) return last;
        throw error;
      }
    },
    close: () => clients.close(),
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
