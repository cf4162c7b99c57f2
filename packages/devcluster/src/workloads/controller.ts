// Deployments and ReplicaSets: what makes a chart's pods. A new template takes the place of the old one at once or,
// when rolling, as soon as its pods are available; surge and unavailability are not counted out.
import { createHash } from 'node:crypto';
import { remove } from '../delete.ts';
import { isEqual, objectAt, objectsAt, textOf } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { isDeleting, randomSuffix, timestamp } from '../object.ts';
import type { KubeObject } from '../object.ts';
import type { StoreEvent } from '../store.ts';
import { ApiError } from '../status.ts';
import { resourceOf, SYSTEM, TABLES } from '../world.ts';
import type { World } from '../world.ts';
import { create } from '../write.ts';

/** What an event means for the workloads. */
export function work(world: World, { table, object, type }: StoreEvent): void {
  if (table === TABLES.deployments) {
    if (type !== 'DELETED' && !isDeleting(object)) deploy(world, object);
  } else if (table === TABLES.replicaSets) {
    if (type !== 'DELETED' && !isDeleting(object)) replicate(world, object);
    const owner = ownerIn(world, TABLES.deployments, object);
    if (owner) deploy(world, owner);
  } else if (table === TABLES.pods) {
    const owner = ownerIn(world, TABLES.replicaSets, object);
    if (owner) replicate(world, owner);
  }
}

function ownerIn(world: World, table: string, { metadata }: KubeObject): KubeObject | undefined {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  if (owner === undefined) return undefined;
  const { namespace } = metadata;
  const found = world.store.get(table, { namespace, name: owner.name });
  return found?.metadata.uid === owner.uid && !isDeleting(found) ? found : undefined;
}

const specOf = (object: KubeObject): JsonObject => objectAt(object, 'spec') ?? {};
const replicasOf = (object: KubeObject): number => Number(specOf(object)['replicas'] ?? 0);
const statusOf = (object: KubeObject, field: string): number =>
  Number(objectAt(object, 'status')?.[field] ?? 0);

const owned = (world: World, table: string, { metadata }: KubeObject): KubeObject[] =>
  world.store
    .dependents(metadata.uid)
    .filter((dependent) => dependent.table === table && !isDeleting(dependent.object))
    .map(({ object }) => object);

const reference = ({ apiVersion, kind, metadata: { name, uid } }: KubeObject) => ({
  apiVersion,
  kind,
  name,
  uid,
  controller: true,
  blockOwnerDeletion: true,
});

const targetOf = (world: World, table: string, { metadata: { namespace } }: KubeObject) => ({
  resource: resourceOf(world, table),
  namespace,
  user: SYSTEM,
  dryRun: false,
});

function report(world: World, table: string, { object, status }: Report): void {
  if (!isEqual(object['status'], status)) world.store.put(table, { ...object, status });
}

interface Report {
  object: KubeObject;
  status: JsonObject;
}

function deploy(world: World, deployment: KubeObject): void {
  const template = objectAt(specOf(deployment), 'template') ?? {};
  const hash = createHash('sha256').update(textOf(template)).digest('hex').slice(0, 10);
  const name = `${deployment.metadata.name}-${hash}`;
  if (specOf(deployment)['paused'] !== true) rollOut(world, deployment, { name, hash, template });
  const now = world.store.get(TABLES.deployments, deployment.metadata);
  if (now) report(world, TABLES.deployments, { object: now, status: summary(world, now, name) });
}

interface Rollout {
  /** Of the set of the current template. */
  name: string;
  hash: string;
  template: JsonObject;
}

function rollOut(world: World, deployment: KubeObject, { name, hash, template }: Rollout): void {
  const spec = specOf(deployment);
  const sets = owned(world, TABLES.replicaSets, deployment);
  const current = sets.find(({ metadata }) => metadata.name === name);
  const others = sets.filter((set) => set !== current);
  const wanted = replicasOf(deployment);
  const isRolling = objectAt(spec, 'strategy')?.['type'] === 'RollingUpdate';
  const isUp = current !== undefined && statusOf(current, 'availableReplicas') >= wanted;
  if (!isRolling || isUp) for (const set of others) scale(world, set, 0);
  if (current) scale(world, current, wanted);
  else if (isRolling || others.every((set) => statusOf(set, 'replicas') === 0)) {
    create(world, targetOf(world, TABLES.replicaSets, deployment), {
      metadata: labelled(template, { name, hash, owner: deployment }),
      spec: { replicas: wanted, ...selected(spec, template, hash) },
    });
  }
}

interface Labelling {
  name: string;
  hash: string;
  owner: KubeObject;
}

const HASH = 'pod-template-hash';

const labelled = (template: JsonObject, { name, hash, owner }: Labelling): JsonObject => ({
  name,
  labels: { ...objectAt(objectAt(template, 'metadata'), 'labels'), [HASH]: hash },
  annotations: { 'deployment.kubernetes.io/revision': String(owner.metadata.generation ?? 1) },
  ownerReferences: [reference(owner)],
});

/** Selector and template with the hash, so that no set takes the pods of another. */
function selected(spec: JsonObject, template: JsonObject, hash: string): JsonObject {
  const metadata = objectAt(template, 'metadata');
  const withHash = (labels: JsonObject | undefined): JsonObject => ({ ...labels, [HASH]: hash });
  const selector = objectAt(spec, 'selector');
  return structuredClone({
    selector: { ...selector, matchLabels: withHash(objectAt(selector, 'matchLabels')) },
    template: {
      ...template,
      metadata: { ...metadata, labels: withHash(objectAt(metadata, 'labels')) },
    },
  });
}

function scale(world: World, set: KubeObject, replicas: number): void {
  if (replicasOf(set) === replicas) return;
  const generation = (set.metadata.generation ?? 1) + 1;
  const metadata = { ...set.metadata, generation };
  world.store.put(TABLES.replicaSets, { ...set, metadata, spec: { ...specOf(set), replicas } });
}

function summary(world: World, deployment: KubeObject, currentName: string): JsonObject {
  const sets = owned(world, TABLES.replicaSets, deployment);
  const sum = (field: string, of = sets): number =>
    of.reduce((total, set) => total + statusOf(set, field), 0);
  const current = sets.filter(({ metadata }) => metadata.name === currentName);
  const available = sum('availableReplicas');
  const isUp = available >= replicasOf(deployment);
  const was = objectsAt(objectAt(deployment, 'status'), 'conditions');
  const status = isUp ? 'True' : 'False';
  const same = was.find((condition) => condition['status'] === status);
  const since = same?.['lastTransitionTime'] ?? timestamp(world.now());
  return {
    observedGeneration: deployment.metadata.generation,
    replicas: sum('replicas'),
    updatedReplicas: sum('replicas', current),
    readyReplicas: sum('readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, replicasOf(deployment) - available),
    conditions: [
      {
        type: 'Available',
        status,
        lastTransitionTime: since,
        lastUpdateTime: since,
        reason: isUp ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
        message: `Deployment ${isUp ? 'has' : 'does not have'} minimum availability.`,
      },
    ],
  };
}

function replicate(world: World, set: KubeObject): void {
  const pods = owned(world, TABLES.pods, set).filter((pod) => !hasEnded(pod));
  const target = targetOf(world, TABLES.pods, set);
  const surplus = pods.length - replicasOf(set);
  for (const pod of pods.slice(0, Math.max(0, surplus))) {
    remove(world, target, { object: pod, options: { propagation: 'Background' } });
  }
  const problem = surplus < 0 ? addPods(world, set, -surplus) : undefined;
  const now = world.store.get(TABLES.replicaSets, set.metadata);
  if (now === undefined) return;
  const left = owned(world, TABLES.pods, now).filter((pod) => !hasEnded(pod));
  const ready = left.filter(isReady).length;
  report(world, TABLES.replicaSets, {
    object: now,
    status: {
      replicas: left.length,
      readyReplicas: ready,
      availableReplicas: ready,
      observedGeneration: now.metadata.generation,
      ...(problem === undefined ? {} : { conditions: [failure(problem)] }),
    },
  });
}

/** Why they could not be made; the next change of the set or of its pods tries again. */
function addPods(world: World, set: KubeObject, count: number): string | undefined {
  const { metadata, spec } = objectAt(specOf(set), 'template') ?? {};
  try {
    for (let made = 0; made < count; made += 1) {
      create(world, targetOf(world, TABLES.pods, set), {
        metadata: {
          ...structuredClone(metadata as JsonObject),
          name: `${set.metadata.name}-${randomSuffix()}`,
          ownerReferences: [reference(set)],
        },
        spec: structuredClone(spec),
      });
    }
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}

const failure = (message: string): JsonObject => ({
  type: 'ReplicaFailure',
  status: 'True',
  reason: 'FailedCreate',
  message,
});

const phaseOf = (pod: KubeObject): unknown => objectAt(pod, 'status')?.['phase'];
const hasEnded = (pod: KubeObject): boolean =>
  phaseOf(pod) === 'Succeeded' || phaseOf(pod) === 'Failed';

const isReady = (pod: KubeObject): boolean =>
  objectsAt(objectAt(pod, 'status'), 'conditions').some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  );
