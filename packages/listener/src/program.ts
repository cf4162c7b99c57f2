// The parts of the process, put together by hand: clients, metrics, one loop a scale set.
import { createActionsClient } from '@muster/actions';
import { contentHash } from '@muster/api';
import { createKubeClient, serve } from '@muster/kube';
import { createMetrics } from './metrics.ts';
import { listen } from './listen.ts';
import type { ActionsClient } from '@muster/actions';
import type { ListenedScaleSet } from '@muster/api';
import type { Clock, Connection, Log } from '@muster/kube';
import type { ProcessConfig } from './config.ts';
import type { Metrics } from './metrics.ts';

const BUILD_VERSION = '0.1.0';

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
  const { scaleSets } = config.listener;
  const metrics = createMetrics(scaleSets[0]?.metrics);
  await serveMetrics(config, { metrics, log }, signal);
  const clients = new Map<string, ActionsClient>();
  const shared = { kube, clock, log, metrics, random: Math.random };
  const ends = scaleSets.map(async (set) => {
    const actions = clientFor(set, config, clients);
    const { instance, owner } = config;
    const outcome = await listen(set, { ...shared, actions, instance, owner }, signal);
    log.info('listens no longer', { set: set.setName, because: outcome });
  });
  await Promise.all(ends);
  await Promise.all([...clients.values()].map((client) => client.close()));
  await kube.close();
}

/** One client, and so one pool of connections, for all sets with the same way to GitHub. */
function clientFor(
  set: ListenedScaleSet,
  { forceGhes, proxy }: ProcessConfig,
  clients: Map<string, ActionsClient>,
): ActionsClient {
  const { configUrl, credentials, rootCa, scaleSetId } = set;
  const key = contentHash({ configUrl, credentials, rootCa });
  const client =
    clients.get(key) ??
    createActionsClient({
      configUrl,
      credentials,
      forceGhes,
      userAgent: { version: BUILD_VERSION, subsystem: 'ghalistener', scaleSetId },
      ...(rootCa !== undefined && { rootCa }),
      ...(proxy && { proxy }),
    });
  clients.set(key, client);
  return client;
}

async function serveMetrics(
  { listener, pod }: ProcessConfig,
  { metrics, log }: { metrics: Metrics; log: Log },
  signal: AbortSignal,
): Promise<void> {
  const address = pod.listenAddress(listener.metricsAddress ?? '');
  if (address === undefined) return;
  const page = async (): Promise<{ type: string; body: string }> => ({
    type: metrics.contentType,
    body: await metrics.text(),
  });
  const routes = { [listener.metricsEndpoint]: page };
  await serve({ address, routes, signal, log });
}
