export { createCluster } from './cluster.ts';
export type { Cluster, ClusterOptions } from './cluster.ts';
export type { Fault } from './faults.ts';
export type { LogOptions, PodLogs } from './logs.ts';
