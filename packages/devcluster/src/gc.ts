// Owner collection: what nobody owns any more goes.
import { FOREGROUND, ORPHAN, remove } from './delete.ts';
import type { DeleteOptions } from './delete.ts';
import { hasFinalizer, isDeleting } from './object.ts';
import type { KubeObject, OwnerReference } from './object.ts';
import type { Dependent, StoreEvent } from './store.ts';
import { SYSTEM } from './world.ts';
import type { World } from './world.ts';
import { release, settle } from './write.ts';

const background: DeleteOptions = { propagation: 'Background' };
const foreground: DeleteOptions = { propagation: 'Foreground' };

/** What an event makes necessary, or nothing. */
export function collect(world: World, event: StoreEvent): void {
  const { object } = event;
  if (event.type === 'DELETED') {
    for (const dependent of world.store.dependents(object.metadata.uid)) judge(world, dependent);
    blockedOwners(world, object).forEach((owner) => {
      finishForeground(world, owner);
    });
    return;
  }
  if (isDeleting(object)) collectDeleting(world, event);
  else if (object.metadata.ownerReferences) judge(world, { table: event.table, object });
}

function collectDeleting(world: World, { table, object }: StoreEvent): void {
  if (hasFinalizer(object, ORPHAN)) orphan(world, { table, object });
  if (!hasFinalizer(object, FOREGROUND)) return;
  for (const { table: its, object: dependent } of world.store.dependents(object.metadata.uid)) {
    if (!isDeleting(dependent)) erase(world, { table: its, object: dependent }, foreground);
  }
  finishForeground(world, { table, object });
}

/** Takes an object whose owners are all gone; one that still has an owner only loses the dead ones. */
function judge(world: World, { table, object }: Dependent): void {
  const current = world.store.get(table, object.metadata);
  const owners = current?.metadata.ownerReferences ?? [];
  if (current?.metadata.uid !== object.metadata.uid || owners.length === 0) return;
  const living = owners.filter((owner) => ownerOf(world, current, owner) !== undefined);
  if (living.length === owners.length) return;
  if (living.length === 0) {
    if (!isDeleting(current)) erase(world, { table, object: current }, background);
    return;
  }
  disown(world, { table, object: current }, living);
}

function ownerOf(
  world: World,
  { metadata }: KubeObject,
  owner: OwnerReference,
): Dependent | undefined {
  const resource = world.registry.ofKind(owner.apiVersion, owner.kind);
  if (resource === undefined) return undefined;
  const namespace = resource.namespaced ? metadata.namespace : undefined;
  const object = world.store.get(resource.table, { namespace, name: owner.name });
  return object?.metadata.uid === owner.uid ? { table: resource.table, object } : undefined;
}

const blockedOwners = (world: World, object: KubeObject): Dependent[] =>
  (object.metadata.ownerReferences ?? []).flatMap((owner) => {
    const found = ownerOf(world, object, owner);
    return found && hasFinalizer(found.object, FOREGROUND) ? [found] : [];
  });

/** An owner deleted in the foreground goes once nothing that blocks it is left. */
function finishForeground(world: World, { table, object }: Dependent): void {
  const { uid } = object.metadata;
  const blocks = world.store
    .dependents(uid)
    .some(({ object: { metadata } }) =>
      metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion),
    );
  const current = world.store.get(table, object.metadata);
  if (!blocks && current?.metadata.uid === uid) release(world, current, FOREGROUND);
}

function orphan(world: World, { table, object }: Dependent): void {
  const { uid } = object.metadata;
  for (const dependent of world.store.dependents(uid)) {
    const others = dependent.object.metadata.ownerReferences?.filter((owner) => owner.uid !== uid);
    disown(world, dependent, others ?? []);
  }
  const current = world.store.get(table, object.metadata);
  if (current?.metadata.uid === uid) release(world, current, ORPHAN);
}

function disown(world: World, { table, object }: Dependent, owners: OwnerReference[]): void {
  const resource = world.registry.ofTable(table);
  const metadata = { ...object.metadata, ownerReferences: owners };
  if (owners.length === 0) Reflect.deleteProperty(metadata, 'ownerReferences');
  if (resource) settle(world, resource, { ...object, metadata });
}

function erase(world: World, { table, object }: Dependent, options: DeleteOptions): void {
  const resource = world.registry.ofTable(table);
  if (resource === undefined) return;
  const target = { resource, namespace: object.metadata.namespace, user: SYSTEM, dryRun: false };
  remove(world, target, { object, options });
}
