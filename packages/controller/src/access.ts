// How an object of ours reaches GitHub.
import type { GitHubServerTls, Proxy, VaultConfig } from '@muster/api';

export interface GitHubAccess {
  /** Where the Secrets and the ConfigMap are. */
  namespace: string;
  githubConfigUrl: string;
  githubConfigSecret: string;
  githubServerTLS?: GitHubServerTls;
  proxy?: Proxy;
  vaultConfig?: VaultConfig;
}

/** The fields of a spec that say so; `namespace` is the runner set's, whoever asks. */
export const accessOf = (
  namespace: string,
  spec: { [Field in Exclude<keyof GitHubAccess, 'namespace'>]?: GitHubAccess[Field] | undefined },
): GitHubAccess => ({
  namespace,
  githubConfigUrl: spec.githubConfigUrl ?? '',
  githubConfigSecret: spec.githubConfigSecret ?? '',
  ...(spec.githubServerTLS && { githubServerTLS: spec.githubServerTLS }),
  ...(spec.proxy && { proxy: spec.proxy }),
  ...(spec.vaultConfig && { vaultConfig: spec.vaultConfig }),
});
