// What ARC 0.14.2 leaves in a cluster, written from reference/charts.md and reference/controllers.md: two releases, and what its controller
// made of them, with a runner under a job. Where ARC's controller would run, a program stands that does nothing.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { arcDeployment } from '../charts/arc.ts';
import type { Ground } from './ground.ts';

const VERSION = '0.14.2';
const AG = 'actions.github.com/v1alpha1';
const RBAC = 'rbac.authorization.k8s.io';

export interface ArcNames {
  system: string;
  runners: string;
  /** Of the scale set, its release and its runner set. */
  set: string;
}

/** The generated names of what the controller made. */
export const madeBy = ({ set }: ArcNames): { set: string; runner: string; listener: string } => ({
  set: `${set}-x7k2p`,
  runner: `${set}-x7k2p-runner-q8w4z`,
  listener: `${set}-754b578d-listener`,
});

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

const OPERATOR = 'arc-gha-rs-controller';

function bound(kind: 'Role' | 'ClusterRole', name: string, { system }: ArcNames): object[] {
  const subjects = [{ kind: 'ServiceAccount', name: OPERATOR, namespace: system }];
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] }];
  return [
    object(kind, name, { rules }),
    object(`${kind}Binding`, name, { roleRef: { apiGroup: RBAC, kind, name }, subjects }),
  ];
}

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
    ...bound('ClusterRole', OPERATOR, names),
    ...bound('Role', `${OPERATOR}-listener`, names),
  ];
}

const protectedObject = (kind: string, name: string, more: object = {}): object => ({
  ...object(kind, name, more),
  metadata: { name, finalizers: ['actions.github.com/cleanup-protection'] },
});

const labelsOf = ({ runners, set }: ArcNames): Record<string, string> => ({
  'app.kubernetes.io/name': set,
  'app.kubernetes.io/instance': set,
  'app.kubernetes.io/version': VERSION,
  'app.kubernetes.io/part-of': 'gha-rs',
  'actions.github.com/scale-set-name': set,
  'actions.github.com/scale-set-namespace': runners,
});

const rule = (apiGroup: string, resource: string, verbs: string): object => ({
  ...{ apiGroups: [apiGroup], resources: [resource], verbs: verbs.split(' ') },
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

export function scaleSetRelease(
  names: ArcNames,
  wish: { url: string; template: object },
): object[] {
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
        template: wish.template,
      },
    },
  ];
}

export interface Made {
  url: string;
  template: { spec: object };
  scaleSetId: number;
  /** Of the runner set. */
  uid: string;
  runnerId: number;
  jit: string;
}

const owner = (kind: string, name: string, uid: string): object => ({
  ownerReferences: [
    { apiVersion: AG, kind, name, uid, controller: true, blockOwnerDeletion: true },
  ],
});

const madeLabels = (names: ArcNames, component: string): Record<string, string> => ({
  ...labelsOf(names),
  'app.kubernetes.io/part-of': 'gha-runner-scale-set',
  'app.kubernetes.io/component': component,
  'actions.github.com/organization': 'my-org',
});

const runnerSpec = ({ set }: ArcNames, { url, template, scaleSetId }: Made): object => ({
  githubConfigUrl: url,
  githubConfigSecret: `${set}-gha-rs-github-secret`,
  runnerScaleSetId: scaleSetId,
  ...template,
});

/** What the controller wrote on the runner set itself. */
export const runnerSetPatch = ({ set }: ArcNames, scaleSetId: number): object => ({
  metadata: {
    finalizers: ['autoscalingrunnerset.actions.github.com/finalizer'],
    labels: { 'actions.github.com/organization': 'my-org' },
    annotations: {
      'runner-scale-set-id': String(scaleSetId),
      'actions.github.com/runner-group-name': 'Default',
      'actions.github.com/runner-scale-set-name': set,
      'actions.github.com/change-hash': 'b'.repeat(10),
    },
  },
});

export const ephemeralRunnerSet = (names: ArcNames, made: Made): object => ({
  apiVersion: AG,
  kind: 'EphemeralRunnerSet',
  metadata: {
    namespace: names.runners,
    name: madeBy(names).set,
    labels: madeLabels(names, 'runner-set'),
    annotations: { 'actions.github.com/runner-spec-hash': 'c'.repeat(10) },
    finalizers: ['ephemeralrunnerset.actions.github.com/finalizer'],
    ...owner('AutoscalingRunnerSet', names.set, made.uid),
  },
  spec: { replicas: 1, patchID: 1, ephemeralRunnerSpec: runnerSpec(names, made) },
});

export const ephemeralRunner = (names: ArcNames, made: Made, setUid: string): object => ({
  apiVersion: AG,
  kind: 'EphemeralRunner',
  metadata: {
    namespace: names.runners,
    name: madeBy(names).runner,
    labels: madeLabels(names, 'runner'),
    annotations: { 'actions.github.com/patch-id': '1' },
    finalizers: [
      'ephemeralrunner.actions.github.com/finalizer',
      'ephemeralrunner.actions.github.com/runner-registration-finalizer',
    ],
    ...owner('EphemeralRunnerSet', madeBy(names).set, setUid),
  },
  spec: runnerSpec(names, made),
});

const text = (value: string | number): string => Buffer.from(String(value)).toString('base64');

export const jitSecret = (names: ArcNames, made: Made, runnerUid: string): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    namespace: names.runners,
    name: madeBy(names).runner,
    ...owner('EphemeralRunner', madeBy(names).runner, runnerUid),
  },
  data: {
    jitToken: text(made.jit),
    runnerName: text(madeBy(names).runner),
    runnerId: text(made.runnerId),
    scaleSetId: text(made.scaleSetId),
  },
});

export function runnerPod(names: ArcNames, made: Made, runnerUid: string): object {
  const { runner: name } = madeBy(names);
  const [container] = (made.template.spec as { containers: object[] }).containers;
  const key = { name, key: 'jitToken' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: names.runners,
      name,
      labels: { ...madeLabels(names, 'runner'), 'actions-ephemeral-runner': 'True' },
      ...owner('EphemeralRunner', name, runnerUid),
    },
    spec: {
      restartPolicy: 'Never',
      containers: [
        {
          ...container,
          env: [{ name: 'ACTIONS_RUNNER_INPUT_JITCONFIG', valueFrom: { secretKeyRef: key } }],
        },
      ],
    },
  };
}

export const listener = (names: ArcNames, made: Made): object => ({
  apiVersion: AG,
  kind: 'AutoscalingListener',
  metadata: {
    namespace: names.system,
    name: madeBy(names).listener,
    labels: madeLabels(names, 'runner-scale-set-listener'),
    finalizers: ['autoscalinglistener.actions.github.com/finalizer'],
  },
  spec: {
    githubConfigUrl: made.url,
    githubConfigSecret: `${names.set}-gha-rs-github-secret`,
    runnerScaleSetId: made.scaleSetId,
    autoscalingRunnerSetNamespace: names.runners,
    autoscalingRunnerSetName: names.set,
    ephemeralRunnerSetName: madeBy(names).set,
    maxRunners: 3,
    image: 'ghcr.io/actions/gha-runner-scale-set-controller:0.14.2',
  },
});
