// What a fresh cluster holds: its namespaces and the usual cluster roles.
import type { JsonObject } from './json.ts';
import { MASTERS, resourceOf, SYSTEM, TABLES } from './world.ts';
import type { World } from './world.ts';
import { create } from './write.ts';

interface Seed {
  table: string;
  body: JsonObject & { metadata: JsonObject };
}

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const WORKLOADS = [
  {
    apiGroups: [''],
    resources: [
      'configmaps',
      'events',
      'pods',
      'pods/log',
      'pods/status',
      'serviceaccounts',
      'resourcequotas',
      'limitranges',
    ],
  },
  { apiGroups: ['coordination.k8s.io', 'networking.k8s.io', 'policy'], resources: ['*'] },
];
const SECRETS = { apiGroups: [''], resources: ['secrets'] };
const RBAC = { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'] };

const able = (verbs: string[], rules: JsonObject[]): JsonObject[] =>
  rules.map((rule) => ({ ...rule, verbs }));

const DISCOVERY = [
  '/api',
  '/api/*',
  '/apis',
  '/apis/*',
  '/healthz',
  '/livez',
  '/openapi',
  '/openapi/*',
  '/readyz',
  '/version',
  '/version/',
];

const ROLES: Record<string, JsonObject[]> = {
  'cluster-admin': [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ],
  admin: able([...READ, ...WRITE], [...WORKLOADS, SECRETS, RBAC]),
  edit: able([...READ, ...WRITE], [...WORKLOADS, SECRETS]),
  view: able(READ, WORKLOADS),
  'system:discovery': [{ nonResourceURLs: DISCOVERY, verbs: ['get'] }],
  'system:public-info-viewer': [
    { nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'], verbs: ['get'] },
  ],
  'system:basic-user': [
    {
      apiGroups: ['authorization.k8s.io'],
      resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      verbs: ['create'],
    },
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  ],
};

const BOUND: Record<string, string> = {
  'cluster-admin': MASTERS,
  'system:basic-user': 'system:authenticated',
  'system:discovery': 'system:authenticated',
  'system:public-info-viewer': 'system:authenticated',
};

const PRIORITIES = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

export function seed(world: World): void {
  const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
  const seeds: Seed[] = [
    ...['default', 'kube-system', 'kube-public', 'kube-node-lease'].map((name) => ({
      table: TABLES.namespaces,
      body: { metadata: { name } },
    })),
    ...Object.entries(ROLES).map(([name, rules]) => ({
      table: TABLES.clusterRoles,
      body: { metadata: { name, labels }, rules },
    })),
    ...Object.entries(PRIORITIES).map(([name, value]) => ({
      table: TABLES.priorityClasses,
      body: { metadata: { name }, value },
    })),
    ...Object.entries(BOUND).map(([name, group]) => ({
      table: TABLES.clusterRoleBindings,
      body: {
        metadata: { name, labels },
        roleRef: { kind: 'ClusterRole', name },
        subjects: [{ kind: 'Group', name: group }],
      },
    })),
  ];
  for (const { table, body } of seeds) {
    create(world, { resource: resourceOf(world, table), user: SYSTEM, dryRun: false }, body);
  }
}
