// Namespaces: what each is given, and how it empties when it goes.
import { remove } from './delete.ts';
import { isDeleting } from './object.ts';
import type { KubeObject } from './object.ts';
import type { StoreEvent } from './store.ts';
import { resourceOf, SYSTEM, TABLES } from './world.ts';
import type { World } from './world.ts';
import { create } from './write.ts';

/** Gives a new namespace its ServiceAccount and its CA. */
export function furnish(world: World, { metadata: { name: namespace } }: KubeObject): void {
  const target = { namespace, user: SYSTEM, dryRun: false };
  const objects = [
    { table: TABLES.serviceAccounts, body: { metadata: { name: 'default' } } },
    {
      table: TABLES.configMaps,
      body: {
        metadata: {
          name: 'kube-root-ca.crt',
          annotations: {
            'kubernetes.io/description':
              'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
          },
        },
        data: { 'ca.crt': world.ca },
      },
    },
  ];
  for (const { table, body } of objects) {
    const given = world.store.get(table, { namespace, name: body.metadata.name });
    if (!given) create(world, { ...target, resource: resourceOf(world, table) }, body);
  }
}

/** Tells everything in a namespace that is going to go as well; the last one to go takes it along. */
export function empty(world: World, namespace: KubeObject): void {
  const { name } = namespace.metadata;
  for (const table of world.store.tables()) {
    const resource = world.registry.ofTable(table);
    if (!resource?.namespaced) continue;
    for (const object of world.store.list(table, name)) {
      if (isDeleting(object)) continue;
      const target = { resource, namespace: name, user: SYSTEM, dryRun: false };
      remove(world, target, { object, options: { propagation: 'Background' } });
    }
  }
  finish(world, namespace);
}

function finish(world: World, namespace: KubeObject): void {
  const { name, uid, finalizers = [] } = namespace.metadata;
  const current = world.store.get(TABLES.namespaces, { name });
  if (current?.metadata.uid !== uid || finalizers.length > 0) return;
  const isEmpty = world.store.tables().every((table) => world.store.count(table, name) === 0);
  if (isEmpty) world.store.remove(TABLES.namespaces, current);
}

/** What the end of an object means for the namespace it was in. */
export function afterDeletion(world: World, { object }: StoreEvent): void {
  const { namespace } = object.metadata;
  if (namespace === undefined) return;
  const home = world.store.get(TABLES.namespaces, { name: namespace });
  if (home === undefined) return;
  if (isDeleting(home)) finish(world, home);
  else furnish(world, home);
}
