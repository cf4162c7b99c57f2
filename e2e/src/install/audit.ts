// What the API server recorded of our programs: which rights they used, and what they were refused.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const event = z.object({
  verb: z.string(),
  user: z.object({ username: z.string().default('') }),
  objectRef: z
    .object({
      apiGroup: z.string().default(''),
      resource: z.string().default(''),
      subresource: z.string().default(''),
      namespace: z.string().default(''),
      name: z.string().default(''),
    })
    .optional(),
  annotations: z.record(z.string(), z.string()).default({}),
});

type Event = z.infer<typeof event>;

export interface Audit {
  /** Of the role that permitted it: `pods get`, `actions.github.com/ephemeralrunners/status patch`. */
  used: ReadonlyMap<RoleName, ReadonlySet<string>>;
  /** Requests of our ServiceAccounts that no rule permits. */
  denied: readonly string[];
}

/** As docs/rbac.yaml calls them; `listener` is the one that the operator makes. */
export type RoleName = (typeof ROLES)[number]['is'] | 'other';

/** By the ends of the names that the charts give, the longer ones first. */
const ROLES = [
  { ends: '-gha-rs-controller', is: 'manager_cluster_role' },
  { ends: '-gha-rs-controller-crds', is: 'crds_upgrade' },
  { ends: '-single-namespace-watch', is: 'manager_single_namespace_watch_role' },
  { ends: '-single-namespace', is: 'manager_single_namespace_controller_role' },
  { ends: '-leader-election', is: 'leader_election_role' },
  { ends: '-gha-rs-controller-listener', is: 'manager_listener_role' },
  { ends: '-gha-rs-manager', is: 'manager_role' },
  { ends: '-listener', is: 'listener' },
] as const;

const OURS = /^system:serviceaccount:(?!kube-)[^:]+:(?<account>.+)$/;

export async function readAudit(file: string): Promise<Audit> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  const used = new Map<RoleName, Set<string>>();
  const denied: string[] = [];
  const withdrawn = new Set<string>();
  const narrowed: Narrowed = new Map();
  for (const line of lines) {
    const one = event.parse(JSON.parse(line));
    noteBindings(one, withdrawn);
    noteRoles(one, narrowed);
    const account = OURS.exec(one.user.username)?.groups?.['account'];
    if (account === undefined || one.objectRef === undefined) continue;
    const isPermitted = one.annotations['authorization.k8s.io/decision'] !== 'forbid';
    if (isPermitted) note(used, roleOf(one), rightOf(one));
    else if (!isWithdrawn(one, { account, withdrawn }) && !isFoundOut(one, narrowed))
      denied.push(`${account}: ${rightOf(one)} in ${one.objectRef.namespace}`);
  }
  return { used, denied };
}

/**
 * Whose rights were taken away: Helm does so in an order of its own while the pod lives, and so does the operator with a listener's. What
 * they ask in their last moments is refused, and no complaint.
 */
function noteBindings({ verb, objectRef }: Event, withdrawn: Set<string>): void {
  if (objectRef === undefined) return;
  const { resource, name, namespace } = objectRef;
  // A namespace that goes takes its rights first, and whoever has something to end there asks in vain.
  if (verb === 'deletecollection' && resource === 'rolebindings') withdrawn.add(`${namespace}/`);
  if (verb === 'create' && resource === 'namespaces') withdrawn.delete(`${name}/`);
  if (!/^(cluster)?roles?(bindings)?$/.test(resource)) return;
  if (verb === 'delete') withdrawn.add(name);
  if (verb === 'create') withdrawn.delete(name);
}

function isWithdrawn(
  { objectRef }: Event,
  { account, withdrawn }: { account: string; withdrawn: ReadonlySet<string> },
): boolean {
  if (withdrawn.has(`${objectRef?.namespace ?? ''}/`)) return true;
  return [...withdrawn].some((name) => name === account || name.startsWith(`${account}-`));
}

/** What was refused since a Role of the namespace was changed. */
type Narrowed = Map<string, Set<string>>;

function noteRoles({ verb, objectRef }: Event, narrowed: Narrowed): void {
  if (objectRef?.resource !== 'roles' || !['patch', 'update'].includes(verb)) return;
  narrowed.set(objectRef.namespace, new Set());
}

/** Whoever changes a Role tells nobody: that a right went with it is found out by one request for each object, and no more. */
function isFoundOut(one: Event, narrowed: Narrowed): boolean {
  const { namespace = '', name = '' } = one.objectRef ?? {};
  const refused = narrowed.get(namespace);
  const what = `${rightOf(one)} ${name}`;
  if (refused === undefined || refused.has(what)) return false;
  refused.add(what);
  return true;
}

function note(used: Map<RoleName, Set<string>>, role: RoleName, right: string): void {
  const rights = used.get(role) ?? new Set();
  used.set(role, rights.add(right));
}

const PERMITTED_BY = /of (?:Cluster)?Role "(?<role>[^"]+)"/;

function roleOf({ annotations }: Event): RoleName {
  const reason = annotations['authorization.k8s.io/reason'] ?? '';
  const name = PERMITTED_BY.exec(reason)?.groups?.['role'] ?? '';
  return ROLES.find(({ ends }) => name.endsWith(ends))?.is ?? 'other';
}

function rightOf({ verb, objectRef }: Event): string {
  const { apiGroup = '', resource = '', subresource = '' } = objectRef ?? {};
  const parts = [apiGroup, resource, subresource].filter((part) => part !== '');
  return `${parts.join('/')} ${verb}`;
}
