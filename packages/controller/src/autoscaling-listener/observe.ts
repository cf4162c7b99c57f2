// Everything that a listener's plan needs to know. Secrets are read: they are not watched.
import { SecretKind } from '@muster/kube';
import type { AutoscalingListener, AutoscalingRunnerSet, EphemeralRunnerSet } from '@muster/api';
import type { Pod, Role, RoleBinding, Secret, ServiceAccount } from '@muster/kube';
import { accessOf } from '../access.ts';
import type { Config } from '../config.ts';
import { isCredentialsError } from '../credentials.ts';
import type { CredentialsError, ResolvedAccess } from '../credentials.ts';
import type { Deps } from '../deps.ts';
import { configSecretName, proxySecretName } from './names.ts';

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
}

export async function observe(key: string, deps: Deps): Promise<Observed | undefined> {
  const { caches, clock, config, github, kube } = deps;
  const [namespace = '', name = ''] = key.split('/');
  const listener = caches.listeners.get({ namespace, name });
  if (listener === undefined) return undefined;
  const { spec } = listener;
  const setNamespace = spec.autoscalingRunnerSetNamespace;
  const [configSecret, proxySecret, access] = await Promise.all([
    kube.get(SecretKind, { namespace, name: configSecretName(name) }),
    kube.get(SecretKind, { namespace, name: proxySecretName(name) }),
    github.resolve(accessOf(setNamespace, spec)).catch((error: unknown) => {
      if (isCredentialsError(error)) return error;
      throw error;
    }),
  ]);
  return {
    now: clock.now(),
    config,
    listener,
    runnerSet: caches.runnerSets.get({
      namespace: setNamespace,
      name: spec.autoscalingRunnerSetName,
    }),
    set: caches.sets.get({ namespace: setNamespace, name: spec.ephemeralRunnerSetName }),
    there: {
      serviceAccount: caches.serviceAccounts.get({ namespace, name }),
      role: caches.roles.get({ namespace: setNamespace, name }),
      roleBinding: caches.roleBindings.get({ namespace: setNamespace, name }),
      configSecret,
      proxySecret,
      pod: caches.pods.get({ namespace, name }),
    },
    access,
  };
}
