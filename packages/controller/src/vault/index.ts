// The vaults that runner sets name: one sign-in and one copy of a secret for all who use the same one.
import { contentHash } from '@muster/api';
import type { Proxy, VaultConfig } from '@muster/api';
import type { Clock } from '@muster/kube';
import type { FlatProxy } from '../credentials.ts';
import { CredentialsError } from '../credentials-error.ts';
import { createAzureKeyVault } from './azure-key-vault.ts';
import type { Vault } from './azure-key-vault.ts';
import { createHttp } from './http.ts';
import type { Http } from './http.ts';

export interface Vaults {
  /** `proxy` is the way to the vault itself. Throws a CredentialsError. */
  open(config: VaultConfig, proxy: FlatProxy | undefined): Vault;
  /** Secrets are read again when they are next needed. */
  expire(): void;
  close(): Promise<void>;
}

const KEPT_MS = 60_000;

interface Open {
  vault: Vault;
  http: Http;
  values: Map<string, { until: number; value: Promise<string> }>;
}

export function createVaults(clock: Clock): Vaults {
  const byConfig = new Map<string, Open>();
  const open = (config: VaultConfig, proxy: FlatProxy | undefined): Open => {
    const azure = azureOf(config);
    const key = contentHash({ azure, proxy });
    const known = byConfig.get(key);
    if (known) return known;
    const http = createHttp(proxy);
    const opened = { http, vault: createAzureKeyVault(azure, { http, clock }), values: new Map() };
    byConfig.set(key, opened);
    return opened;
  };
  const read = ({ vault, values }: Open, name: string): Promise<string> => {
    const kept = values.get(name);
    if (kept && clock.now() < kept.until) return kept.value;
    const value = vault.secret(name);
    values.set(name, { until: clock.now() + KEPT_MS, value });
    value.catch(() => values.delete(name));
    return value;
  };
  return {
    open(config, proxy) {
      const opened = open(config, proxy);
      return { secret: (name) => read(opened, name) };
    },
    expire() {
      for (const { values } of byConfig.values()) values.clear();
    },
    async close() {
      await Promise.all([...byConfig.values()].map(({ http }) => http.close()));
    },
  };
}

function azureOf({ type = '', azureKeyVault, proxy }: VaultConfig) {
  if (type !== 'azure_key_vault') {
    throw new CredentialsError('unsupported', `vault type "${type}" is not supported`);
  }
  if (azureKeyVault === undefined) {
    throw new CredentialsError('invalid', 'vaultConfig has no azureKeyVault');
  }
  if (proxy && isEmpty(proxy)) {
    throw new CredentialsError('invalid', 'vaultConfig has a proxy that says nothing');
  }
  return azureKeyVault;
}

const isEmpty = ({ http, https, noProxy = [] }: Proxy): boolean =>
  [http?.url, https?.url, ...noProxy].every((text = '') => text === '');
