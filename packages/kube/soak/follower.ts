// The program under test: a cache on a port. Tells its parent of each change in order and of its memory.
import { createCache, createKubeClient, loadConnection, systemClock } from '../src/index.ts';
import { createMetrics } from '../src/metrics.ts';
import { silentLog } from '../src/testing/index.ts';
import { ConfigMapKind } from '../src/kinds.ts';
import type { ConfigMap } from '../src/kinds.ts';
import type { Change } from '../src/types.ts';

export type Report =
  | { is: 'synced' }
  | { is: 'told'; changes: string[] }
  | { is: 'measured'; heap: number; rss: number; restarts: number };

export const describe = (type: string, { metadata, data }: ConfigMap): string =>
  type === 'deleted'
    ? `deleted ${metadata.name}`
    : `${type} ${metadata.name} ${data?.['write'] ?? ''}`;

const TELL_EVERY_MS = 200;
const MEASURE_EVERY_MS = 1_000;

const report = (message: Report): boolean => process.send?.(message) ?? false;

async function main(kubeconfig: string): Promise<void> {
  const connection = await loadConnection({ env: { KUBECONFIG: kubeconfig } });
  const client = createKubeClient({ connection });
  const metrics = createMetrics();
  const cache = createCache({
    client,
    kind: ConfigMapKind,
    labelSelector: 'soak=yes',
    clock: systemClock,
    log: silentLog,
    metrics,
  });
  let told: string[] = [];
  cache.onChange(({ type, object }: Change<ConfigMap>) => told.push(describe(type, object)));
  void cache.run(new AbortController().signal);
  await cache.whenSynced();
  report({ is: 'synced' });
  setInterval(() => {
    report({ is: 'told', changes: told });
    told = [];
  }, TELL_EVERY_MS);
  setInterval(() => {
    void metrics.expose().then(({ body }) => {
      globalThis.gc?.();
      const { heapUsed, rss } = process.memoryUsage();
      const restarts = Number(/^muster_cache_restarts_total\{.*\} (\d+)$/m.exec(body)?.[1] ?? 0);
      report({ is: 'measured', heap: heapUsed, rss, restarts });
    });
  }, MEASURE_EVERY_MS);
}

process.once('disconnect', () => process.exit(0));
const [, , kubeconfig = ''] = process.argv;
if (import.meta.main) await main(kubeconfig);
