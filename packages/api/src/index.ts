export {
  annotation,
  API_VERSION,
  byAge,
  controllerOf,
  GROUP,
  hasFinalizer,
  isDeleting,
  label,
  ownedBy,
  withCondition,
  withoutFinalizers,
} from './meta.ts';
export type {
  ApiObject,
  Condition,
  KindOf,
  NewMeta,
  ObjectMeta,
  OwnerReference,
  Unsaved,
} from './meta.ts';
export { contentHash, nameHash } from './hash.ts';
export {
  ANNOTATIONS,
  CLEANUP_ANNOTATIONS,
  COMPONENTS,
  CONTAINERS,
  CREDENTIAL_KEYS,
  DELETION_ANNOTATIONS,
  EXIT_OUTDATED,
  FINALIZERS,
  JIT_KEYS,
  KEEP_ANNOTATIONS,
  LABELS,
  LIMIT_ANNOTATIONS,
  LISTENER_ANNOTATIONS,
  LISTENER_CONFIG,
  NO_MAXIMUM,
  PART_OF,
  RERUN_ANNOTATION,
  RUNNER_ENV,
} from './names.ts';
export type {
  GitHubServerTls,
  MetricsConfig,
  PodTemplate,
  Proxy,
  ResourceMeta,
  VaultConfig,
} from './schema.ts';
export {
  AutoscalingRunnerSetKind,
  awaitsRerun,
  maxRunnersOf,
  minRunnersOf,
  scaleSetNameOf,
  wantsReruns,
} from './autoscaling-runner-set.ts';
export type {
  AutoscalingRunnerSet,
  AutoscalingRunnerSetSpec,
  AutoscalingRunnerSetStatus,
  LostJob,
  Rerun,
} from './autoscaling-runner-set.ts';
export { AutoscalingListenerKind, listenerName } from './autoscaling-listener.ts';
export type {
  AutoscalingListener,
  AutoscalingListenerSpec,
  AutoscalingListenerStatus,
} from './autoscaling-listener.ts';
export { EphemeralRunnerSetKind, replicasOf } from './ephemeral-runner-set.ts';
export type {
  Blocked,
  EphemeralRunnerSet,
  EphemeralRunnerSetSpec,
  EphemeralRunnerSetStatus,
  Failing,
  ListenerStatus,
  Slots,
} from './ephemeral-runner-set.ts';
export {
  EphemeralRunnerKind,
  fillsSlot,
  hasJob,
  isDone,
  isFailed,
  isIdle,
  isRunning,
  patchIdOf,
} from './ephemeral-runner.ts';
export type {
  EphemeralRunner,
  EphemeralRunnerSpec,
  EphemeralRunnerStatus,
} from './ephemeral-runner.ts';
export { ConfigError, formatListenerConfig, parseListenerConfig } from './listener-config.ts';
export type { Credentials, ListenedScaleSet, ListenerConfig } from './listener-config.ts';
export { crdFileName, customResourceDefinitions } from './crd.ts';
export type { CustomResourceDefinition } from './crd.ts';
