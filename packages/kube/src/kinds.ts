// The built-in kinds that operators touch, with the fields that they read.
import type { V1PodSpec } from '@kubernetes/client-node';
import type { Kind, KubeObject } from './object.ts';

/** client-node declares classes; what goes over the wire are plain objects of the same fields. */
type Plain<T> = T extends object ? { [Key in keyof T]: Plain<T[Key]> } : T;

interface ContainerState {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: { exitCode: number; reason?: string; message?: string; finishedAt?: string };
}

export interface ContainerStatus {
  name: string;
  ready?: boolean;
  restartCount?: number;
  state?: ContainerState;
  lastState?: ContainerState;
}

export interface PodStatus {
  phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  reason?: string;
  message?: string;
  podIP?: string;
  /** RFC 3339. */
  startTime?: string;
  conditions?: {
    type: string;
    status: 'True' | 'False' | 'Unknown';
    reason?: string;
    message?: string;
    lastTransitionTime?: string;
  }[];
  initContainerStatuses?: ContainerStatus[];
  containerStatuses?: ContainerStatus[];
}

export interface Pod extends KubeObject {
  spec: Plain<V1PodSpec>;
  status?: PodStatus;
}

export interface Secret extends KubeObject {
  type?: string;
  /** Base64. */
  data?: Record<string, string>;
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

export interface ServiceAccount extends KubeObject {
  imagePullSecrets?: { name?: string }[];
}

export interface PolicyRule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

export interface Role extends KubeObject {
  rules: PolicyRule[];
}

export interface RoleBinding extends KubeObject {
  roleRef: { apiGroup: string; kind: string; name: string };
  subjects: { kind: string; name: string; namespace?: string; apiGroup?: string }[];
}

const core = <T extends KubeObject>(kind: string, plural: string): Kind<T> => ({
  apiVersion: 'v1',
  kind,
  plural,
  namespaced: true,
});

const rbac = <T extends KubeObject>(kind: string, plural: string): Kind<T> => ({
  ...core<T>(kind, plural),
  apiVersion: 'rbac.authorization.k8s.io/v1',
});

export const PodKind = core<Pod>('Pod', 'pods');
export const SecretKind = core<Secret>('Secret', 'secrets');
export const ConfigMapKind = core<ConfigMap>('ConfigMap', 'configmaps');
export const ServiceAccountKind = core<ServiceAccount>('ServiceAccount', 'serviceaccounts');
export const RoleKind = rbac<Role>('Role', 'roles');
export const RoleBindingKind = rbac<RoleBinding>('RoleBinding', 'rolebindings');
