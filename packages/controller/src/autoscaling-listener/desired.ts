// The objects that a listener owns, as they should be (reference/controllers.md 5).
import { formatListenerConfig, GROUP, LABELS, LISTENER_CONFIG, ownedBy } from '@muster/api';
import type { AutoscalingListener, ResourceMeta } from '@muster/api';
import { PodKind, RoleBindingKind, RoleKind, SecretKind, ServiceAccountKind } from '@muster/kube';
import type { Kind, KubeObject, PolicyRule, Unsaved } from '@muster/kube';
import type { Config } from '../config.ts';
import type { ResolvedAccess } from '../credentials.ts';
import { sealed } from '../integrity.ts';
import { merged } from '../propagation.ts';
import { configSecretName, proxySecretName } from './names.ts';
import { listenerPod } from './pod.ts';
import type { There } from './observe.ts';

export interface Resource {
  /** Where it is among what is observed. */
  part: keyof There;
  kind: Kind;
  object: Unsaved<KubeObject> & { metadata: { namespace: string } };
}

/** One that is there. */
export interface Owned {
  part: keyof There;
  kind: Kind;
  object: KubeObject;
}

const KINDS = {
  pod: PodKind,
  configSecret: SecretKind,
  proxySecret: SecretKind,
  roleBinding: RoleBindingKind,
  role: RoleKind,
  serviceAccount: ServiceAccountKind,
} as const;

/** All that is there, in the order in which it goes. */
export const owned = ({ there }: { there: There }): Owned[] =>
  (Object.keys(KINDS) as (keyof There)[]).flatMap((part) => {
    const object = there[part];
    return object === undefined ? [] : [{ part, kind: KINDS[part], object }];
  });

export interface Wish {
  listener: AutoscalingListener;
  access: ResolvedAccess;
  config: Config;
}

/** In the order in which they are made: the pod needs all others. */
export function desired(wish: Wish): Resource[] {
  const { listener, access } = wish;
  const configSecret = secretOf(listener, configSecretName(listener.metadata.name), {
    [LISTENER_CONFIG.file]: formatConfig(wish),
  });
  const proxySecret =
    access.proxy &&
    secretOf(listener, proxySecretName(listener.metadata.name), { ...access.proxy });
  return [
    { part: 'serviceAccount', kind: ServiceAccountKind, object: serviceAccount(listener) },
    { part: 'role', kind: RoleKind, object: role(listener) },
    { part: 'roleBinding', kind: RoleBindingKind, object: roleBinding(listener) },
    { part: 'configSecret', kind: SecretKind, object: configSecret },
    ...(proxySecret
      ? [{ part: 'proxySecret', kind: SecretKind, object: proxySecret } as const]
      : []),
    {
      part: 'pod',
      kind: PodKind,
      // It reads the Secrets at its start, so it carries their hashes and is replaced with them.
      object: sealed(
        listenerPod(listener, { access, config: wish.config, mounts: [configSecret, proxySecret] }),
      ),
    },
  ];
}

const meta = (
  listener: AutoscalingListener,
  wished: ResourceMeta | undefined,
  labels: Record<string, string> = {},
) => ({
  name: listener.metadata.name,
  namespace: listener.metadata.namespace,
  labels: merged(wished?.labels, listener.metadata.labels, labels),
  ...(wished?.annotations && { annotations: wished.annotations }),
});

const serviceAccount = (listener: AutoscalingListener) =>
  sealed({
    apiVersion: ServiceAccountKind.apiVersion,
    kind: ServiceAccountKind.kind,
    metadata: {
      ...meta(listener, listener.spec.serviceAccountMetadata),
      ownerReferences: [ownedBy(listener)],
    },
  });

/** These two are where the runners are, so no owner reference reaches them. */
const besideRunners = (listener: AutoscalingListener, wished: ResourceMeta | undefined) => ({
  ...meta(listener, wished, {
    [LABELS.listenerNamespace]: listener.metadata.namespace,
    [LABELS.listenerName]: listener.metadata.name,
  }),
  namespace: listener.spec.autoscalingRunnerSetNamespace,
});

/** design.md, decision 12. ARC's listener finds all it needs in it too. */
const listenerRules = (setName: string): PolicyRule[] => [
  {
    apiGroups: [GROUP],
    resources: ['ephemeralrunnersets', 'ephemeralrunnersets/status'],
    resourceNames: [setName],
    verbs: ['patch'],
  },
  { apiGroups: [GROUP], resources: ['ephemeralrunners/status'], verbs: ['patch'] },
];

const role = (listener: AutoscalingListener) =>
  sealed({
    apiVersion: RoleKind.apiVersion,
    kind: RoleKind.kind,
    metadata: besideRunners(listener, listener.spec.roleMetadata),
    rules: listenerRules(listener.spec.ephemeralRunnerSetName),
  });

const roleBinding = (listener: AutoscalingListener) =>
  sealed({
    apiVersion: RoleBindingKind.apiVersion,
    kind: RoleBindingKind.kind,
    metadata: besideRunners(listener, listener.spec.roleBindingMetadata),
    roleRef: {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: RoleKind.kind,
      name: listener.metadata.name,
    },
    subjects: [
      {
        kind: ServiceAccountKind.kind,
        name: listener.metadata.name,
        namespace: listener.metadata.namespace,
      },
    ],
  });

function secretOf(listener: AutoscalingListener, name: string, texts: Record<string, string>) {
  const { labels, annotations = {} } = meta(listener, listener.spec.configSecretMetadata);
  return sealed({
    apiVersion: SecretKind.apiVersion,
    kind: SecretKind.kind,
    metadata: {
      name,
      namespace: listener.metadata.namespace,
      labels,
      annotations,
      ownerReferences: [ownedBy(listener)],
    },
    data: Object.fromEntries(
      Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
    ),
  });
}

function formatConfig({ listener: { spec }, access, config }: Wish): string {
  return formatListenerConfig({
    scaleSets: [
      {
        configUrl: access.configUrl,
        credentials: access.credentials,
        scaleSetId: spec.runnerScaleSetId,
        runnerSetName: spec.autoscalingRunnerSetName,
        setNamespace: spec.autoscalingRunnerSetNamespace,
        setName: spec.ephemeralRunnerSetName,
        minRunners: spec.minRunners ?? 0,
        // ARC leaves 0 out of the object; "no maximum" is always written.
        maxRunners: spec.maxRunners ?? 0,
        settleSeconds: config.settleSeconds,
        ...(access.rootCa !== undefined && { rootCa: access.rootCa }),
        ...(spec.metrics && { metrics: spec.metrics }),
      },
    ],
    logLevel: config.logLevel,
    logFormat: config.logFormat,
    metricsEndpoint: config.listenerMetricsEndpoint,
    ...(hasMetrics(config) && { metricsAddress: config.listenerMetricsAddress }),
  });
}

/** `0` and nothing are off. */
const hasMetrics = ({ listenerMetricsAddress }: Config): boolean =>
  !['', '0'].includes(listenerMetricsAddress);
