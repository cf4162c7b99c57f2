// Deletion: preconditions, grace, finalizers and what becomes of the owned.
import { isObject, objectAt, stringAt, stringsAt } from './json.ts';
import type { JsonObject } from './json.ts';
import { isDeleting, timestamp } from './object.ts';
import type { KubeObject, Metadata } from './object.ts';
import type { Resource } from './resource.ts';
import { conflict, invalid, unsupportedValue } from './status.ts';
import type { Target, World } from './world.ts';
import { settle } from './write.ts';

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

export interface DeleteOptions {
  graceSeconds?: number | undefined;
  uid?: string | undefined;
  resourceVersion?: string | undefined;
  /** Asked for in the body, as client-go does. */
  dryRun?: boolean;
  propagation: 'Background' | 'Foreground' | 'Orphan';
}

export function deleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  const given: JsonObject = isObject(body) ? body : {};
  const preconditions = objectAt(given, 'preconditions');
  const option = (key: string): unknown => given[key] ?? query.get(key) ?? undefined;
  const grace = option('gracePeriodSeconds');
  return {
    graceSeconds: grace === undefined ? undefined : Number(grace),
    uid: stringAt(preconditions, 'uid'),
    resourceVersion: stringAt(preconditions, 'resourceVersion'),
    dryRun: stringsAt(given, 'dryRun').includes('All'),
    propagation: propagationOf(option('propagationPolicy'), option('orphanDependents')),
  };
}

/** `orphanDependents` is the older way to say the same. */
function propagationOf(policy: unknown, orphans: unknown): DeleteOptions['propagation'] {
  if (policy === undefined) return String(orphans) === 'true' ? 'Orphan' : 'Background';
  if (policy === 'Background' || policy === 'Foreground' || policy === 'Orphan') return policy;
  throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
    unsupportedValue('propagationPolicy', policy, ['Background', 'Foreground', 'Orphan']),
  ]);
}

export interface Deletion {
  object: KubeObject;
  /** False while a finalizer or a grace period keeps it. */
  gone: boolean;
}

export function remove(
  world: World,
  target: Target,
  { object, options }: { object: KubeObject; options: DeleteOptions },
): Deletion {
  const { resource } = target;
  meetPreconditions(resource, object, options);
  const marked = mark(world, resource, { object, options });
  const gone = isFree(resource, marked);
  if (target.dryRun || options.dryRun === true || marked === object)
    return { object: marked, gone: false };
  if (!gone) return { object: world.store.put(resource.table, marked), gone };
  return { object: settle(world, resource, marked), gone };
}

function meetPreconditions(
  resource: Resource,
  { metadata }: KubeObject,
  options: DeleteOptions,
): void {
  const { uid, resourceVersion } = options;
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(
      resource,
      metadata.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw conflict(
      resource,
      metadata.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
  }
}

const isFree = (resource: Resource, { metadata }: KubeObject): boolean =>
  (metadata.finalizers ?? []).length === 0 &&
  (metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
  resource.table !== 'namespaces';

/** The object with its deletion noted, or the very same one when nothing changes. */
function mark(
  world: World,
  resource: Resource,
  { object, options }: { object: KubeObject; options: DeleteOptions },
): KubeObject {
  if (isDeleting(object)) return shortened(object, options);
  const grace = resource.graceSeconds?.(object);
  const seconds = grace === undefined ? 0 : graceOf(object, options.graceSeconds ?? grace);
  const finalizers = withPropagation(object.metadata.finalizers ?? [], options.propagation);
  const { generation } = object.metadata;
  const metadata: Metadata = {
    ...object.metadata,
    ...(finalizers.length > 0 ? { finalizers } : {}),
    ...(generation === undefined ? {} : { generation: generation + 1 }),
    deletionTimestamp: timestamp(world.now() + seconds * 1000),
    deletionGracePeriodSeconds: seconds,
  };
  return withPhase({ ...object, metadata });
}

// A pod that no node has, or that has ended, has nobody to wait for.
function graceOf(object: KubeObject, seconds: number): number {
  const phase = stringAt(objectAt(object, 'status'), 'phase');
  const isBound = (stringAt(objectAt(object, 'spec'), 'nodeName') ?? '') !== '';
  if (!isBound || phase === 'Succeeded' || phase === 'Failed') return 0;
  return seconds < 0 ? 1 : seconds;
}

function shortened(object: KubeObject, { graceSeconds }: DeleteOptions): KubeObject {
  const { deletionGracePeriodSeconds: current = 0, deletionTimestamp = '' } = object.metadata;
  if (graceSeconds === undefined || graceSeconds >= current) return object;
  const end = Date.parse(deletionTimestamp) - (current - graceSeconds) * 1000;
  return {
    ...object,
    metadata: {
      ...object.metadata,
      deletionTimestamp: timestamp(end),
      deletionGracePeriodSeconds: graceSeconds,
    },
  };
}

function withPropagation(
  finalizers: string[],
  propagation: DeleteOptions['propagation'],
): string[] {
  const others = finalizers.filter((item) => item !== FOREGROUND && item !== ORPHAN);
  switch (propagation) {
    case 'Background':
      return others;
    case 'Foreground':
      return [...others, FOREGROUND];
    case 'Orphan':
      return [...others, ORPHAN];
  }
}

const withPhase = (object: KubeObject): KubeObject =>
  object.kind === 'Namespace'
    ? { ...object, status: { ...objectAt(object, 'status'), phase: 'Terminating' } }
    : object;
