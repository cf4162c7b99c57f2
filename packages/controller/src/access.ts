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

type Fields = Omit<GitHubAccess, 'namespace'>;

/** The fields of a spec that say how; absent ones stay absent. */
export const githubFields = (spec: {
  [Field in keyof Fields]?: Fields[Field] | undefined;
}): Fields => ({
  githubConfigUrl: spec.githubConfigUrl ?? '',
  githubConfigSecret: spec.githubConfigSecret ?? '',
  ...(spec.githubServerTLS && { githubServerTLS: spec.githubServerTLS }),
  ...(spec.proxy && { proxy: spec.proxy }),
  ...(spec.vaultConfig && { vaultConfig: spec.vaultConfig }),
});

/** `namespace` is the runner set's, whoever asks. */
export const accessOf = (
  namespace: string,
  spec: Parameters<typeof githubFields>[0],
): GitHubAccess => ({ namespace, ...githubFields(spec) });
