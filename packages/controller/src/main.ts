// The controller program: `/manager` with ARC's flags and environment.
import { randomUUID } from 'node:crypto';
import process from 'node:process';
import { ConfigError } from '@muster/api';
import {
  cachesSynced,
  createKubeClient,
  createLease,
  createLog,
  createMetrics,
  healthPage,
  isKubeError,
  loadConnection,
  podEnvironment,
  serve,
  systemClock,
} from '@muster/kube';
import type { KubeClient, Lease, Log, Metrics } from '@muster/kube';
import { parseConfig } from './config.ts';
import type { Config } from './config.ts';
import { createController } from './controller.ts';
import type { Controller } from './controller.ts';
import { upgradeDefinitions } from './definitions.ts';

interface Parts {
  config: Config;
  kube: KubeClient;
  log: Log;
  metrics: Metrics;
}

async function main(signal: AbortSignal): Promise<void> {
  const config = parseConfig({ args: process.argv.slice(2), env: process.env });
  const log = createLog({ level: config.logLevel, format: config.logFormat });
  const connection = await loadConnection({ env: process.env });
  const metrics = createMetrics({ process: true });
  const kube = createKubeClient({
    connection,
    clock: systemClock,
    log,
    metrics,
    ...(config.kubeRate && { rate: config.kubeRate }),
  });
  if (config.upgradesDefinitions) {
    return upgradeDefinitions({ kube, log }, signal).finally(() => kube.close());
  }
  const parts = { config, kube, log, metrics };
  const lease = leaseOf(parts);
  const controller = controllerOf(parts, lease);
  await listen(parts, controller, signal);
  const watching = controller.watch(signal);
  log.info('started', { version: config.version, namespace: config.namespace });
  if (lease === undefined) {
    await controller.lead(signal);
  } else {
    const end = await lease.run(signal, (leads) => controller.lead(leads));
    if (end === 'lost') throw new Error('the lease was lost; another may lead');
  }
  await watching;
  await controller.close();
  await kube.close();
  log.info('stopped');
}

const hostname = (): string => podEnvironment(process.env).hostname;

/** Without one this process is the only one. */
function leaseOf({ config, kube, log, metrics }: Parts): Lease | undefined {
  const { namespace, leaderElectionId: name } = config;
  if (name === undefined) return undefined;
  const identity = `${hostname()}_${randomUUID()}`;
  const shared = { clock: systemClock, log, metrics };
  return createLease({ client: kube, namespace, name, identity, ...shared });
}

/** What it writes is held back from the moment in which another may lead. */
function controllerOf({ kube, ...parts }: Parts, lease: Lease | undefined): Controller {
  const shared = { ...parts, clock: systemClock, instance: hostname() };
  if (lease === undefined) return createController({ ...shared, kube });
  const mayAct = (): boolean => lease.holding;
  return createController({ ...shared, kube: kube.fenced(mayAct), mayAct });
}

async function listen(
  { config, metrics, log }: Parts,
  controller: Controller,
  signal: AbortSignal,
): Promise<void> {
  const pod = podEnvironment(process.env);
  const ready = healthPage({ caches: cachesSynced(Object.values(controller.caches)) });
  const servers = [
    { at: config.metricsAddress, routes: { '/metrics': () => metrics.expose() } },
    { at: config.healthAddress, routes: { '/healthz': healthPage({}), '/readyz': ready } },
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
