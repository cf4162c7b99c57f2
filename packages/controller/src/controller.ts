// The whole controller as a part: caches, loops and what connects them. main.ts gives it the real
// world; tests give it the dev cluster, the simulator and a stepped clock.
import {
  AutoscalingListenerKind,
  AutoscalingRunnerSetKind,
  controllerOf,
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
} from '@muster/api';
import type { ApiObject } from '@muster/api';
import {
  createCache,
  createEvents,
  createLoop,
  PodKind,
  RoleBindingKind,
  RoleKind,
  ServiceAccountKind,
} from '@muster/kube';
import type {
  Cache,
  Clock,
  Events,
  Kind,
  KubeClient,
  KubeObject,
  Log,
  Loop,
  Metrics,
  PlannedAction,
  Reconciler,
} from '@muster/kube';
import { Registry } from 'prom-client';
import { createAutoscalingListenerReconciler } from './autoscaling-listener/index.ts';
import { createAutoscalingRunnerSetReconciler } from './autoscaling-runner-set/index.ts';
import type { Config } from './config.ts';
import { createCredentials } from './credentials.ts';
import { BY_OWNER } from './deps.ts';
import type { Caches, Deps } from './deps.ts';
import { createEphemeralRunnerReconciler } from './ephemeral-runner/index.ts';
import { createEphemeralRunnerSetReconciler } from './ephemeral-runner-set/index.ts';
import { createGitHub } from './github.ts';
import type { GitHubOptions } from './github.ts';
import { createKept } from './kept.ts';
import { createLostJobsReconciler } from './lost-jobs/index.ts';
import {
  countedClient,
  createControllerMetrics,
  registerArcMetrics,
  watchForMetrics,
} from './metrics/index.ts';
import { createReads } from './reads.ts';
import { createRights, permitted } from './rights.ts';
import { createVaults } from './vault/index.ts';
import type { Vaults } from './vault/index.ts';
import { wire } from './wiring.ts';
import type { Loops } from './wiring.ts';

export interface ControllerOptions {
  config: Config;
  kube: KubeClient;
  clock: Clock;
  log: Log;
  metrics?: Metrics;
  /** The pod's name, for Events. */
  instance?: string;
  /** Whether this process leads, at this very moment. Always, when absent. */
  mayAct?: () => boolean;
  /** To GitHub, instead of the network. */
  fetch?: GitHubOptions['fetch'];
}

export interface Controller {
  readonly caches: Caches;
  /** Whether all caches hold what the cluster holds. */
  readonly synced: boolean;
  /** Nothing is running or about to. Keys due later do not count. */
  readonly idle: boolean;
  /** Keeps the caches until the signal; `lead` too, but acts only then. Neither rejects. */
  watch(signal: AbortSignal): Promise<void>;
  lead(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

// Enough that one slow call holds nobody up, and that a hundred scale sets start within seconds.
const CONCURRENCY = { runnerSets: 16, listeners: 8, sets: 16, lostJobs: 4 };

export function createController(options: ControllerOptions): Controller {
  const { clock, log } = options;
  const caches = createCaches(options);
  const { deps, vaults } = createDeps(options, caches);
  const { github, reads, rights, kube, metrics } = deps;
  const recorder = createEvents({
    client: kube,
    component: 'muster-controller',
    clock,
    log,
    ...(options.instance !== undefined && { instance: options.instance }),
  });
  const events = permitted(recorder, rights);
  const loops = createLoops(deps, { ...options, events });
  const all = Object.values(caches) as Cache<KubeObject>[];
  return {
    caches,
    get synced() {
      return all.every((cache) => cache.synced);
    },
    get idle() {
      return Object.values(loops).every((loop) => loop.idle);
    },
    async watch(signal) {
      await Promise.all(all.map((cache) => cache.run(signal)));
    },
    async lead(signal) {
      if (!(await filled(all, { clock, log, signal }))) return;
      const stops = [
        wire(caches, loops, { clock, stores: [reads, vaults] }),
        watchForMetrics(caches, metrics, clock),
      ];
      wakeAll(caches, loops);
      await Promise.all(Object.values(loops).map((loop) => loop.run(signal)));
      for (const stop of stops) stop();
      await events.flush();
    },
    async close() {
      await Promise.all([github.close(), vaults.close()]);
    },
  };
}

function createDeps(options: ControllerOptions, caches: Caches): { deps: Deps; vaults: Vaults } {
  const { config, clock, log, fetch } = options;
  const { registry = new Registry() } = options.metrics ?? {};
  registerArcMetrics(registry, caches);
  const metrics = createControllerMetrics(registry, caches);
  const kube = countedClient(options.kube, metrics);
  const reads = createReads({ kube, clock });
  const vaults = createVaults(clock);
  const github = createGitHub({
    credentials: createCredentials({ reads, vaults }),
    clock,
    log,
    version: config.version,
    forceGhes: config.forceGhes,
    ...(fetch && { fetch }),
  });
  const rights = createRights({ kube, clock });
  const kept = createKept();
  return {
    deps: { caches, kube, github, reads, rights, clock, config, log, kept, metrics },
    vaults,
  };
}

const PATIENCE_MS = 3_000;

/** False when the signal came first. */
async function filled(
  caches: readonly Cache<KubeObject>[],
  { clock, log, signal }: Pick<ControllerOptions, 'clock' | 'log'> & { signal: AbortSignal },
): Promise<boolean> {
  const cancel = clock.setTimeout(() => {
    const kinds = caches.filter(({ synced }) => !synced).map(({ kind }) => kind.kind);
    log.warn('waits until these kinds can be read; are the CRDs applied?', { kinds });
  }, PATIENCE_MS);
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
  await Promise.race([aborted, Promise.all(caches.map((cache) => cache.whenSynced()))]);
  cancel();
  return !signal.aborted;
}

/** What was there before this process led. */
function wakeAll(caches: Caches, loops: Loops): void {
  for (const name of ['runnerSets', 'listeners', 'sets', 'runners'] as const) {
    for (const { metadata } of caches[name].list()) {
      loops[name].wake(`${metadata.namespace}/${metadata.name}`);
    }
  }
  for (const { metadata, status } of caches.runnerSets.list()) {
    if (status?.lostJobs) loops.lostJobs.wake(`${metadata.namespace}/${metadata.name}`);
  }
}

type LoopParts = Pick<ControllerOptions, 'mayAct' | 'metrics'> & { events: Events };

function createLoops(
  deps: Deps,
  { events, metrics, mayAct }: LoopParts,
): Record<keyof Loops, Loop> {
  const { caches, clock, config, kube: client, log } = deps;
  const loop = <O, A extends PlannedAction>(
    reconciler: Reconciler<O, A>,
    concurrency: number,
  ): Loop =>
    createLoop({
      reconciler,
      client,
      caches: Object.values(caches) as Cache<KubeObject>[],
      concurrency,
      clock,
      log,
      events,
      ...(metrics && { metrics }),
      ...(mayAct && { mayAct }),
    });
  return {
    runnerSets: loop(createAutoscalingRunnerSetReconciler(deps), CONCURRENCY.runnerSets),
    listeners: loop(createAutoscalingListenerReconciler(deps), CONCURRENCY.listeners),
    sets: loop(createEphemeralRunnerSetReconciler(deps), CONCURRENCY.sets),
    runners: loop(createEphemeralRunnerReconciler(deps), config.runnerConcurrency),
    lostJobs: loop(createLostJobsReconciler(deps), CONCURRENCY.lostJobs),
  };
}

function createCaches({ config, kube: client, clock, log, metrics }: ControllerOptions): Caches {
  const { namespace, watchNamespace } = config;
  const everywhere =
    watchNamespace === undefined ? undefined : [...new Set([watchNamespace, namespace])];
  const cache = <T extends KubeObject>(kind: Kind<T>, namespaces?: readonly string[]): Cache<T> =>
    createCache({
      client,
      kind,
      indexes: { [BY_OWNER]: ownerUid },
      clock,
      log,
      ...(namespaces && { namespaces }),
      ...(metrics && { metrics }),
    });
  const beside = watchNamespace === undefined ? undefined : [watchNamespace];
  return {
    runnerSets: cache(AutoscalingRunnerSetKind, beside),
    listeners: cache(AutoscalingListenerKind, [namespace]),
    sets: cache(EphemeralRunnerSetKind, beside),
    runners: cache(EphemeralRunnerKind, beside),
    pods: cache(PodKind, everywhere),
    serviceAccounts: cache(ServiceAccountKind, [namespace]),
    roles: cache(RoleKind, beside),
    roleBindings: cache(RoleBindingKind, beside),
  };
}

function ownerUid(object: KubeObject): string[] {
  const owner = controllerOf(object as ApiObject);
  return owner ? [owner.uid] : [];
}
