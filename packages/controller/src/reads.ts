// Secrets and ConfigMaps are not watched, since no chart grants that. They are read when they are needed, and kept for a
// minute for all who need them.
import { ConfigMapKind, SecretKind } from '@muster/kube';
import type { At, Clock, ConfigMap, KubeClient, Secret } from '@muster/kube';

export interface Reads {
  /** Undefined when there is none; that is not kept. */
  secret(at: At): Promise<Secret | undefined>;
  configMap(at: At): Promise<ConfigMap | undefined>;
  /** It was just written. */
  forget(secret: At): void;
  /** All of them are read again when they are next needed. */
  expire(): void;
}

export const KEPT_MS = 60_000;

export function createReads({ kube, clock }: { kube: KubeClient; clock: Clock }): Reads {
  const kept = new Map<string, { until: number; object: Promise<unknown> }>();
  const read = <T>(key: string, load: () => Promise<T | undefined>): Promise<T | undefined> => {
    const now = clock.now();
    const known = kept.get(key);
    if (known && now < known.until) return known.object as Promise<T | undefined>;
    const object = load();
    const entry = { until: now + KEPT_MS, object };
    kept.set(key, entry);
    const drop = (): void => {
      if (kept.get(key) === entry) kept.delete(key);
    };
    object.then((found) => {
      if (found === undefined) drop();
    }, drop);
    return object;
  };
  const keyOf = (kind: string, { namespace = '', name }: At): string =>
    `${kind}/${namespace}/${name}`;
  return {
    secret: (at) => read(keyOf('Secret', at), () => kube.get(SecretKind, at)),
    configMap: (at) => read(keyOf('ConfigMap', at), () => kube.get(ConfigMapKind, at)),
    forget: (at) => kept.delete(keyOf('Secret', at)),
    expire: () => {
      kept.clear();
    },
  };
}
