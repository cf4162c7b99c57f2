// The built-in resources: those that an operator, its charts and a pod need.
import { preparePod } from './pods/defaults.ts';
import { validatePod } from './pods/validate.ts';
import * as columns from './columns.ts';
import { prepareCrd, validateCrd } from './crd.ts';
import { objectAt } from './json.ts';
import { defineResource } from './resource.ts';
import type { Resource } from './resource.ts';
import * as rules from './rules.ts';
import { kindSchema } from './schema/kinds.ts';
import { prepareService, validateService } from './workloads/service.ts';
import * as workload from './workloads/rules.ts';

const rbac = { group: 'rbac.authorization.k8s.io' };
const clusterWide = { namespaced: false };

const workloads = (): Resource[] => [
  defineResource({
    kind: 'Namespace',
    plural: 'namespaces',
    shortNames: ['ns'],
    ...clusterWide,
    subresources: ['status', 'finalize'],
    selectable: ['status.phase'],
    columns: columns.namespace,
    prepare: rules.prepareNamespace,
  }),
  defineResource({
    kind: 'Pod',
    plural: 'pods',
    shortNames: ['po'],
    categories: ['all'],
    subresources: [
      'status',
      'log',
      'binding',
      'ephemeralcontainers',
      'eviction',
      'exec',
      'attach',
      'portforward',
      'proxy',
      'resize',
    ],
    selectable: [
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'status.phase',
      'status.podIP',
    ],
    columns: columns.pod,
    counted: true,
    prepare: preparePod,
    validate: validatePod,
    graceSeconds: (pod) => Number(objectAt(pod, 'spec')?.['terminationGracePeriodSeconds'] ?? 30),
  }),
];

const appsScale = {
  replicas: '.spec.replicas',
  current: '.status.replicas',
  selector: '.spec.selector',
};

const apps = (): Resource[] => [
  defineResource({
    group: 'apps',
    kind: 'Deployment',
    plural: 'deployments',
    shortNames: ['deploy'],
    categories: ['all'],
    subresources: ['status', 'scale'],
    scale: appsScale,
    columns: columns.deployment,
    counted: true,
    prepare: workload.prepareDeployment,
    validate: workload.validateWorkload,
  }),
  defineResource({
    group: 'apps',
    kind: 'ReplicaSet',
    plural: 'replicasets',
    shortNames: ['rs'],
    categories: ['all'],
    subresources: ['status', 'scale'],
    scale: appsScale,
    columns: columns.replicaSet,
    counted: true,
    prepare: workload.prepareReplicaSet,
    validate: workload.validateWorkload,
  }),
  defineResource({
    kind: 'Service',
    plural: 'services',
    shortNames: ['svc'],
    categories: ['all'],
    subresources: ['status'],
    selectable: ['spec.clusterIP', 'spec.type'],
    columns: columns.service,
    prepare: prepareService,
    validate: validateService,
  }),
];

const settings = (): Resource[] => [
  defineResource({
    kind: 'Secret',
    plural: 'secrets',
    selectable: ['type'],
    columns: columns.secret,
    prepare: rules.prepareSecret,
    validate: rules.validateSecret,
  }),
  defineResource({
    kind: 'ConfigMap',
    plural: 'configmaps',
    shortNames: ['cm'],
    columns: columns.configMap,
    validate: rules.validateConfigMap,
  }),
  defineResource({
    kind: 'ServiceAccount',
    plural: 'serviceaccounts',
    shortNames: ['sa'],
    subresources: ['token'],
    columns: columns.serviceAccount,
  }),
];

const surroundings = (): Resource[] => [
  defineResource({
    kind: 'Event',
    plural: 'events',
    shortNames: ['ev'],
    selectable: rules.EVENT_FIELDS,
    columns: columns.event,
    prepare: rules.prepareEvent,
    validate: rules.validateEvent,
  }),
  defineResource({
    kind: 'Node',
    plural: 'nodes',
    shortNames: ['no'],
    ...clusterWide,
    subresources: ['status', 'proxy'],
    selectable: ['spec.unschedulable'],
    columns: columns.node,
  }),
  defineResource({
    kind: 'ResourceQuota',
    plural: 'resourcequotas',
    shortNames: ['quota'],
    subresources: ['status'],
    columns: columns.quota,
  }),
  defineResource({
    kind: 'LimitRange',
    plural: 'limitranges',
    shortNames: ['limits'],
    columns: columns.created,
  }),
];

const access = (): Resource[] => [
  defineResource({ ...rbac, kind: 'Role', plural: 'roles', columns: columns.created }),
  defineResource({
    ...rbac,
    kind: 'RoleBinding',
    plural: 'rolebindings',
    columns: columns.binding,
    prepare: rules.prepareBinding,
    validate: rules.validateBinding,
  }),
  defineResource({
    ...rbac,
    ...clusterWide,
    kind: 'ClusterRole',
    plural: 'clusterroles',
    columns: columns.created,
  }),
  defineResource({
    ...rbac,
    ...clusterWide,
    kind: 'ClusterRoleBinding',
    plural: 'clusterrolebindings',
    columns: columns.binding,
    prepare: rules.prepareBinding,
    validate: rules.validateBinding,
  }),
];

const others = (now: () => number): Resource[] => [
  defineResource({
    group: 'coordination.k8s.io',
    kind: 'Lease',
    plural: 'leases',
    columns: columns.lease,
    validate: rules.validateLease,
  }),
  defineResource({
    group: 'scheduling.k8s.io',
    ...clusterWide,
    kind: 'PriorityClass',
    plural: 'priorityclasses',
    shortNames: ['pc'],
    columns: columns.priorityClass,
    counted: true,
  }),
  defineResource({
    group: 'networking.k8s.io',
    kind: 'NetworkPolicy',
    plural: 'networkpolicies',
    shortNames: ['netpol'],
    columns: columns.networkPolicy,
    counted: true,
    prepare: rules.prepareNetworkPolicy,
  }),
  defineResource({
    group: 'policy',
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    shortNames: ['pdb'],
    subresources: ['status'],
    columns: columns.disruptionBudget,
    counted: true,
  }),
  defineResource({
    group: 'apiextensions.k8s.io',
    ...clusterWide,
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    shortNames: ['crd', 'crds'],
    subresources: ['status'],
    columns: columns.created,
    counted: true,
    prepare: prepareCrd(now),
    validate: validateCrd,
  }),
];

const reviews = (): Resource[] => {
  const review = (group: string, kind: string, namespaced = false): Resource =>
    defineResource({ group, kind, plural: `${kind.toLowerCase()}s`, namespaced, virtual: true });
  return [
    review('authentication.k8s.io', 'TokenReview'),
    review('authentication.k8s.io', 'SelfSubjectReview'),
    review('authorization.k8s.io', 'SubjectAccessReview'),
    review('authorization.k8s.io', 'LocalSubjectAccessReview', true),
    review('authorization.k8s.io', 'SelfSubjectAccessReview'),
    review('authorization.k8s.io', 'SelfSubjectRulesReview'),
  ];
};

const withSchema = (resource: Resource): Resource => ({
  ...resource,
  schema: kindSchema(resource),
});

export const builtinResources = (now: () => number): Resource[] =>
  [
    ...workloads(),
    ...apps(),
    ...settings(),
    ...surroundings(),
    ...access(),
    ...others(now),
    ...reviews(),
  ].map(withSchema);
