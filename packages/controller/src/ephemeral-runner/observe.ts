// Reads what a runner's plan needs, once: caches, and the JIT Secret when something hangs on it.
import { hasJob, isDeleting, JIT_KEYS, LABELS } from '@muster/api';
import type { AutoscalingRunnerSet, EphemeralRunner, EphemeralRunnerSet } from '@muster/api';
import { SecretKind } from '@muster/kube';
import type { KubeObject, Pod, Secret } from '@muster/kube';
import type { Deps } from '../deps.ts';
import { spendsSlot } from '../runner-pod.ts';
import { limitsOf } from '../limits.ts';
import { runnerSetOf, setOf } from '../owner.ts';
import { farewellOf } from './farewell.ts';
import { fateOf } from './loss.ts';
import type { Memory } from './memory.ts';
import type { Jit, Observed } from './plan.ts';

export type ObserveDeps = Pick<Deps, 'kube' | 'clock' | 'kept' | 'rights'> & {
  caches: Pick<Deps['caches'], 'runnerSets' | 'runners' | 'sets' | 'pods'>;
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
  const pod = found && isOf(runner, found) ? found : undefined;
  const set = setOf(runner, deps.caches);
  const runnerSet = set && runnerSetOf(set, deps.caches);
  return {
    runner,
    pod,
    fate: fateSeen(runner, pod, deps.memory),
    nameTaken: found !== undefined && pod === undefined,
    jit: await jitOf(runner, pod, deps),
    settled: isSettled(runner, pod, { set, kept: deps.kept }),
    isOver: isOver(runner, set),
    isLossKnown: isLossKnown(runner, runnerSet),
    limits: limitsOf([runner, set, runnerSet]),
    farewell: farewellOf([runner, set, runnerSet]),
    mayMarkPods: await mayMarkPods(runner, pod, deps),
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

const isOver = ({ metadata }: EphemeralRunner, set: EphemeralRunnerSet | undefined): boolean =>
  set?.spec.finishedRunners?.includes(metadata.name) ?? false;

const isLossKnown = (
  { metadata }: EphemeralRunner,
  runnerSet: AutoscalingRunnerSet | undefined,
): boolean => runnerSet?.status?.lostJobs?.[metadata.name] !== undefined;

interface Accounts {
  set: EphemeralRunnerSet | undefined;
  kept: Deps['kept'];
}

function isSettled(
  runner: EphemeralRunner,
  pod: Pod | undefined,
  { set, kept }: Accounts,
): boolean {
  if (!spendsSlot(runner, pod)) return true;
  if (set === undefined || isDeleting(set) || isOver(runner, set)) return true;
  const { generation, ended = [] } = kept.whole(set).status?.slots ?? {};
  return generation === set.metadata.generation && ended.includes(runner.metadata.name);
}

/** A pod that is gone cannot say any more why. */
function fateSeen(
  runner: EphemeralRunner,
  pod: Pod | undefined,
  memory: Memory,
): string | undefined {
  const recollection = memory.of(runner);
  const fate = pod && fateOf(pod);
  if (fate !== undefined) recollection.fate = fate;
  return recollection.fate;
}

/** Asked once there is a reason to: ARC's charts do not grant it. */
async function mayMarkPods(
  runner: EphemeralRunner,
  pod: Pod | undefined,
  { rights }: ObserveDeps,
): Promise<boolean> {
  if (pod === undefined || !hasJob(runner) || pod.metadata.labels?.[LABELS.busy] !== undefined) {
    return false;
  }
  return (await rights.of(runner.metadata.namespace)).patchPods;
}
