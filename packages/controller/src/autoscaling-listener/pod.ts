// The listener's pod: our defaults, and the user's template over them (reference/controllers.md 5.4
// and 5.5). Unlike in ARC, what a template does not set keeps our default.
import { ANNOTATIONS, CONTAINERS, LISTENER_CONFIG, ownedBy } from '@muster/api';
import type { AutoscalingListener } from '@muster/api';
import type { Pod, Unsaved } from '@muster/kube';
import type { Config } from '../config.ts';
import type { ResolvedAccess } from '../credentials.ts';
import { merged } from '../propagation.ts';
import { probed } from './health.ts';
import { configSecretName, proxySecretName } from './names.ts';

type PodSpec = Pod['spec'];
type Container = PodSpec['containers'][number];

interface Mounted {
  metadata: { name: string; annotations?: Record<string, string> };
}

interface Making {
  access: ResolvedAccess;
  config: Config;
  /** The Secrets that it reads at its start. */
  mounts: readonly (Mounted | undefined)[];
}

type Placed = Unsaved<Pod> & { metadata: { namespace: string } };

export function listenerPod(listener: AutoscalingListener, making: Making): Placed {
  const { metadata, spec } = listener;
  const { template } = spec;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace,
      labels: merged(template?.metadata?.labels, metadata.labels),
      annotations: merged(template?.metadata?.annotations, {
        [CONFIG_HASH]: making.mounts.map(hashOf).join(''),
      }),
      ownerReferences: [ownedBy(listener)],
    },
    spec: probed(podSpec(defaults(listener, making), template?.spec), making.config),
  };
}

const CONFIG_HASH = 'actions.github.com/config-hash';

const hashOf = (mounted: Mounted | undefined): string =>
  mounted?.metadata.annotations?.[ANNOTATIONS.integrityHash] ?? '';

function defaults(listener: AutoscalingListener, making: Making): PodSpec {
  const { imagePullSecrets } = listener.spec;
  return {
    serviceAccountName: listener.metadata.name,
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 60,
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    ...(imagePullSecrets && {
      imagePullSecrets: imagePullSecrets.map(({ name = '' }) => ({ name })),
    }),
    containers: [container(listener, making)],
    volumes: [{ name: VOLUME, secret: { secretName: configSecretName(listener.metadata.name) } }],
  };
}

const VOLUME = 'listener-config';

function container(listener: AutoscalingListener, { access, config }: Making): Container {
  const port = Number(/:(\d+)$/.exec(config.listenerMetricsAddress)?.[1] ?? 0);
  const { directory, env, file } = LISTENER_CONFIG;
  return {
    name: CONTAINERS.listener,
    image: listener.spec.image,
    command: [...config.listenerCommand],
    env: [
      { name: env, value: `${directory}/${file}` },
      // Which of two processes holds the session (design.md, decision 13).
      { name: 'POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
      ...(config.forceGhes ? [{ name: 'GITHUB_ACTIONS_FORCE_GHES', value: '1' }] : []),
      ...proxyEnv(listener.metadata.name, access),
    ],
    ...(port > 0 && { ports: [{ name: 'metrics', containerPort: port, protocol: 'TCP' }] }),
    volumeMounts: [{ name: VOLUME, mountPath: directory, readOnly: true }],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  };
}

const proxyEnv = (listener: string, { proxy }: ResolvedAccess): NonNullable<Container['env']> =>
  Object.entries(proxy ?? {})
    .filter(([, value]) => value !== '')
    .map(([key]) => ({
      name: key,
      valueFrom: { secretKeyRef: { name: proxySecretName(listener), key } },
    }));

function podSpec(ours: PodSpec, theirs: PodSpec | undefined): PodSpec {
  if (theirs === undefined) return ours;
  const [listener] = ours.containers;
  const containers = (theirs as Partial<PodSpec>).containers ?? [];
  const own = containers.find(({ name }) => name === CONTAINERS.listener);
  return {
    ...ours,
    ...given(withoutAccount(theirs)),
    containers: [
      ...(listener ? [own ? overlaid(listener, own) : listener] : []),
      ...containers.filter(({ name }) => name !== CONTAINERS.listener),
    ],
    volumes: [...(ours.volumes ?? []), ...(theirs.volumes ?? [])],
  };
}

/** As in ARC, a template does not choose the account: the listener's rights hang on it. */
function withoutAccount(theirs: PodSpec): Partial<PodSpec> {
  const kept: Partial<PodSpec> = { ...theirs };
  delete kept.serviceAccountName;
  delete kept.serviceAccount;
  delete kept.automountServiceAccountToken;
  return kept;
}

const APPENDED = ['env', 'envFrom', 'args', 'ports', 'volumeMounts', 'volumeDevices'] as const;

function overlaid(ours: Container, theirs: Container): Container {
  const lists = APPENDED.flatMap((field) => {
    const both: unknown[] = [...(ours[field] ?? []), ...(theirs[field] ?? [])];
    return both.length > 0 ? [[field, both] as const] : [];
  });
  return { ...ours, ...given(theirs), ...Object.fromEntries(lists), name: ours.name };
}

/** Without what is not set: null in YAML, or nothing. */
const given = <T extends object>(fields: T): T =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  ) as T;
