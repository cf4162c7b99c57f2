// ARC 0.14.2's two releases as its charts render them, written from reference/charts.md. Where its controller would run, a program stands
// that does nothing.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { arcDeployment } from '../../charts/arc.ts';
import type { Ground } from '../ground.ts';
import { AG, labelsOf, VERSION } from './objects.ts';
import type { ArcNames } from './objects.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** A chart with these objects, as they are. */
export async function writeChart(
  folder: string,
  name: string,
  objects: readonly object[],
): Promise<string> {
  const chart = join(folder, `arc-${name}`);
  await mkdir(join(chart, 'templates'), { recursive: true });
  const about = { apiVersion: 'v2', name, version: VERSION, appVersion: VERSION };
  await writeFile(join(chart, 'Chart.yaml'), JSON.stringify(about));
  const text = objects.map((object) => JSON.stringify(object)).join('\n---\n');
  await writeFile(join(chart, 'templates', 'all.yaml'), text);
  return chart;
}

const object = (kind: string, name: string, more: object = {}): object => ({
  apiVersion: kind.startsWith('Role') || kind.startsWith('Cluster') ? `${RBAC}/v1` : 'v1',
  kind,
  metadata: { name },
  ...more,
});

export const OPERATOR = 'arc-gha-rs-controller';

function bound(
  kind: 'Role' | 'ClusterRole',
  { name, rules }: { name: string; rules: readonly object[] },
  { system }: ArcNames,
): object[] {
  const subjects = [{ kind: 'ServiceAccount', name: OPERATOR, namespace: system }];
  return [
    object(kind, name, { rules }),
    object(`${kind}Binding`, name, { roleRef: { apiGroup: RBAC, kind, name }, subjects }),
  ];
}

const rule = (apiGroup: string, resource: string, verbs: string): object => ({
  ...{ apiGroups: [apiGroup], resources: [resource], verbs: verbs.split(' ') },
});

const GROUP = 'actions.github.com';
const KINDS = [
  'autoscalingrunnersets',
  'autoscalinglisteners',
  'ephemeralrunnersets',
  'ephemeralrunners',
] as const;

/** reference/charts.md 1.6 */
const CLUSTER_RULES = [
  ...KINDS.flatMap((kind) => [
    rule(GROUP, kind, 'create delete get list patch update watch'),
    rule(GROUP, `${kind}/finalizers`, 'patch update'),
    rule(GROUP, `${kind}/status`, 'get patch update'),
  ]),
  rule('', 'pods', 'list watch'),
  rule('', 'serviceaccounts', 'list watch'),
  rule(RBAC, 'rolebindings', 'list watch'),
  rule(RBAC, 'roles', 'list watch patch'),
];

/** reference/charts.md 1.6 */
const LISTENER_RULES = [
  rule('', 'pods', 'create delete get'),
  rule('', 'pods/status', 'get'),
  rule('', 'secrets', 'create delete get patch update'),
  rule('', 'serviceaccounts', 'create delete get patch update'),
];

/** It takes all of its grace to end, as it does not hear of SIGTERM. */
export function controllerRelease(names: ArcNames, { images }: Ground): object[] {
  const deployment = arcDeployment({ namespace: names.system }) as { spec: { template: object } };
  const container = { name: 'manager', image: images.runner, command: ['/bin/sleep', '3600'] };
  Object.assign(deployment.spec.template, {
    spec: {
      serviceAccountName: OPERATOR,
      terminationGracePeriodSeconds: 3,
      containers: [container],
    },
  });
  return [
    object('ServiceAccount', OPERATOR),
    deployment,
    ...bound('ClusterRole', { name: OPERATOR, rules: CLUSTER_RULES }, names),
    ...bound('Role', { name: `${OPERATOR}-listener`, rules: LISTENER_RULES }, names),
  ];
}

const protectedObject = (kind: string, name: string, more: object = {}): object => ({
  ...object(kind, name, more),
  metadata: { name, finalizers: ['actions.github.com/cleanup-protection'] },
});

/** reference/charts.md 2.14 */
const MANAGER_RULES = [
  rule('', 'pods', 'create delete get'),
  rule('', 'pods/status', 'get'),
  rule('', 'secrets', 'create delete get list patch update'),
  rule('', 'serviceaccounts', 'create delete get list patch update'),
  rule(RBAC, 'rolebindings', 'create delete get patch update'),
  rule(RBAC, 'roles', 'create delete get patch update'),
];

export interface ScaleSetWish {
  url: string;
  template: object;
  minRunners?: number;
}

export function scaleSetRelease(names: ArcNames, wish: ScaleSetWish): object[] {
  const { set, system } = names;
  const manager = `${set}-gha-rs-manager`;
  const subjects = [{ kind: 'ServiceAccount', name: OPERATOR, namespace: system }];
  const roleRef = { apiGroup: RBAC, kind: 'Role', name: manager };
  return [
    protectedObject('Secret', `${set}-gha-rs-github-secret`, {
      stringData: { github_token: 'a-token' },
    }),
    protectedObject('ServiceAccount', `${set}-gha-rs-no-permission`),
    protectedObject('Role', manager, { rules: MANAGER_RULES }),
    protectedObject('RoleBinding', manager, { roleRef, subjects }),
    {
      apiVersion: AG,
      kind: 'AutoscalingRunnerSet',
      metadata: {
        name: set,
        labels: { ...labelsOf(names), 'app.kubernetes.io/component': 'autoscaling-runner-set' },
        annotations: {
          'actions.github.com/values-hash': 'a'.repeat(63),
          'actions.github.com/cleanup-github-secret-name': `${set}-gha-rs-github-secret`,
          'actions.github.com/cleanup-manager-role-binding': manager,
          'actions.github.com/cleanup-manager-role-name': manager,
          'actions.github.com/cleanup-no-permission-service-account-name': `${set}-gha-rs-no-permission`,
        },
      },
      spec: {
        githubConfigUrl: wish.url,
        githubConfigSecret: `${set}-gha-rs-github-secret`,
        maxRunners: 3,
        ...(wish.minRunners !== undefined && { minRunners: wish.minRunners }),
        template: wish.template,
      },
    },
  ];
}
