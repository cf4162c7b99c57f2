// Reads what a runner's plan needs, once: caches, and the JIT Secret when something hangs on it.
import { isDeleting, JIT_KEYS } from '@muster/api';
import type { EphemeralRunner } from '@muster/api';
import { SecretKind } from '@muster/kube';
import type { KubeObject, Pod, Secret } from '@muster/kube';
import type { Deps } from '../deps.ts';
import { spendsSlot } from '../runner-pod.ts';
import { setOf } from '../owner.ts';
import type { Memory } from './memory.ts';
import type { Jit, Observed } from './plan.ts';

export type ObserveDeps = Pick<Deps, 'kube' | 'clock' | 'kept'> & {
  caches: Pick<Deps['caches'], 'runners' | 'sets' | 'pods'>;
  memory: Memory;
};

export async function observe(key: string, deps: ObserveDeps): Promise<Observed | undefined> {
  const [namespace = '', name = ''] = key.split('/');
  const runner = deps.caches.runners.get({ namespace, name });
  if (runner === undefined) {
    deps.memory.forget(key);
    return undefined;
  }
  const found = deps.caches.pods.get({ namespace, name });
  const pod = found !== undefined && isOf(runner, found) ? found : undefined;
  return {
    runner,
    pod,
    nameTaken: found !== undefined && pod === undefined,
    jit: await jitOf(runner, pod, deps),
    settled: isSettled(runner, pod, deps),
    deregisteredAt: deps.memory.of(runner).deregisteredAt,
    now: deps.clock.now(),
  };
}

const isOf = (runner: EphemeralRunner, { metadata }: KubeObject): boolean =>
  metadata.ownerReferences?.some(({ uid }) => uid === runner.metadata.uid) ?? false;

/** The Secret matters before there is a pod, and until its id is in the status. */
async function jitOf(
  runner: EphemeralRunner,
  pod: Pod | undefined,
  { kube, clock, memory }: ObserveDeps,
): Promise<Jit> {
  const { jit } = memory.of(runner);
  if (jit !== undefined && clock.now() < jit.until) return jit.value;
  const isRecorded = runner.status?.runnerId !== undefined;
  if (isRecorded && (pod !== undefined || isDeleting(runner))) return { is: 'unread' };
  const { namespace, name } = runner.metadata;
  const secret = await kube.get(SecretKind, { namespace, name });
  if (secret === undefined) return { is: 'absent' };
  return isOf(runner, secret) ? readJit(secret) : { is: 'unusable' };
}

function readJit({ data = {} }: Secret): Jit {
  const text = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString('utf8');
  const runnerId = Number(text(JIT_KEYS.runnerId));
  if (!Number.isSafeInteger(runnerId) || runnerId <= 0) return { is: 'unusable' };
  if (text(JIT_KEYS.jitConfig) === '') return { is: 'unusable' };
  return { is: 'kept', runnerId, runnerName: text(JIT_KEYS.runnerName) };
}

function isSettled(runner: EphemeralRunner, pod: Pod | undefined, deps: ObserveDeps): boolean {
  if (!spendsSlot(runner, pod)) return true;
  const set = setOf(runner, deps.caches);
  if (set === undefined || isDeleting(set)) return true;
  const { generation, ended = [] } = deps.kept.whole(set).status?.slots ?? {};
  return generation === set.metadata.generation && ended.includes(runner.metadata.name);
}
