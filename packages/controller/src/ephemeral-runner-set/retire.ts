// Taking idle runners away: GitHub lets go of one first, then it is deleted.
import { EphemeralRunnerKind, JIT_KEYS } from '@muster/api';
import type { EphemeralRunner } from '@muster/api';
import { SecretKind } from '@muster/kube';
import type { KubeClient } from '@muster/kube';
import type { ActionsClient } from '@muster/actions';
import { accessOf } from '../access.ts';
import type { Deps } from '../deps.ts';
import { inParallel } from '../parallel.ts';
import type { Member } from './tally.ts';

const AT_ONCE = 16;

export interface RetireDeps {
  kube: KubeClient;
  github: Pick<Deps['github'], 'clientFor'>;
}

/** Walks the candidates until so many are gone, and says how many went; who has a job after all is passed over. */
export async function retireUpTo(
  atMost: number,
  candidates: readonly Member[],
  { kube, github }: RetireDeps,
): Promise<number> {
  const [first] = candidates;
  if (first === undefined) return 0;
  const { metadata, spec } = first.runner;
  const client = await github.clientFor(accessOf(metadata.namespace, spec));
  let left = atMost;
  let rest = candidates;
  while (left > 0 && rest.length > 0) {
    const wave = rest.slice(0, left);
    rest = rest.slice(left);
    await inParallel(wave, AT_ONCE, async (member) => {
      if (await letGo(member, { kube, client })) left -= 1;
    });
  }
  return atMost - left;
}

async function letGo(
  { runner, pod }: Member,
  { kube, client }: { kube: KubeClient; client: ActionsClient },
): Promise<boolean> {
  // Without a pod no job can land on it; its own reconciler deregisters it.
  const id = pod === undefined ? undefined : await runnerIdOf(runner, kube);
  // GitHub has the last word on idleness: a job may have landed since we looked.
  if (id !== undefined && (await client.removeRunner(id)) === 'busy') return false;
  const { namespace, name, uid } = runner.metadata;
  await kube.delete(EphemeralRunnerKind, { namespace, name }, { uid });
  return true;
}

/** Before its first status only its Secret knows. */
async function runnerIdOf(
  { metadata: { namespace, name }, status }: EphemeralRunner,
  kube: KubeClient,
): Promise<number | undefined> {
  if (status?.runnerId !== undefined) return status.runnerId;
  const secret = await kube.get(SecretKind, { namespace, name });
  const id = Number(Buffer.from(secret?.data?.[JIT_KEYS.runnerId] ?? '', 'base64').toString());
  return id > 0 ? id : undefined;
}
