// The pages that a kubelet asks: `ok`, or what is not and why, in the form of Kubernetes' own.
import type { Page } from './serve.ts';

/** Why it is not so; undefined when all is well. */
export type Check = () => string | undefined;

/** 200 when every check is well, else 503 with a line a check. */
export const healthPage = (checks: Readonly<Record<string, Check>>) => (): Promise<Page> => {
  const results = Object.entries(checks).map(([name, check]) => ({ name, words: check() }));
  if (results.every(({ words }) => words === undefined)) return Promise.resolve({ body: 'ok\n' });
  const lines = results.map(({ name, words }) =>
    words === undefined ? `[+]${name} ok\n` : `[-]${name} failed: ${words}\n`,
  );
  return Promise.resolve({ status: 503, body: lines.join('') });
};

/** Names the kinds whose first list is not in. */
export const cachesSynced =
  (caches: readonly { kind: { plural: string }; synced: boolean }[]): Check =>
  () => {
    const missing = caches.filter(({ synced }) => !synced).map(({ kind }) => kind.plural);
    return missing.length === 0 ? undefined : `not yet listed: ${missing.join(', ')}`;
  };
