// What is asked of a write besides being valid: a living namespace, an account, rights to grant.
import { admitGrant } from './auth/escalation.ts';
import { isDeleting } from './object.ts';
import type { KubeObject } from './object.ts';
import { admitToLimits } from './pods/limits.ts';
import { admitPriority } from './pods/priority.ts';
import { admitServiceAccount } from './pods/service-account.ts';
import { forbidden, notFound } from './status.ts';
import { TABLES } from './world.ts';
import type { Target, World, Writing } from './world.ts';

/** An object comes only into a namespace that exists and stays. */
export function ensureNamespace(
  world: World,
  { resource, namespace }: Target,
  draft: KubeObject,
): void {
  if (namespace === undefined || resource.virtual) return;
  const found = world.store.get(TABLES.namespaces, { name: namespace });
  if (found === undefined) throw notFound({ group: '', plural: 'namespaces' }, namespace);
  if (!isDeleting(found)) return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  throw forbidden({ ...resource, name: draft.metadata.name }, why, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ]);
}

function admitPod(world: World, target: Target, pod: KubeObject): void {
  admitServiceAccount(world, target, pod);
  admitPriority(world, target, pod);
  admitToLimits(world, target, pod);
}

/** Before validation; it may complete the draft. */
export function admit(world: World, target: Target, writing: Writing): void {
  switch (target.resource.table) {
    case TABLES.pods:
      if (writing.before === undefined) admitPod(world, target, writing.draft);
      return;
    case TABLES.roles:
    case TABLES.clusterRoles:
    case TABLES.roleBindings:
    case TABLES.clusterRoleBindings:
      admitGrant(world, target, writing);
      return;
    default:
  }
}
