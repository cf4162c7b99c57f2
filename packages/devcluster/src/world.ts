// What every part of the API works on.
import type { Signer } from './auth/tokens.ts';
import type { KubeObject } from './object.ts';
import type { Registry, Resource } from './resource.ts';
import type { Store } from './store.ts';

export interface User {
  name: string;
  uid?: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

export interface World {
  store: Store;
  registry: Registry;
  signer: Signer;
  now: () => number;
  newUid: () => string;
  ca: string;
  serverUrl: string;
}

/** Where a write goes, and on whose behalf. */
export interface Target {
  resource: Resource;
  namespace?: string | undefined;
  user: User;
  dryRun: boolean;
}

/** An object about to be written, and what it replaces. */
export interface Writing {
  draft: KubeObject;
  before?: KubeObject;
}

/** Group of those who may do anything. */
export const MASTERS = 'system:masters';

/** The cluster's own controllers. */
export const SYSTEM: User = { name: 'system:controller', groups: [MASTERS] };

export const TABLES = {
  budgets: 'poddisruptionbudgets.policy',
  clusterRoles: 'clusterroles.rbac.authorization.k8s.io',
  clusterRoleBindings: 'clusterrolebindings.rbac.authorization.k8s.io',
  configMaps: 'configmaps',
  crds: 'customresourcedefinitions.apiextensions.k8s.io',
  deployments: 'deployments.apps',
  limitRanges: 'limitranges',
  namespaces: 'namespaces',
  pods: 'pods',
  priorityClasses: 'priorityclasses.scheduling.k8s.io',
  quotas: 'resourcequotas',
  replicaSets: 'replicasets.apps',
  roles: 'roles.rbac.authorization.k8s.io',
  roleBindings: 'rolebindings.rbac.authorization.k8s.io',
  serviceAccounts: 'serviceaccounts',
} as const;

/** The built-in resource of a table; it is there by construction. */
export function resourceOf(world: World, table: string): Resource {
  const resource = world.registry.ofTable(table);
  if (resource === undefined) throw new Error(`no resource has the table ${table}`);
  return resource;
}
