export { KubeError, isKubeError } from './errors.ts';
export type { KubeErrorCode, KubeErrorFacts } from './errors.ts';
export { metadataOnly } from './object.ts';
export type { At, Kind, KubeObject, Metadata, Unsaved } from './object.ts';
export type {
  AccessQuestion,
  Cache,
  CallOptions,
  Change,
  Clock,
  DeleteOptions,
  JsonObject,
  JsonPatchOperation,
  KubeClient,
  Log,
  PlannedAction,
  Reconciler,
  Scale,
  Selection,
  WaitAction,
  WatchEvent,
  WriteOptions,
} from './types.ts';
export {
  ConfigMapKind,
  PodKind,
  RoleBindingKind,
  RoleKind,
  SecretKind,
  ServiceAccountKind,
} from './kinds.ts';
export type {
  ConfigMap,
  ContainerStatus,
  Pod,
  PodStatus,
  PolicyRule,
  Role,
  RoleBinding,
  Secret,
  ServiceAccount,
} from './kinds.ts';
export { loadConnection } from './connection.ts';
export type { Connection, ConnectionSources, ConnectionTls } from './connection.ts';
export { createKubeClient } from './client.ts';
export type { KubeClientOptions } from './client.ts';
export type { Rate } from './rate.ts';
export { createCache } from './cache.ts';
export type { CacheOptions } from './cache.ts';
export { createLoop } from './loop.ts';
export type { Loop, LoopOptions } from './loop.ts';
export { createQueue } from './queue.ts';
export type { Queue, QueueOptions } from './queue.ts';
export { createEvents } from './events.ts';
export type { Events, EventsOptions, Happening } from './events.ts';
export { createLease } from './lease.ts';
export type { Lease, LeaseOptions } from './lease.ts';
export { systemClock } from './clock.ts';
export { sleep } from './sleep.ts';
export type { Sleep } from './sleep.ts';
export { createLog } from './log.ts';
export type { LogOptions } from './log.ts';
export { podEnvironment } from './environment.ts';
export type { PodEnvironment } from './environment.ts';
export { createMetrics } from './metrics.ts';
export type { Metrics, MetricsOptions } from './metrics.ts';
export { serve } from './serve.ts';
export type { Page, ServeOptions, Serving } from './serve.ts';
export { cachesSynced, healthPage } from './health.ts';
export type { Check } from './health.ts';
