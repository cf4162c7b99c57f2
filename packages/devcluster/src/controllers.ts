// The cluster's own controllers: namespaces, custom kinds, quotas, budgets, owner collection and workloads.
import { afterCustomDeletion, emptyCrd, offer } from './crd.ts';
import { recountBudgets } from './disruptions.ts';
import { collect } from './gc.ts';
import { afterDeletion, empty, furnish } from './namespaces.ts';
import { isDeleting } from './object.ts';
import { recountQuotas } from './quota.ts';
import type { StoreEvent } from './store.ts';
import { TABLES } from './world.ts';
import type { World } from './world.ts';
import { work } from './workloads/controller.ts';

/**
 * Runs them for as long as the world is. Some act at once, since the very next request may use the
 * new kind, the new account, the room that is left; the rest once the write has been answered.
 */
export function startControllers(world: World): void {
  let queue: StoreEvent[] = [];
  const drain = (): void => {
    const events = queue;
    queue = [];
    for (const event of events) afterwards(world, event);
  };
  world.store.observe((event) => {
    atOnce(world, event);
    if (queue.push(event) === 1) queueMicrotask(drain);
  });
}

function atOnce(world: World, event: StoreEvent): void {
  const { table, type, object } = event;
  if (table === TABLES.crds) offer(world, event);
  if (table === TABLES.namespaces && type === 'ADDED') furnish(world, object);
  recountQuotas(world, event);
  recountBudgets(world, event);
}

function afterwards(world: World, event: StoreEvent): void {
  const { table, type, object } = event;
  collect(world, event);
  work(world, event);
  if (type === 'DELETED') {
    afterDeletion(world, event);
    afterCustomDeletion(world, table);
    return;
  }
  if (!isDeleting(object)) return;
  if (table === TABLES.namespaces) empty(world, object);
  if (table === TABLES.crds) emptyCrd(world, object);
}
