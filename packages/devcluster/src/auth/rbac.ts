// Who may do what: roles and their bindings.
import { objectAt, objectsAt, stringAt, stringsAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../object.ts';
import { forbidden } from '../status.ts';
import type { ApiError } from '../status.ts';
import { MASTERS, TABLES } from '../world.ts';
import type { User, World } from '../world.ts';

export interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames: string[];
  verbs: string[];
  nonResourceURLs: string[];
}

/** What is to be done to a resource, or to a path outside the resources. */
export type Act =
  | {
      verb: string;
      group: string;
      plural: string;
      subresource?: string | undefined;
      namespace?: string | undefined;
      name?: string | undefined;
    }
  | { verb: string; path: string };

export const readRules = (role: KubeObject | undefined): Rule[] =>
  objectsAt(role, 'rules').map((rule) => ({
    apiGroups: stringsAt(rule, 'apiGroups'),
    resources: stringsAt(rule, 'resources'),
    resourceNames: stringsAt(rule, 'resourceNames'),
    verbs: stringsAt(rule, 'verbs'),
    nonResourceURLs: stringsAt(rule, 'nonResourceURLs'),
  }));

export const isMaster = ({ groups }: User): boolean => groups.includes(MASTERS);

export function may(world: World, user: User, act: Act): boolean {
  if (isMaster(user)) return true;
  const namespace = 'path' in act ? undefined : act.namespace;
  return rulesOf(world, user, namespace).some((rule) => allows(rule, act));
}

export function allows(rule: Rule, act: Act): boolean {
  if (!has(rule.verbs, act.verb)) return false;
  if ('path' in act) return rule.nonResourceURLs.some((url) => coversPath(url, act.path));
  const { group, plural, subresource, name } = act;
  const resource = subresource === undefined ? plural : `${plural}/${subresource}`;
  const named =
    rule.resourceNames.length === 0 || (name !== undefined && rule.resourceNames.includes(name));
  return has(rule.apiGroups, group) && named && coversResource(rule.resources, resource);
}

const has = (list: string[], item: string): boolean => list.includes('*') || list.includes(item);

function coversResource(resources: string[], wanted: string): boolean {
  const subresource = wanted.split('/')[1];
  return (
    has(resources, wanted) || (subresource !== undefined && resources.includes(`*/${subresource}`))
  );
}

const coversPath = (url: string, path: string): boolean =>
  url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1)));

/** The rules that hold for a user in a namespace, or outside all of them. */
export function rulesOf(world: World, user: User, namespace?: string): Rule[] {
  const bindings = [
    ...world.store.list(TABLES.clusterRoleBindings),
    ...(namespace ? world.store.list(TABLES.roleBindings, namespace) : []),
  ];
  return bindings
    .filter((binding) =>
      objectsAt(binding, 'subjects').some((subject) => isSubject(subject, user, binding)),
    )
    .flatMap((binding) => boundRules(world, binding));
}

/** The rules of the role that a binding names. */
export function boundRules(world: World, binding: KubeObject): Rule[] {
  const ref = objectAt(binding, 'roleRef');
  const name = stringAt(ref, 'name') ?? '';
  const { namespace } = binding.metadata;
  const isClusterRole = stringAt(ref, 'kind') === 'ClusterRole';
  return readRules(
    isClusterRole
      ? world.store.get(TABLES.clusterRoles, { name })
      : world.store.get(TABLES.roles, { namespace, name }),
  );
}

function isSubject(subject: JsonObject, user: User, binding: KubeObject): boolean {
  const name = stringAt(subject, 'name') ?? '';
  switch (stringAt(subject, 'kind') ?? '') {
    case 'User':
      return name === user.name;
    case 'Group':
      return user.groups.includes(name);
    case 'ServiceAccount': {
      const namespace = stringAt(subject, 'namespace') ?? binding.metadata.namespace ?? '';
      return user.name === `system:serviceaccount:${namespace}:${name}`;
    }
    default:
      return false;
  }
}

/** The refusal, in the words of the real server. */
export function refusal(user: User, act: Act): ApiError {
  if ('path' in act) {
    return forbidden(
      { group: '', plural: '' },
      `User "${user.name}" cannot ${act.verb} path "${act.path}"`,
    );
  }
  const { verb, group, plural, subresource, namespace, name = '' } = act;
  const resource = subresource === undefined ? plural : `${plural}/${subresource}`;
  const where =
    namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return forbidden(
    { group, plural, name },
    `User "${user.name}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`,
  );
}
