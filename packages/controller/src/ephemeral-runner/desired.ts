// The Secret and the pod of a runner, as they should be. reference/controllers.md section 4.
import {
  contentHash,
  CONTAINERS,
  JIT_KEYS,
  KEEP_ANNOTATIONS,
  LABELS,
  ownedBy,
  RUNNER_ENV,
} from '@muster/api';
import type { EphemeralRunner } from '@muster/api';
import { PodKind, SecretKind } from '@muster/kube';
import type { Pod, Secret, Unsaved } from '@muster/kube';
import { merged, propagated } from '../propagation.ts';

export interface Settings {
  /** Of this program, for GitHub's statistics. */
  version: string;
  excludedLabelPrefixes: readonly string[];
}

export interface Registration {
  runnerId: number;
  runnerName: string;
  scaleSetId: number;
  jitConfig: string;
}

const base64 = (text: string | number): string => Buffer.from(String(text)).toString('base64');

export function jitSecret(
  runner: EphemeralRunner,
  registration: Registration,
  { excludedLabelPrefixes }: Settings,
): Unsaved<Secret> {
  const meta = runner.spec.ephemeralRunnerConfigSecretMetadata;
  const { name, namespace } = runner.metadata;
  return {
    apiVersion: SecretKind.apiVersion,
    kind: SecretKind.kind,
    metadata: {
      name,
      namespace,
      labels: propagated(meta?.labels, excludedLabelPrefixes),
      annotations: merged(meta?.annotations),
      ownerReferences: [ownedBy(runner)],
    },
    type: 'Opaque',
    data: {
      [JIT_KEYS.jitConfig]: base64(registration.jitConfig),
      [JIT_KEYS.runnerName]: base64(registration.runnerName),
      [JIT_KEYS.runnerId]: base64(registration.runnerId),
      [JIT_KEYS.scaleSetId]: base64(registration.scaleSetId),
    },
  };
}

/** What keeps drains and autoscalers from a pod that has a job. The template's own word counts more. */
export const BUSY = { labels: { [LABELS.busy]: 'true' }, annotations: KEEP_ANNOTATIONS };

type PodSpec = Pod['spec'];
type EnvVar = NonNullable<PodSpec['containers'][number]['env']>[number];

/** `isForJob`: it is made because a job waits. */
export function runnerPodOf(
  runner: EphemeralRunner,
  settings: Settings,
  { isForJob }: { isForJob: boolean },
): Unsaved<Pod> {
  const { name, namespace, labels, annotations } = runner.metadata;
  const template = runner.spec.metadata;
  const spec = podSpec(runner, settings);
  return {
    apiVersion: PodKind.apiVersion,
    kind: PodKind.kind,
    metadata: {
      name,
      namespace,
      labels: {
        ...propagated(merged(labels, template?.labels), settings.excludedLabelPrefixes),
        [LABELS.runnerPod]: 'True',
        [LABELS.podTemplateHash]: contentHash({ template, spec }),
        ...(isForJob && BUSY.labels),
      },
      annotations: merged(isForJob ? BUSY.annotations : {}, annotations, template?.annotations),
      ownerReferences: [ownedBy(runner)],
    },
    spec,
  };
}

function podSpec(runner: EphemeralRunner, settings: Settings): PodSpec {
  const spec = runner.spec.spec ?? { containers: [] };
  const env = runnerEnv(runner, settings);
  return {
    ...spec,
    containers: spec.containers.map((container) =>
      container.name === CONTAINERS.runner
        ? { ...container, env: [...(container.env ?? []), ...env] }
        : container,
    ),
  };
}

/** After the user's own and in ARC's order: of two with one name the later one counts. */
function runnerEnv({ metadata, spec }: EphemeralRunner, { version }: Settings): EnvVar[] {
  return [
    fromSecret(RUNNER_ENV.jitConfig, metadata.name, JIT_KEYS.jitConfig),
    { name: RUNNER_ENV.userAgent, value: `actions-runner-controller/${version}` },
    { name: RUNNER_ENV.deprecatedExitCode, value: '1' },
    ...proxyEnv(spec),
  ];
}

/** Only those that are configured. A runner made by hand may name the Secret and no proxy (BUG-20). */
function proxyEnv({ proxy, proxySecretRef }: EphemeralRunner['spec']): EnvVar[] {
  if (proxySecretRef === undefined || proxySecretRef === '') return [];
  return [
    ...(proxy?.http ? ['http_proxy'] : []),
    ...(proxy?.https ? ['https_proxy'] : []),
    ...((proxy?.noProxy ?? []).length > 0 ? ['no_proxy'] : []),
  ].map((name) => fromSecret(name, proxySecretRef, name));
}

const fromSecret = (name: string, secret: string, key: string): EnvVar => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key } },
});

/** Where GitHub's runner keeps its work, as far as the pod says. */
export const workFolderOf = ({ spec }: EphemeralRunner): string =>
  spec.spec?.containers.find(({ name }) => name === CONTAINERS.runner)?.workingDir ?? '';

/** With GitHub's container hooks a job makes pods and Secrets of its own. */
export const usesContainerHooks = ({ spec }: EphemeralRunner): boolean =>
  spec.spec?.containers
    .find(({ name }) => name === CONTAINERS.runner)
    ?.env?.some(({ name }) => name === 'ACTIONS_RUNNER_CONTAINER_HOOKS') ?? false;
