export { createCluster } from './cluster.ts';
export type { Cluster, ClusterOptions } from './cluster.ts';
export type { LogOptions, PodLogs } from './logs.ts';
