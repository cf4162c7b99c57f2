// One action, one case; nothing is decided here.
import {
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
  FINALIZERS,
  withoutFinalizers,
} from '@muster/api';
import type { EphemeralRunner, EphemeralRunnerSet } from '@muster/api';
import { SecretKind } from '@muster/kube';
import type { At, Clock, KubeClient } from '@muster/kube';
import type { Deps } from '../deps.ts';
import { inParallel } from '../parallel.ts';
import { takeCensus } from './census-taking.ts';
import { runnerOf } from './desired.ts';
import type { Settings } from './desired.ts';
import type { Memory } from './memory.ts';
import type { Action, Observed } from './plan.ts';
import { proxySecret, proxySecretName } from './proxy.ts';
import type { UnsettledProxy } from './proxy.ts';
import type { Report } from './report.ts';
import type { Tally } from './tally.ts';
import { retireUpTo } from './retire.ts';

export interface ActDeps {
  kube: KubeClient;
  github: Pick<Deps['github'], 'clientFor'>;
  caches: Pick<Deps['caches'], 'sets'>;
  clock: Clock;
  config: Settings;
  memory: Memory;
  kept: Deps['kept'];
  metrics: Deps['metrics'];
}

const AT_ONCE = 32;

type Step<Do extends Action['do']> = (
  action: Action & { do: Do },
  observed: Observed,
  deps: ActDeps,
) => Promise<void>;

const STEPS: { [Do in Action['do']]: Step<Do> } = {
  hold: (_, { set }, { kube }) =>
    patchFinalizers(set, [...(set.metadata.finalizers ?? []), FINALIZERS.set], kube),
  release: (_, { set }, { kube }) =>
    patchFinalizers(set, withoutFinalizers(set, [FINALIZERS.set]), kube),
  create: ({ names }, { set }, { kube, config }) =>
    inParallel(names, AT_ONCE, async (name) => {
      await kube.create(EphemeralRunnerKind, runnerOf(set, name, config));
    }),
  clear: ({ runners, why }, { set }, { kube, metrics }) =>
    inParallel(runners, AT_ONCE, async (runner) => {
      await deleteRunner(runner, kube);
      metrics.removed(set, why, 1);
    }),
  retire: async ({ atMost, candidates }, { set }, deps) => {
    deps.metrics.removed(set, 'surplus', await retireUpTo(atMost, candidates, deps));
  },
  renew: (action, { set }, deps) => renew(action, set, deps),
  'take-census': ({ tally }, observed, deps) => count(tally, observed, deps),
  report: ({ status }, { set }, deps) => report(set, status, deps),
  'settle-proxy-secret': ({ proxy }, { set }, { kube }) => settleProxySecret(proxy, set, kube),
  wait: () => Promise.resolve(),
};

export const act = (action: Action, observed: Observed, deps: ActDeps): Promise<void> =>
  (STEPS[action.do] as Step<Action['do']>)(action, observed, deps);

/** Once a census: another one says whether that was enough. */
async function renew(
  { atMost, candidates }: Action & { do: 'retire' | 'renew' },
  set: EphemeralRunnerSet,
  deps: ActDeps,
): Promise<void> {
  const entry = deps.memory.of(set);
  if (entry.census) entry.census = { ...entry.census, missing: 0 };
  deps.metrics.removed(set, 'offline', await retireUpTo(atMost, candidates, deps));
}

async function count(
  tally: Tally,
  { set, policy: { onlineMs } }: Observed,
  { memory, clock, github, caches }: ActDeps,
): Promise<void> {
  const entry = memory.of(set);
  const given = { set, tally, onlineMs, now: clock.now(), sets: () => caches.sets.list() };
  entry.census = await takeCensus(given, entry.census, github);
}

async function report(
  set: EphemeralRunnerSet,
  status: Report,
  { kube, kept, memory, clock }: ActDeps,
): Promise<void> {
  const answer = await kube.patchStatus(EphemeralRunnerSetKind, atOf(set), { status });
  kept.note(set, status, answer);
  memory.of(set).reportedAt = clock.now();
}

async function settleProxySecret(
  proxy: UnsettledProxy,
  set: EphemeralRunnerSet,
  kube: KubeClient,
): Promise<void> {
  const at = { namespace: set.metadata.namespace, name: proxySecretName(set) };
  if (proxy.is === 'unwanted') {
    await kube.delete(SecretKind, at);
    return;
  }
  const secret = proxySecret(set, proxy.flat);
  if (proxy.is === 'absent') {
    await kube.create(SecretKind, secret);
    return;
  }
  const { labels, annotations, ownerReferences } = secret.metadata;
  const metadata = { labels, annotations, ownerReferences };
  await kube.patch(SecretKind, at, { metadata, data: secret.data });
}

const atOf = ({ metadata: { namespace, name } }: EphemeralRunnerSet): At => ({ namespace, name });

/** With the version that was read: another's finalizer must not be lost to an old list. */
async function patchFinalizers(
  set: EphemeralRunnerSet,
  finalizers: string[],
  kube: KubeClient,
): Promise<void> {
  const { resourceVersion } = set.metadata;
  await kube.patch(EphemeralRunnerSetKind, atOf(set), {
    metadata: { finalizers, resourceVersion },
  });
}

async function deleteRunner({ metadata }: EphemeralRunner, kube: KubeClient): Promise<void> {
  const { namespace, name, uid } = metadata;
  await kube.delete(EphemeralRunnerKind, { namespace, name }, { uid });
}
