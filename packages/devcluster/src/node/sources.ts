// Secrets, ConfigMaps and ServiceAccount tokens for a pod's environment and volumes.
import type { NodeApi } from './api.ts';
import { NodeApiError } from './api.ts';
import type { Pod } from './pod.ts';

/** Something a container needs that is not there (yet); the kubelet words it so. */
export class MissingError extends Error {
  override readonly name = 'MissingError';
}

export type SourceKind = 'secret' | 'configmap';

/** Contents by key, undefined when there is no such object. */
export interface Sources {
  data(kind: SourceKind, name: string): Promise<Map<string, Buffer> | undefined>;
  /** The same one until four fifths of its life are over. */
  token(audience: string | undefined, expirationSeconds: number): Promise<string>;
}

interface WithData {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}

const decoded = (data: Record<string, string> | undefined, encoding: 'base64' | 'utf8') =>
  Object.entries(data ?? {}).map(([key, text]): [string, Buffer] => [
    key,
    Buffer.from(text, encoding),
  ]);

export function sourcesOf(api: NodeApi, { metadata, spec }: Pod, now: () => number): Sources {
  const namespace = `/api/v1/namespaces/${metadata.namespace}`;
  const tokens = new Map<string, { value: string; renewAt: number }>();

  const request = async (audience: string | undefined, expirationSeconds: number) => {
    const { name, uid } = metadata;
    const answer = await api.create(
      `${namespace}/serviceaccounts/${spec.serviceAccountName ?? 'default'}/token`,
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          expirationSeconds,
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
          ...(audience === undefined ? {} : { audiences: [audience] }),
        },
      },
    );
    return (answer as { status: { token: string; expirationTimestamp: string } }).status;
  };

  return {
    async data(kind, name) {
      const found = (await api.find(`${namespace}/${kind}s/${name}`)) as WithData | undefined;
      if (found === undefined) return undefined;
      const entries =
        kind === 'secret'
          ? decoded(found.data, 'base64')
          : [...decoded(found.data, 'utf8'), ...decoded(found.binaryData, 'base64')];
      return new Map(entries);
    },

    async token(audience, expirationSeconds) {
      const key = `${audience ?? ''} ${expirationSeconds}`;
      const known = tokens.get(key);
      if (known !== undefined && now() < known.renewAt) return known.value;
      const { token, expirationTimestamp } = await request(audience, expirationSeconds);
      const lifeMs = Date.parse(expirationTimestamp) - now();
      tokens.set(key, { value: token, renewAt: now() + 0.8 * lifeMs });
      return token;
    },
  };
}

/** Things that come right by themselves once somebody creates an object. */
export const isMissing = (error: unknown): error is Error =>
  error instanceof MissingError || error instanceof NodeApiError;
