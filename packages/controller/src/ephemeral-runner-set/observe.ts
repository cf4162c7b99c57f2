// Reads what a set's plan needs, once. Only a set with a proxy costs requests, and those once a minute.
import { contentHash, maxRunnersOf, NO_MAXIMUM } from '@muster/api';
import type { EphemeralRunnerSet } from '@muster/api';
import { SecretKind } from '@muster/kube';
import { isCredentialsError } from '../credentials.ts';
import { BY_OWNER } from '../deps.ts';
import type { Deps } from '../deps.ts';
import { limitsOf } from '../limits.ts';
import { runnerSetOf } from '../owner.ts';
import type { Memory } from './memory.ts';
import type { Observed, Policy } from './plan.ts';
import { proxySecretName, proxyState } from './proxy.ts';
import type { ProxyState } from './proxy.ts';

export type ObserveDeps = Pick<Deps, 'kube' | 'clock' | 'kept'> & {
  caches: Pick<Deps['caches'], 'runnerSets' | 'sets' | 'runners' | 'pods'>;
  config: Pick<Deps['config'], 'updateStrategy'>;
  github: Pick<Deps['github'], 'flatten'>;
  memory: Memory;
};

export async function observe(key: string, deps: ObserveDeps): Promise<Observed | undefined> {
  const [namespace = '', name = ''] = key.split('/');
  const { caches, memory, clock, kept } = deps;
  const stored = caches.sets.get({ namespace, name });
  if (stored === undefined) {
    memory.forget(key);
    return undefined;
  }
  const set = kept.whole(stored);
  const runners = caches.runners.find(BY_OWNER, set.metadata.uid);
  return {
    set,
    members: runners.map((runner) => {
      const pod = caches.pods.get({ namespace, name: runner.metadata.name });
      const isOwn = pod?.metadata.ownerReferences?.some(({ uid }) => uid === runner.metadata.uid);
      return { runner, pod: isOwn === true ? pod : undefined };
    }),
    proxy: await proxyOf(set, deps),
    policy: policyOf(set, deps),
    census: memory.of(set).census,
    reportedAt: memory.of(set).reportedAt,
    now: clock.now(),
  };
}

function policyOf(set: EphemeralRunnerSet, { caches, config }: ObserveDeps): Policy {
  const runnerSet = runnerSetOf(set, caches);
  const limits = limitsOf([set, runnerSet]);
  return {
    maxRunners: runnerSet ? maxRunnersOf(runnerSet) : NO_MAXIMUM,
    strategy: config.updateStrategy,
    unschedulableMs: limits.unschedulable,
    onlineMs: limits.online,
  };
}

const CHECK_EVERY_MS = 60_000;

async function proxyOf(
  set: EphemeralRunnerSet,
  { kube, github, memory, clock }: ObserveDeps,
): Promise<ProxyState> {
  const { proxy } = set.spec.ephemeralRunnerSpec;
  if (proxy === undefined || set.metadata.deletionTimestamp !== undefined) return { is: 'none' };
  const { namespace } = set.metadata;
  try {
    const flat = await github.flatten(namespace, proxy);
    const entry = memory.of(set);
    const hash = contentHash(flat);
    const checked = entry.proxy;
    if (checked?.hash === hash && clock.now() < checked.until) return { is: 'current' };
    const state = proxyState(
      await kube.get(SecretKind, { namespace, name: proxySecretName(set) }),
      flat,
    );
    if (state.is === 'current') entry.proxy = { hash, until: clock.now() + CHECK_EVERY_MS };
    return state;
  } catch (error) {
    if (isCredentialsError(error)) return { is: 'missing', message: error.message };
    throw error;
  }
}
