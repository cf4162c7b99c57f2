// The parts of the process, put together by hand: clients, metrics, health, one loop a scale set.
import { createKubeClient, serve } from '@muster/kube';
import { createHealth } from './health.ts';
import { createMetrics } from './metrics/index.ts';
import { createReach } from './reach.ts';
import { createSets } from './sets.ts';
import { watchConfig } from './reload.ts';
import type { Clock, Connection, Log, Page } from '@muster/kube';
import type { ListenerConfig } from '@muster/api';
import type { ProcessConfig } from './config.ts';
import type { Health } from './health.ts';
import type { Metrics } from './metrics/index.ts';

interface Outside {
  connection: Connection;
  clock: Clock;
  log: Log;
}

/** Listens for every scale set of the configuration until the signal. */
export async function run(
  config: ProcessConfig,
  { connection, clock, log }: Outside,
  signal: AbortSignal,
): Promise<void> {
  const kube = createKubeClient({ connection });
  const elapsedMs = (): number => clock.elapsed();
  const metrics = createMetrics({ log, elapsedMs });
  const health = createHealth(elapsedMs);
  const over = new AbortController();
  const { instance, owner } = config;
  const sets = createSets({
    kube,
    clock,
    log,
    metrics,
    health,
    instance,
    owner,
    random: Math.random,
    reach: createReach(config),
  });
  // A port that is in use ends the process before it holds any session.
  const serving = await servePages(config, { metrics, health, log }, over.signal);
  await sets.want(config.listener.scaleSets);
  const watching = watchConfig(
    {
      path: config.path,
      content: config.content,
      clock,
      log,
      onChange: async (next) => {
        tellUnchanged(config.listener, next, log);
        await sets.want(next.scaleSets);
      },
    },
    over.signal,
  );
  await Promise.race([sets.replaced, aborted(signal)]);
  await sets.stop();
  over.abort();
  await Promise.all([watching, ...serving]);
  await kube.close();
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });

/** Only the sets can change while the process runs. */
function tellUnchanged(before: ListenerConfig, after: ListenerConfig, log: Log): void {
  const keys = ['logLevel', 'logFormat', 'metricsAddress', 'metricsEndpoint'] as const;
  const changed = keys.filter((key) => before[key] !== after[key]);
  if (changed.length > 0) log.warn('these settings count from the next start', { changed });
}

interface Pages {
  metrics: Metrics;
  health: Health;
  log: Log;
}

async function servePages(
  { listener, pod, healthAddress }: ProcessConfig,
  { metrics, health, log }: Pages,
  signal: AbortSignal,
): Promise<Promise<void>[]> {
  const now = (page: () => Page) => (): Promise<Page> => Promise.resolve(page());
  const metricsPage = async (): Promise<Page> => ({
    type: metrics.contentType,
    body: await metrics.text(),
  });
  const places = [
    { address: listener.metricsAddress, routes: { [listener.metricsEndpoint]: metricsPage } },
    {
      address: healthAddress,
      routes: { '/healthz': now(health.healthy), '/readyz': now(health.ready) },
    },
  ];
  const closings: Promise<void>[] = [];
  for (const { address: asked, routes } of places) {
    const address = pod.listenAddress(asked ?? '');
    if (address) closings.push((await serve({ address, routes, signal, log })).closed);
  }
  return closings;
}
