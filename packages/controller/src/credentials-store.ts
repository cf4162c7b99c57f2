// The two places that keep credentials: Kubernetes Secrets, and a vault whose secrets are JSON of the same keys
// (reference/controllers.md 8). Both say the same of what they hold, in texts.
import { CREDENTIAL_KEYS } from '@muster/api';
import type { Secret } from '@muster/kube';
import { z } from 'zod';
import { CredentialsError } from './credentials-error.ts';
import type { Vault } from './vault/azure-key-vault.ts';

/** Empty where nothing is said. */
export interface Said {
  /** For people: where it was found. */
  where: string;
  token: string;
  appId: string;
  installationId: string;
  privateKey: string;
}

export interface User {
  username: string;
  password: string;
}

export interface Store {
  credentials: (name: string) => Promise<Said>;
  /** Of a proxy. */
  user: (name: string) => Promise<User>;
}

export const secretStore = (secret: (name: string) => Promise<Secret>): Store => ({
  async credentials(name) {
    const holder = await secret(name);
    return {
      where: `Secret "${name}"`,
      token: textOf(holder, CREDENTIAL_KEYS.token),
      appId: textOf(holder, CREDENTIAL_KEYS.appId),
      installationId: textOf(holder, CREDENTIAL_KEYS.installationId),
      privateKey: textOf(holder, CREDENTIAL_KEYS.privateKey),
    };
  },
  async user(name) {
    const holder = await secret(name);
    return { username: textOf(holder, 'username'), password: textOf(holder, 'password') };
  },
});

const textOf = ({ data }: Secret, key: string): string =>
  Buffer.from(data?.[key] ?? '', 'base64')
    .toString('utf8')
    .trim();

const text = z
  .string()
  .default('')
  .transform((value) => value.trim());

const credentials = z.object({
  [CREDENTIAL_KEYS.token]: text,
  [CREDENTIAL_KEYS.appId]: text,
  // A number here, and decimal text in a Secret.
  [CREDENTIAL_KEYS.installationId]: z.int().optional(),
  [CREDENTIAL_KEYS.privateKey]: text,
});

const user = z.object({ username: text, password: text });

export const vaultStore = (vault: Vault): Store => ({
  async credentials(name) {
    const said = parse(credentials, await vault.secret(name), name);
    return {
      where: whereOf(name),
      token: said[CREDENTIAL_KEYS.token],
      appId: said[CREDENTIAL_KEYS.appId],
      installationId: String(said[CREDENTIAL_KEYS.installationId] ?? ''),
      privateKey: said[CREDENTIAL_KEYS.privateKey],
    };
  },
  user: async (name) => parse(user, await vault.secret(name), name),
});

const whereOf = (name: string): string => `the vault's secret "${name}"`;

function parse<T>(shape: z.ZodType<T>, content: string, name: string): T {
  const json = parseJson(content);
  if (json === undefined) throw new CredentialsError('invalid', `${whereOf(name)} is not JSON`);
  const read = shape.safeParse(json);
  if (read.success) return read.data;
  // The issues name keys and types, never values.
  const problems = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new CredentialsError('invalid', `${whereOf(name)} is of no use: ${problems.join('; ')}`);
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
