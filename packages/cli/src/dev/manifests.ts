// What `helm install` of the two charts would apply, as objects: the operator's pod and rights
// (reference/charts.md 1.4 to 1.6), and one scale set with the manager's role beside it (2.14).
import { GROUP, LABELS } from '@muster/api';
import { IMAGES } from './images.ts';

export const OPERATOR_NAMESPACE = 'muster-system';

const OPERATOR = 'muster-gha-rs-controller';
const CREDENTIALS = 'github-config-secret';
const VERSION = '0.1.0';
const RBAC = 'rbac.authorization.k8s.io';

/** An object of any kind, as it is applied. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  [field: string]: unknown;
}

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

const FULL = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];
const KINDS = [
  'autoscalingrunnersets',
  'autoscalinglisteners',
  'ephemeralrunnersets',
  'ephemeralrunners',
];

const rule = (apiGroup: string, resource: string, verbs: string[]): Rule => ({
  apiGroups: [apiGroup],
  resources: [resource],
  verbs,
});

const OPERATOR_RULES: Rule[] = [
  ...KINDS.flatMap((kind) => [
    rule(GROUP, kind, FULL),
    rule(GROUP, `${kind}/finalizers`, ['patch', 'update']),
    rule(GROUP, `${kind}/status`, ['get', 'patch', 'update']),
  ]),
  rule('', 'pods', ['list', 'watch']),
  rule('', 'serviceaccounts', ['list', 'watch']),
  rule(RBAC, 'rolebindings', ['list', 'watch']),
  rule(RBAC, 'roles', ['list', 'watch', 'patch']),
  // Ours beside ARC's: what is notable is an Event in the namespace of its object.
  rule('', 'events', ['create', 'patch']),
];

const LISTENER_OBJECT_RULES: Rule[] = [
  rule('', 'pods', ['create', 'delete', 'get']),
  rule('', 'secrets', ['create', 'delete', 'get', 'patch', 'update']),
  rule('', 'serviceaccounts', ['create', 'delete', 'get', 'patch', 'update']),
];

const MANAGER_RULES: Rule[] = [
  rule('', 'pods', ['create', 'delete', 'get', 'patch']),
  rule('', 'secrets', ['create', 'delete', 'get', 'list', 'patch', 'update']),
  rule('', 'serviceaccounts', ['create', 'delete', 'get', 'list', 'patch', 'update']),
  rule(RBAC, 'rolebindings', ['create', 'delete', 'get', 'patch', 'update']),
  rule(RBAC, 'roles', ['create', 'delete', 'get', 'patch', 'update']),
];

interface Holder {
  kind: 'Role' | 'ClusterRole';
  name: string;
  namespace?: string;
}

/** A role, and its binding to the operator's ServiceAccount. */
function granted({ kind, name, namespace }: Holder, rules: Rule[]): Manifest[] {
  const metadata = { name, ...(namespace !== undefined && { namespace }) };
  const apiVersion = `${RBAC}/v1`;
  return [
    { apiVersion, kind, metadata, rules },
    {
      apiVersion,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: RBAC, kind, name },
      subjects: [{ kind: 'ServiceAccount', name: OPERATOR, namespace: OPERATOR_NAMESPACE }],
    },
  ];
}

const namespaceManifest = (name: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});

function operatorPod(): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: OPERATOR,
      namespace: OPERATOR_NAMESPACE,
      labels: {
        [LABELS.partOf]: 'gha-rs-controller',
        [LABELS.component]: 'controller-manager',
        [LABELS.version]: VERSION,
      },
    },
    spec: {
      serviceAccountName: OPERATOR,
      terminationGracePeriodSeconds: 10,
      restartPolicy: 'Always',
      volumes: [{ name: 'tmp', emptyDir: {} }],
      containers: [
        {
          name: 'manager',
          image: IMAGES.muster,
          imagePullPolicy: 'IfNotPresent',
          command: ['/manager'],
          args: [
            '--auto-scaling-runner-set-only',
            '--log-level=info',
            '--log-format=text',
            '--listener-metrics-addr=:8080',
            '--listener-metrics-endpoint=/metrics',
            '--metrics-addr=:8080',
          ],
          ports: [{ name: 'metrics', containerPort: 8080, protocol: 'TCP' }],
          env: [
            { name: 'CONTROLLER_MANAGER_CONTAINER_IMAGE', value: IMAGES.muster },
            {
              name: 'CONTROLLER_MANAGER_POD_NAMESPACE',
              valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } },
            },
          ],
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
        },
      ],
    },
  };
}

export const operatorManifests = (): Manifest[] => [
  namespaceManifest(OPERATOR_NAMESPACE),
  {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: OPERATOR, namespace: OPERATOR_NAMESPACE },
  },
  ...granted({ kind: 'ClusterRole', name: OPERATOR }, OPERATOR_RULES),
  ...granted(
    { kind: 'Role', name: `${OPERATOR}-listener`, namespace: OPERATOR_NAMESPACE },
    LISTENER_OBJECT_RULES,
  ),
  operatorPod(),
];

export interface ScaleSetWish {
  name: string;
  /** Made with it. */
  namespace: string;
  configUrl: string;
  minRunners: number;
  maxRunners: number;
}

export const scaleSetManifests = ({
  name,
  namespace,
  configUrl,
  minRunners,
  maxRunners,
}: ScaleSetWish): Manifest[] => [
  namespaceManifest(namespace),
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: CREDENTIALS, namespace },
    stringData: { github_token: 'a-token-of-the-simulator' },
  },
  ...granted({ kind: 'Role', name: `${name}-gha-rs-manager`, namespace }, MANAGER_RULES),
  {
    apiVersion: `${GROUP}/v1alpha1`,
    kind: 'AutoscalingRunnerSet',
    metadata: {
      name,
      namespace,
      labels: {
        [LABELS.partOf]: 'gha-rs',
        [LABELS.component]: 'autoscaling-runner-set',
        [LABELS.version]: VERSION,
      },
    },
    spec: {
      githubConfigUrl: configUrl,
      githubConfigSecret: CREDENTIALS,
      minRunners,
      maxRunners,
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [{ name: 'runner', image: IMAGES.runner, command: ['/home/runner/run.sh'] }],
        },
      },
    },
  },
];
