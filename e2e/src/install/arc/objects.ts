// What ARC 0.14.2's controller makes of a runner set, written from reference/controllers.md 1.3 to 2.5.
import type { AutoscalingRunnerSet } from '@muster/api';

export const VERSION = '0.14.2';
export const AG = 'actions.github.com/v1alpha1';

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

export const labelsOf = ({ runners, set }: ArcNames): Record<string, string> => ({
  'app.kubernetes.io/name': set,
  'app.kubernetes.io/instance': set,
  'app.kubernetes.io/version': VERSION,
  'app.kubernetes.io/part-of': 'gha-rs',
  'actions.github.com/scale-set-name': set,
  'actions.github.com/scale-set-namespace': runners,
});

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

/** As ARC 0.13.1 and newer call it (reference/controllers.md Appendix C). */
export function listenerName({ metadata, spec }: AutoscalingRunnerSet, names: ArcNames): string {
  const { runnerGroup = '', githubConfigUrl = '' } = spec;
  let hash = 2166136261;
  for (const byte of Buffer.from(`${names.runners}@${runnerGroup}@${githubConfigUrl}`)) {
    hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  }
  const safe = String(hash).replaceAll(/\d/g, (digit) => '456789bcdf'.charAt(Number(digit)));
  return `${metadata.name}-${safe.slice(0, 8)}-listener`;
}

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
