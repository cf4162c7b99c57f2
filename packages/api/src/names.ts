// Every name that another program relies on, once. ARC's, unless said otherwise
// (reference/controllers.md 1.6, 1.7 and Appendix B).

export const FINALIZERS = {
  runnerSet: 'autoscalingrunnerset.actions.github.com/finalizer',
  listener: 'autoscalinglistener.actions.github.com/finalizer',
  set: 'ephemeralrunnerset.actions.github.com/finalizer',
  runner: 'ephemeralrunner.actions.github.com/finalizer',
  /** Held while GitHub may know the runner. */
  registration: 'ephemeralrunner.actions.github.com/runner-registration-finalizer',
  /** On objects of the scale set chart; removed last, when a runner set is deleted. */
  cleanupProtection: 'actions.github.com/cleanup-protection',
} as const;

export const LABELS = {
  partOf: 'app.kubernetes.io/part-of',
  component: 'app.kubernetes.io/component',
  version: 'app.kubernetes.io/version',
  scaleSetName: 'actions.github.com/scale-set-name',
  scaleSetNamespace: 'actions.github.com/scale-set-namespace',
  enterprise: 'actions.github.com/enterprise',
  organization: 'actions.github.com/organization',
  repository: 'actions.github.com/repository',
  /** On Role and RoleBinding, which cannot be owned across namespaces. */
  listenerNamespace: 'auto-scaling-listener-namespace',
  listenerName: 'auto-scaling-listener-name',
  runnerPod: 'actions-ephemeral-runner',
  podTemplateHash: 'pod-template-hash',
  /** Put by the runner's container hooks on what a job makes. */
  madeByRunner: 'runner-pod',
  /** Ours, on a runner's pod that has a job or is made for one: for PodDisruptionBudgets. */
  busy: 'actions.github.com/busy',
} as const;

export const PART_OF = 'gha-runner-scale-set';

export const COMPONENTS = {
  listener: 'runner-scale-set-listener',
  set: 'runner-set',
  runner: 'runner',
} as const;

export const ANNOTATIONS = {
  /** The scale set's id at GitHub, decimal. It has no domain. */
  scaleSetId: 'runner-scale-set-id',
  runnerGroup: 'actions.github.com/runner-group-name',
  scaleSetName: 'actions.github.com/runner-scale-set-name',
  /** The hash of what we last wrote to an owned object. */
  integrityHash: 'actions.github.com/integrity-hash',
  /** The set's `spec.patchID` when the runner was created, decimal. */
  patchId: 'actions.github.com/patch-id',
  valuesHash: 'actions.github.com/values-hash',
  /** Ours: the labels that the scale set was last asked to have, as a JSON list. */
  scaleSetLabels: 'actions.github.com/runner-scale-set-labels',
  /** Ours: the config URL whose scale set the id is. */
  scaleSetUrl: 'actions.github.com/runner-scale-set-url',
} as const;

/**
 * Ours, on an EphemeralRunnerSet: what its listener makes of trouble. Its answers to patches show them, so a change
 * counts within a minute or so.
 */
export const LISTENER_ANNOTATIONS = {
  /** `full`: advertise maxRunners to GitHub although the cluster refuses pods. */
  capacity: 'actions.github.com/advertised-capacity',
  /** `ignore`: make no runners for assigned jobs that never start. */
  phantomJobs: 'actions.github.com/phantom-jobs',
} as const;

/**
 * Ours, on a runner set or on one of its runners, whose own word counts more: how long a runner may stay in a state
 * before it is given up, as `90s`, `10m` or `1h30m`; `off` is for ever. A runner that has a job is never given up.
 */
export const LIMIT_ANNOTATIONS = {
  /** Its image cannot be pulled. */
  imagePull: 'actions.github.com/image-pull-timeout',
  /** No node takes its pod; its set counts as blocked from then on. */
  unschedulable: 'actions.github.com/unschedulable-timeout',
  /** A node took its pod and its container does not start. */
  start: 'actions.github.com/start-timeout',
  /** Its container runs and GitHub does not hear of it. */
  online: 'actions.github.com/online-timeout',
  /** Its pod is being deleted and does not go; counted from the end of its grace. */
  termination: 'actions.github.com/termination-timeout',
  /** It is there at all. */
  lifetime: 'actions.github.com/max-lifetime',
} as const;

/** Ours, on a runner set, a set or a runner that is being deleted and does not go (design.md, decision 17). */
export const DELETION_ANNOTATIONS = {
  /** `true`: go without GitHub's word. `force`: under a job too. */
  giveUp: 'actions.github.com/give-up',
  /** After so long go without GitHub's word, as `30m`. */
  deadline: 'actions.github.com/deletion-deadline',
} as const;

/** Ours, on a runner set: `true` has a job that lost its pod run again, once, when its run is over. */
export const RERUN_ANNOTATION = 'actions.github.com/rerun-lost-jobs';

/** Autoscalers of nodes leave a pod alone that says so. */
export const KEEP_ANNOTATIONS = {
  'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
  'karpenter.sh/do-not-disrupt': 'true',
} as const;

/**
 * Annotations of the scale set chart that name objects under `cleanupProtection`, in the order in
 * which they are released: the manager's own role goes last, for it permits the rest.
 */
export const CLEANUP_ANNOTATIONS = [
  { key: 'actions.github.com/cleanup-kubernetes-mode-role-binding-name', kind: 'RoleBinding' },
  { key: 'actions.github.com/cleanup-kubernetes-mode-role-name', kind: 'Role' },
  {
    key: 'actions.github.com/cleanup-kubernetes-mode-service-account-name',
    kind: 'ServiceAccount',
  },
  { key: 'actions.github.com/cleanup-no-permission-service-account-name', kind: 'ServiceAccount' },
  { key: 'actions.github.com/cleanup-github-secret-name', kind: 'Secret' },
  { key: 'actions.github.com/cleanup-manager-role-binding', kind: 'RoleBinding' },
  { key: 'actions.github.com/cleanup-manager-role-name', kind: 'Role' },
] as const;

export const CONTAINERS = { runner: 'runner', listener: 'listener' } as const;

/** Keys of a runner's JIT Secret. */
export const JIT_KEYS = {
  jitConfig: 'jitToken',
  runnerName: 'runnerName',
  runnerId: 'runnerId',
  scaleSetId: 'scaleSetId',
} as const;

/** Keys of the user's credentials Secret. */
export const CREDENTIAL_KEYS = {
  token: 'github_token',
  appId: 'github_app_id',
  installationId: 'github_app_installation_id',
  privateKey: 'github_app_private_key',
} as const;

export const RUNNER_ENV = {
  jitConfig: 'ACTIONS_RUNNER_INPUT_JITCONFIG',
  userAgent: 'GITHUB_ACTIONS_RUNNER_EXTRA_USER_AGENT',
  deprecatedExitCode: 'ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE',
} as const;

/** A runner whose version GitHub no longer accepts ends so. */
export const EXIT_OUTDATED = 7;

export const LISTENER_CONFIG = {
  env: 'LISTENER_CONFIG_PATH',
  directory: '/etc/gha-listener',
  file: 'config.json',
  command: '/ghalistener',
  /** Where it serves `/healthz` and `/readyz`, such as `:8081`; nowhere when unset. Ours. */
  healthEnv: 'LISTENER_HEALTH_ADDR',
} as const;

/** What an unset `maxRunners` means. */
export const NO_MAXIMUM = 2147483647;
