// Everything that a listener's plan needs to know. Secrets are read: they are not watched.
import type { AutoscalingListener, AutoscalingRunnerSet, EphemeralRunnerSet } from '@muster/api';
import { isKubeError } from '@muster/kube';
import type { Pod, Role, RoleBinding, Secret, ServiceAccount } from '@muster/kube';
import { accessOf } from '../access.ts';
import type { Config } from '../config.ts';
import { CredentialsError, isCredentialsError } from '../credentials.ts';
import type { ResolvedAccess } from '../credentials.ts';
import type { Deps } from '../deps.ts';
import type { Memory, Refusal } from './memory.ts';
import { configSecretName, proxySecretName } from './names.ts';
import { podState } from './pod-state.ts';
import type { Turns } from './turns.ts';

/** What a listener owns, as it is. */
export interface There {
  serviceAccount?: ServiceAccount | undefined;
  role?: Role | undefined;
  roleBinding?: RoleBinding | undefined;
  configSecret?: Secret | undefined;
  proxySecret?: Secret | undefined;
  pod?: Pod | undefined;
}

export interface Observed {
  now: number;
  config: Config;
  listener: AutoscalingListener;
  runnerSet?: AutoscalingRunnerSet | undefined;
  /** The set that it scales; its status says how the listener fares. */
  set?: EphemeralRunnerSet | undefined;
  there: There;
  /** The way to GitHub, or why there is none. */
  access: ResolvedAccess | CredentialsError;
  /** Not too many others are being replaced. */
  hasTurn: boolean;
  /** The pod that the API server did not take. */
  refusal: Refusal | undefined;
}

export type ObserveDeps = Pick<
  Deps,
  'caches' | 'clock' | 'config' | 'github' | 'kept' | 'reads'
> & { memory: Memory; turns: Turns };

export async function observe(key: string, deps: ObserveDeps): Promise<Observed | undefined> {
  const { caches, clock, config, kept, memory, turns } = deps;
  const [namespace = '', name = ''] = key.split('/');
  const listener = caches.listeners.get({ namespace, name });
  if (listener === undefined || isAnothers(listener, config)) {
    memory.forget(key);
    return undefined;
  }
  const { spec } = listener;
  const setNamespace = spec.autoscalingRunnerSetNamespace;
  const [secrets, way] = await Promise.all([secretsOf(listener, deps), accessFor(listener, deps)]);
  const access = isCredentialsError(secrets) ? secrets : way;
  const now = clock.now();
  return {
    now,
    config,
    listener: kept.whole(listener),
    runnerSet: caches.runnerSets.get({
      namespace: setNamespace,
      name: spec.autoscalingRunnerSetName,
    }),
    set: caches.sets.get({ namespace: setNamespace, name: spec.ephemeralRunnerSetName }),
    there: {
      serviceAccount: caches.serviceAccounts.get({ namespace, name }),
      role: caches.roles.get({ namespace: setNamespace, name }),
      roleBinding: caches.roleBindings.get({ namespace: setNamespace, name }),
      ...(isCredentialsError(secrets) ? {} : secrets),
      pod: caches.pods.get({ namespace, name }),
    },
    access,
    hasTurn: turns.isFree(key, { now, isBack: isBackIn(caches, now) }),
    refusal: memory.refusalOf(listener),
  };
}

/** Operators that watch one namespace each may share theirs, and see there each other's listeners. */
const isAnothers = ({ spec }: AutoscalingListener, { watchNamespace }: Config): boolean =>
  watchNamespace !== undefined && spec.autoscalingRunnerSetNamespace !== watchNamespace;

async function secretsOf(
  listener: AutoscalingListener,
  { reads }: ObserveDeps,
): Promise<Pick<There, 'configSecret' | 'proxySecret'> | CredentialsError> {
  const { namespace, name } = listener.metadata;
  try {
    const [configSecret, proxySecret] = await Promise.all([
      reads.secret({ namespace, name: configSecretName(name) }),
      mayHaveProxy(listener) ? reads.secret({ namespace, name: proxySecretName(name) }) : undefined,
    ]);
    return { configSecret, proxySecret };
  } catch (error) {
    if (!isKubeError(error, 'forbidden')) throw error;
    const message = `its own Secret ${configSecretName(name)} may not be read: ${error.message}`;
    return new CredentialsError('forbidden', message);
  }
}

/** It has one, or had one until a moment ago: absence is not kept, and would be asked for time and again. */
function mayHaveProxy({ metadata, spec, status }: AutoscalingListener): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const isSettled = ready !== undefined && ready.observedGeneration === metadata.generation;
  return spec.proxy !== undefined || metadata.deletionTimestamp !== undefined || !isSettled;
}

const accessFor = (
  { spec }: AutoscalingListener,
  { github }: ObserveDeps,
): Promise<ResolvedAccess | CredentialsError> =>
  github.resolve(accessOf(spec.autoscalingRunnerSetNamespace, spec)).catch((error: unknown) => {
    if (isCredentialsError(error)) return error;
    throw error;
  });

/** Whether a listener runs again in another pod than this, or is gone. */
const isBackIn =
  ({ listeners, pods }: Pick<Deps['caches'], 'listeners' | 'pods'>, now: number) =>
  (key: string, oldPod: string): boolean => {
    const [namespace = '', name = ''] = key.split('/');
    if (listeners.get({ namespace, name }) === undefined) return true;
    const pod = pods.get({ namespace, name });
    return pod?.metadata.uid !== oldPod && podState(pod, now).is === 'running';
  };
