export { KubeError, isKubeError } from './errors.ts';
export type { KubeErrorCode, KubeErrorFacts } from './errors.ts';
export type { At, Kind, KubeObject, Metadata, Unsaved } from './object.ts';
export type {
  AccessQuestion,
  Cache,
  CallOptions,
  Change,
  Clock,
  DeleteOptions,
  JsonObject,
  KubeClient,
  Log,
  PlannedAction,
  Reconciler,
  Selection,
  WaitAction,
  WatchEvent,
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
