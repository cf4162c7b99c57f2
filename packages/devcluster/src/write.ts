// Creates and updates: identity, versions, admission and validation in the order of the real server.
import { admit, ensureNamespace } from './admission.ts';
import { isEqual } from './json.ts';
import { born, isSameWish, kept, metadataCauses, readBody } from './metadata.ts';
import { hasFinalizer } from './object.ts';
import type { KubeObject } from './object.ts';
import { admitToQuotas } from './quota.ts';
import type { Resource } from './resource.ts';
import { alreadyExists, badRequest, conflict, invalid, invalidValue, notFound } from './status.ts';
import type { Target, World } from './world.ts';

const MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

export function create(world: World, target: Target, body: unknown): KubeObject {
  const { resource, namespace, dryRun } = target;
  const given = readBody(target, body);
  // Who wants an object does not say how it is.
  if (resource.custom && resource.subresources.includes('status')) delete given['status'];
  const draft = born(resource, given, world);
  ensureNamespace(world, target, draft);
  resource.prepare?.(draft, undefined);
  admit(world, target, { draft });
  check(resource, draft);
  admitToQuotas(world, target, draft);
  const { name } = draft.metadata;
  if (world.store.get(resource.table, { namespace, name })) throw alreadyExists(resource, name);
  return dryRun ? draft : world.store.put(resource.table, draft);
}

export interface Change {
  name: string;
  subresource?: string | undefined;
  /** The whole object as it should be, made from the one that is stored. */
  to: (current: KubeObject) => unknown;
}

export function update(world: World, target: Target, change: Change): KubeObject {
  const { resource, namespace, dryRun } = target;
  const before = world.store.get(resource.table, { namespace, name: change.name });
  if (before === undefined) throw notFound(resource, change.name);
  const draft = changed(target, change, before);
  resource.prepare?.(draft, before);
  admit(world, target, { draft, before });
  check(resource, draft, before);
  const counted = resource.counted && !isSameWish(draft, before);
  const { generation = 0 } = before.metadata;
  const next = counted
    ? { ...draft, metadata: { ...draft.metadata, generation: generation + 1 } }
    : draft;
  if (isEqual(next, before)) return before;
  return dryRun ? next : settle(world, resource, next);
}

/** Stores the object, or takes it away when it was only waiting for its last finalizer. */
export function settle(world: World, resource: Resource, object: KubeObject): KubeObject {
  return isOver(object)
    ? world.store.remove(resource.table, object)
    : world.store.put(resource.table, object);
}

function isOver(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length > 0) return false;
  // A namespace goes when its own controller has emptied it.
  return deletionGracePeriodSeconds === 0 && object.kind !== 'Namespace';
}

function changed(target: Target, change: Change, before: KubeObject): KubeObject {
  const { resource } = target;
  const object = readBody(target, change.to(before));
  const { name, uid, resourceVersion } = object.metadata;
  if (name !== '' && name !== change.name) {
    throw badRequest(
      `the name of the object (${name}) does not match the name on the URL (${change.name})`,
    );
  }
  if (uid !== '' && uid !== before.metadata.uid) {
    throw conflict(
      resource,
      change.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${before.metadata.uid}`,
    );
  }
  if (resourceVersion === '' && resource.custom) {
    throw invalid({ ...resource, kind: resource.plural }, change.name, [
      invalidValue('metadata.resourceVersion', 0, 'must be specified for an update'),
    ]);
  }
  if (resourceVersion !== '' && resourceVersion !== before.metadata.resourceVersion) {
    throw conflict(resource, change.name, MODIFIED);
  }
  const named = { ...object, metadata: { ...object.metadata, name: change.name } };
  return divided(resource, change, { draft: kept(named, before), before });
}

/** The main resource leaves status alone; status leaves all else alone. */
function divided(
  resource: Resource,
  { subresource }: Change,
  { draft, before }: { draft: KubeObject; before: KubeObject },
): KubeObject {
  if (subresource === 'status') {
    // Labels and the like may change by the status of a built-in kind, not of a custom one.
    const metadata = resource.custom ? before.metadata : draft.metadata;
    return withStatus({ ...before, metadata }, draft['status']);
  }
  if (!resource.subresources.includes('status')) return draft;
  return withStatus(draft, before['status']);
}

function withStatus(object: KubeObject, status: unknown): KubeObject {
  const next = { ...object, status };
  if (status === undefined) delete next.status;
  return next;
}

function check(resource: Resource, object: KubeObject, before?: KubeObject): void {
  const causes = [
    ...metadataCauses(resource, object, before),
    ...(resource.validate?.(object, before) ?? []),
  ];
  if (causes.length > 0) throw invalid(resource, object.metadata.name, causes);
}

/** Takes a finalizer off, and the object with it if it was the last one. */
export function release(world: World, object: KubeObject, finalizer: string): void {
  const resource = world.registry.ofKind(object.apiVersion, object.kind);
  if (resource === undefined || !hasFinalizer(object, finalizer)) return;
  const metadata = { ...object.metadata };
  metadata.finalizers = metadata.finalizers?.filter((item) => item !== finalizer) ?? [];
  if (metadata.finalizers.length === 0) delete metadata.finalizers;
  settle(world, resource, { ...object, metadata });
}
