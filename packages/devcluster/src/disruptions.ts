// PodDisruptionBudgets: how many of their pods may go just now, and evictions that ask first.
import { deleteOptions, remove } from './delete.ts';
import { isEqual, objectAt, objectsAt, stringAt } from './json.ts';
import type { JsonObject } from './json.ts';
import { isDeleting, timestamp } from './object.ts';
import type { KubeObject } from './object.ts';
import { selects } from './selector.ts';
import { ApiError } from './status.ts';
import type { StoreEvent } from './store.ts';
import { TABLES } from './world.ts';
import type { Target, World } from './world.ts';

interface Count {
  expected: number;
  healthy: number;
  desired: number;
}

const phaseOf = (pod: KubeObject): string => stringAt(objectAt(pod, 'status'), 'phase') ?? '';

const hasEnded = (pod: KubeObject): boolean => ['Succeeded', 'Failed'].includes(phaseOf(pod));

const isReady = (pod: KubeObject): boolean =>
  objectsAt(objectAt(pod, 'status'), 'conditions').some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  );

const isHealthy = (pod: KubeObject): boolean => !isDeleting(pod) && isReady(pod);

const coveredBy = (budget: KubeObject, { metadata }: KubeObject): boolean =>
  selects(objectAt(objectAt(budget, 'spec'), 'selector'), metadata.labels ?? {});

/** The pods that there should be: as many as their controllers want. Pods without one count as they are. */
function expectedOf(world: World, pods: readonly KubeObject[]): number {
  const sets = new Map<string, number>();
  let free = 0;
  for (const { metadata } of pods) {
    const owner = metadata.ownerReferences?.find(({ controller }) => controller);
    const at = { namespace: metadata.namespace, name: owner?.name ?? '' };
    const set = owner && world.store.get(TABLES.replicaSets, at);
    if (set === undefined) free += 1;
    else sets.set(set.metadata.uid, Number(objectAt(set, 'spec')?.['replicas'] ?? 0));
  }
  return [...sets.values()].reduce((sum, replicas) => sum + replicas, free);
}

/** A number, or a share of what is expected, rounded up. */
const amount = (value: unknown, expected: number): number =>
  typeof value === 'string' && value.endsWith('%')
    ? Math.ceil((expected * Number.parseInt(value, 10)) / 100)
    : Number(value);

function countOf(world: World, budget: KubeObject): Count {
  const pods = world.store
    .list(TABLES.pods, budget.metadata.namespace)
    .filter((pod) => coveredBy(budget, pod) && !hasEnded(pod));
  const expected = expectedOf(world, pods);
  const { minAvailable, maxUnavailable } = objectAt(budget, 'spec') ?? {};
  const desired =
    maxUnavailable === undefined
      ? amount(minAvailable ?? 1, expected)
      : Math.max(0, expected - amount(maxUnavailable, expected));
  return { expected, healthy: pods.filter(isHealthy).length, desired };
}

const spare = ({ healthy, desired, expected }: Count): number =>
  expected === 0 ? 0 : Math.max(0, healthy - desired);

/** Keeps the status of the budgets in a namespace right after each change of a pod or a budget in it. */
export function recountBudgets(world: World, { table, object, type }: StoreEvent): void {
  const { namespace } = object.metadata;
  if (table !== TABLES.pods && table !== TABLES.budgets) return;
  if (table === TABLES.budgets && type === 'DELETED') return;
  if (namespace === undefined || world.store.count(TABLES.budgets, namespace) === 0) return;
  for (const budget of world.store.list(TABLES.budgets, namespace)) {
    const status = statusOf(world, budget);
    if (!isEqual(budget['status'], status)) world.store.put(TABLES.budgets, { ...budget, status });
  }
}

function statusOf(world: World, budget: KubeObject): JsonObject {
  const count = countOf(world, budget);
  const allowed = spare(count);
  const is = allowed > 0 ? 'True' : 'False';
  const before = objectsAt(objectAt(budget, 'status'), 'conditions')[0];
  const since = before?.['status'] === is ? before['lastTransitionTime'] : timestamp(world.now());
  return {
    observedGeneration: budget.metadata.generation,
    disruptionsAllowed: allowed,
    currentHealthy: count.healthy,
    desiredHealthy: count.desired,
    expectedPods: count.expected,
    conditions: [
      {
        type: 'DisruptionAllowed',
        status: is,
        observedGeneration: budget.metadata.generation,
        lastTransitionTime: since,
        reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
        message: '',
      },
    ],
  };
}

/** Deletes the pod, unless a budget needs it. */
export function evict(
  world: World,
  target: Target,
  { pod, eviction }: { pod: KubeObject; eviction: JsonObject },
): void {
  // Pods that do no work are nobody's loss.
  const isIdle = isDeleting(pod) || hasEnded(pod) || phaseOf(pod) === 'Pending';
  if (!isIdle) meetBudget(world, pod);
  const options = deleteOptions(objectAt(eviction, 'deleteOptions'), new URLSearchParams());
  remove(world, target, { object: pod, options });
}

function meetBudget(world: World, pod: KubeObject): void {
  const [budget, another] = world.store
    .list(TABLES.budgets, pod.metadata.namespace)
    .filter((one) => coveredBy(one, pod));
  if (budget === undefined) return;
  if (another !== undefined) {
    const why =
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    throw new ApiError({ code: 500, reason: 'InternalError' }, why);
  }
  const count = countOf(world, budget);
  if (spare(count) > 0 || isNoLoss(budget, pod, count)) return;
  const { name } = budget.metadata;
  throw new ApiError(
    { code: 429, reason: 'TooManyRequests' },
    "Cannot evict pod as it would violate the pod's disruption budget.",
    {
      details: {
        causes: [
          {
            reason: 'DisruptionBudget',
            message: `The disruption budget ${name} needs ${count.desired} healthy pods and has ${count.healthy} currently`,
          },
        ],
      },
    },
  );
}

/** A pod that is not ready may go while enough others are, or always where the budget says so. */
function isNoLoss(budget: KubeObject, pod: KubeObject, { healthy, desired }: Count): boolean {
  if (isReady(pod)) return false;
  const policy = stringAt(objectAt(budget, 'spec'), 'unhealthyPodEvictionPolicy');
  return policy === 'AlwaysAllow' || (desired > 0 && healthy >= desired);
}
