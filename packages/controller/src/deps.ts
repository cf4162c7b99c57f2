// What every reconciler of this program is given.
import type {
  AutoscalingListener,
  AutoscalingRunnerSet,
  EphemeralRunner,
  EphemeralRunnerSet,
} from '@muster/api';
import type {
  Cache,
  Clock,
  KubeClient,
  Log,
  Pod,
  Role,
  RoleBinding,
  ServiceAccount,
} from '@muster/kube';
import type { Config } from './config.ts';
import type { GitHub } from './github.ts';
import type { Reads } from './reads.ts';
import type { Rights } from './rights.ts';
import type { Kept } from './kept.ts';
import type { ControllerMetrics } from './metrics/index.ts';

/** Local copies of everything that is watched. Secrets and ConfigMaps are not: rights forbid it. */
export interface Caches {
  runnerSets: Cache<AutoscalingRunnerSet>;
  listeners: Cache<AutoscalingListener>;
  sets: Cache<EphemeralRunnerSet>;
  runners: Cache<EphemeralRunner>;
  pods: Cache<Pod>;
  serviceAccounts: Cache<ServiceAccount>;
  roles: Cache<Role>;
  roleBindings: Cache<RoleBinding>;
}

/**
 * The index of `sets`, `runners`, `pods` and `serviceAccounts` by their controller's uid:
 * `caches.runners.find(BY_OWNER, set.metadata.uid)`.
 */
export const BY_OWNER = 'owner';

export interface Deps {
  caches: Caches;
  /** For reading what is not cached; `act` writes through the client that the loop hands it. */
  kube: KubeClient;
  github: GitHub;
  rights: Rights;
  /** Of Secrets and ConfigMaps. */
  reads: Reads;
  clock: Clock;
  config: Config;
  log: Log;
  /** What the CRDs of another operator drop from statuses. */
  kept: Kept;
  metrics: ControllerMetrics;
}
