// The objects that a runner set owns, as they should be (reference/controllers.md 2.2.12).
import {
  annotation,
  ANNOTATIONS,
  API_VERSION,
  COMPONENTS,
  LABELS,
  listenerName,
  maxRunnersOf,
  minRunnersOf,
  ownedBy,
  PART_OF,
  scaleSetNameOf,
} from '@muster/api';
import type {
  AutoscalingListener,
  AutoscalingListenerSpec,
  AutoscalingRunnerSet,
  EphemeralRunnerSet,
  EphemeralRunnerSpec,
  ResourceMeta,
  Unsaved,
} from '@muster/api';
import { githubFields } from '../access.ts';
import type { Config } from '../config.ts';
import { sealed } from '../integrity.ts';
import { urlLabels } from '../labels.ts';
import { merged, propagated } from '../propagation.ts';

type Labels = Record<string, string>;

function labelsFor(
  { metadata, spec }: AutoscalingRunnerSet,
  component: string,
  { meta, config }: { meta: ResourceMeta | undefined; config: Config },
): Labels {
  return merged(propagated(meta?.labels, config.excludedLabelPrefixes), {
    ...propagated(metadata.labels, config.excludedLabelPrefixes),
    ...urlLabels(spec.githubConfigUrl ?? ''),
    [LABELS.partOf]: PART_OF,
    [LABELS.component]: component,
    [LABELS.scaleSetName]: metadata.name,
    [LABELS.scaleSetNamespace]: metadata.namespace,
  });
}

const githubAnnotations = (runnerSet: AutoscalingRunnerSet): Labels => ({
  [ANNOTATIONS.runnerGroup]:
    annotation(runnerSet, ANNOTATIONS.runnerGroup) ?? runnerSet.spec.runnerGroup ?? 'Default',
  [ANNOTATIONS.scaleSetName]:
    annotation(runnerSet, ANNOTATIONS.scaleSetName) ?? scaleSetNameOf(runnerSet),
});

interface SetWish {
  runnerSet: AutoscalingRunnerSet;
  scaleSetId: number;
  name: string;
  /** The runners' pods: as the runner set has them now, or as it had them when they were last good. */
  template: Pick<EphemeralRunnerSpec, 'metadata' | 'spec'> | undefined;
}

/** `replicas` and `patchID` are the listener's; they are 0 only at the start. */
export function desiredSet(
  { runnerSet, scaleSetId, name, template }: SetWish,
  config: Config,
): Unsaved<EphemeralRunnerSet> {
  const { metadata, spec } = runnerSet;
  const meta = spec.ephemeralRunnerSetMetadata;
  return sealed({
    apiVersion: API_VERSION,
    kind: 'EphemeralRunnerSet',
    metadata: {
      name,
      namespace: metadata.namespace,
      labels: labelsFor(runnerSet, COMPONENTS.set, { meta, config }),
      annotations: merged(meta?.annotations, githubAnnotations(runnerSet)),
      ownerReferences: [ownedBy(runnerSet)],
    },
    spec: {
      replicas: 0,
      patchID: 0,
      ...(spec.ephemeralRunnerMetadata && {
        ephemeralRunnerMetadata: spec.ephemeralRunnerMetadata,
      }),
      ephemeralRunnerSpec: {
        ...githubFields(spec),
        runnerScaleSetId: scaleSetId,
        ...(spec.ephemeralRunnerConfigSecretMetadata && {
          ephemeralRunnerConfigSecretMetadata: spec.ephemeralRunnerConfigSecretMetadata,
        }),
        ...(template?.metadata && { metadata: template.metadata }),
        ...(template?.spec && { spec: template.spec }),
      },
    },
  });
}

/** It is in another namespace, so nothing but its spec says whose it is. */
export function desiredListener(
  {
    runnerSet,
    setName,
    scaleSetId,
  }: { runnerSet: AutoscalingRunnerSet; setName: string; scaleSetId: number },
  config: Config,
): Unsaved<AutoscalingListener> {
  const { spec } = runnerSet;
  const meta = spec.autoscalingListener;
  return sealed({
    apiVersion: API_VERSION,
    kind: 'AutoscalingListener',
    metadata: {
      name: listenerName(runnerSet),
      namespace: config.namespace,
      labels: labelsFor(runnerSet, COMPONENTS.listener, { meta, config }),
      annotations: merged(meta?.annotations, githubAnnotations(runnerSet)),
    },
    spec: {
      ...githubFields(spec),
      runnerScaleSetId: scaleSetId,
      autoscalingRunnerSetNamespace: runnerSet.metadata.namespace,
      autoscalingRunnerSetName: runnerSet.metadata.name,
      ephemeralRunnerSetName: setName,
      minRunners: minRunnersOf(runnerSet),
      maxRunners: maxRunnersOf(runnerSet),
      image: config.listenerImage,
      ...(config.imagePullSecrets.length > 0 && {
        imagePullSecrets: config.imagePullSecrets.map((name) => ({ name })),
      }),
      ...listenerChoices(runnerSet),
    },
  });
}

function listenerChoices({ spec }: AutoscalingRunnerSet): Partial<AutoscalingListenerSpec> {
  const choices = {
    metrics: spec.listenerMetrics,
    template: spec.listenerTemplate,
    configSecretMetadata: spec.listenerConfigSecretMetadata,
    serviceAccountMetadata: spec.listenerServiceAccountMetadata,
    roleMetadata: spec.listenerRoleMetadata,
    roleBindingMetadata: spec.listenerRoleBindingMetadata,
  };
  return Object.fromEntries(Object.entries(choices).filter(([, choice]) => choice !== undefined));
}
