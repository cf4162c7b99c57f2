// The controller program: `/manager` with ARC's flags and environment.
import { randomUUID } from 'node:crypto';
import process from 'node:process';
import { ConfigError } from '@muster/api';
import {
  createKubeClient,
  createLease,
  createLog,
  createMetrics,
  isKubeError,
  loadConnection,
  podEnvironment,
  serve,
  systemClock,
} from '@muster/kube';
import type { Log, Metrics, Page } from '@muster/kube';
import { parseConfig } from './config.ts';
import type { Config } from './config.ts';
import { createController } from './controller.ts';
import type { Controller } from './controller.ts';

async function main(signal: AbortSignal): Promise<void> {
  const config = parseConfig({ args: process.argv.slice(2), env: process.env });
  const log = createLog({ level: config.logLevel, format: config.logFormat });
  const connection = await loadConnection({ env: process.env });
  const kube = createKubeClient({ connection, clock: systemClock });
  const { hostname } = podEnvironment(process.env);
  const metrics = createMetrics({ process: true });
  const parts = { config, kube, clock: systemClock, log, metrics };
  const controller = createController({ ...parts, instance: hostname });
  await listen({ config, controller, metrics, log, signal });
  const watching = controller.watch(signal);
  log.info('started', { version: config.version, namespace: config.namespace });
  if (config.leaderElectionId === undefined) {
    await controller.lead(signal);
  } else {
    const { namespace, leaderElectionId: name } = config;
    const identity = `${hostname}_${randomUUID()}`;
    const lease = createLease({
      client: kube,
      namespace,
      name,
      identity,
      clock: systemClock,
      log,
      metrics,
    });
    const end = await lease.run(signal, (leads) => controller.lead(leads));
    if (end === 'lost') throw new Error(`the lease "${name}" was lost; another may lead`);
  }
  await watching;
  await controller.close();
  await kube.close();
  log.info('stopped');
}

interface Listening {
  config: Config;
  controller: Controller;
  metrics: Metrics;
  log: Log;
  signal: AbortSignal;
}

async function listen({ config, controller, metrics, log, signal }: Listening): Promise<void> {
  const pod = podEnvironment(process.env);
  const fine = (): Promise<Page> => Promise.resolve({ body: 'ok' });
  const ready = (): Promise<Page> =>
    controller.synced
      ? fine()
      : Promise.resolve({ status: 503, body: 'the caches are not filled yet' });
  const servers = [
    { at: config.metricsAddress, routes: { '/metrics': () => metrics.expose() } },
    { at: config.healthAddress, routes: { '/healthz': fine, '/readyz': ready } },
  ];
  for (const { at, routes } of servers) {
    const address = pod.listenAddress(at);
    if (address) await serve({ address, routes, signal, log });
  }
}

const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.once(name, () => {
    stop.abort();
  });
}

try {
  await main(stop.signal);
} catch (error) {
  const isUsers = error instanceof ConfigError || isKubeError(error, 'bad-config');
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = isUsers ? 2 : 1;
  stop.abort();
}
