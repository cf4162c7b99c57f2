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
import { runnerOf } from './desired.ts';
import type { Settings } from './desired.ts';
import type { Memory } from './memory.ts';
import type { Action, Observed } from './plan.ts';
import { proxySecret, proxySecretName } from './proxy.ts';
import type { UnsettledProxy } from './proxy.ts';
import type { Report } from './report.ts';
import { retireUpTo } from './retire.ts';

export interface ActDeps {
  kube: KubeClient;
  github: Pick<Deps['github'], 'clientFor'>;
  clock: Clock;
  config: Settings;
  memory: Memory;
  kept: Deps['kept'];
}

const AT_ONCE = 32;

export async function act(action: Action, { set }: Observed, deps: ActDeps): Promise<void> {
  const { kube } = deps;
  switch (action.do) {
    case 'hold':
      return patchFinalizers(set, [...(set.metadata.finalizers ?? []), FINALIZERS.set], kube);
    case 'release':
      return patchFinalizers(set, withoutFinalizers(set, [FINALIZERS.set]), kube);
    case 'create':
      return inParallel(action.names, AT_ONCE, async (name) => {
        await kube.create(EphemeralRunnerKind, runnerOf(set, name, deps.config));
      });
    case 'clear':
      return inParallel(action.runners, AT_ONCE, (runner) => deleteRunner(runner, kube));
    case 'retire':
      return retireUpTo(action.atMost, action.candidates, deps);
    case 'report':
      return report(set, action.status, deps);
    case 'settle-proxy-secret':
      return settleProxySecret(action.proxy, set, kube);
    case 'wait':
      return;
  }
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
