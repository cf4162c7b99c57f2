// Nobody may grant what they do not hold, unless they may `escalate` or `bind`.
import { isEqual, objectAt, stringAt } from '../json.ts';
import type { KubeObject } from '../object.ts';
import { forbidden } from '../status.ts';
import { TABLES } from '../world.ts';
import type { Target, User, World, Writing } from '../world.ts';
import { allows, boundRules, isMaster, may, readRules, rulesOf } from './rbac.ts';
import type { Act, Rule } from './rbac.ts';

export function admitGrant(world: World, target: Target, { draft, before }: Writing): void {
  const { resource, user } = target;
  const isBinding =
    resource.table === TABLES.roleBindings || resource.table === TABLES.clusterRoleBindings;
  if (isMaster(user) || (before && isSameGrant(draft, before))) return;
  if (may(world, user, isBinding ? bindAct(draft) : escalateAct(target, draft))) return;
  const granted = isBinding ? boundRules(world, draft) : readRules(draft);
  const held = rulesOf(world, user, draft.metadata.namespace);
  const missing = granted
    .flatMap(single)
    .filter((rule) => !held.some((owned) => covers(owned, rule)));
  if (missing.length > 0)
    throw forbidden({ ...resource, name: draft.metadata.name }, attempt(user, missing));
}

const isSameGrant = (a: KubeObject, b: KubeObject): boolean =>
  ['rules', 'roleRef', 'subjects'].every((field) => isEqual(a[field], b[field]));

const escalateAct = ({ resource }: Target, { metadata }: KubeObject): Act => ({
  verb: 'escalate',
  group: resource.group,
  plural: resource.plural,
  namespace: metadata.namespace,
  name: metadata.name,
});

function bindAct(binding: KubeObject): Act {
  const ref = objectAt(binding, 'roleRef');
  const isClusterRole = stringAt(ref, 'kind') === 'ClusterRole';
  return {
    verb: 'bind',
    group: 'rbac.authorization.k8s.io',
    plural: isClusterRole ? 'clusterroles' : 'roles',
    namespace: binding.metadata.namespace,
    name: stringAt(ref, 'name'),
  };
}

/** A rule taken apart into rules of one verb, one group, one resource and at most one name. */
function single(rule: Rule): Rule[] {
  const names = rule.resourceNames.length > 0 ? rule.resourceNames.map((name) => [name]) : [[]];
  return rule.verbs.flatMap((verb) => [
    ...rule.nonResourceURLs.map((url) => ({ ...EMPTY, verbs: [verb], nonResourceURLs: [url] })),
    ...rule.apiGroups.flatMap((group) =>
      rule.resources.flatMap((resource) =>
        names.map((resourceNames) => ({
          ...EMPTY,
          verbs: [verb],
          apiGroups: [group],
          resources: [resource],
          resourceNames,
        })),
      ),
    ),
  ]);
}

const EMPTY: Rule = {
  apiGroups: [],
  resources: [],
  resourceNames: [],
  verbs: [],
  nonResourceURLs: [],
};

/** Whether a single rule lies within another; a wildcard lies only within a wildcard. */
function covers(
  owned: Rule,
  { verbs, apiGroups, resources, resourceNames, nonResourceURLs }: Rule,
): boolean {
  const [verb = ''] = verbs;
  const [url] = nonResourceURLs;
  if (url !== undefined) return allows(owned, { verb, path: url });
  const [plural = '', subresource] = (resources[0] ?? '').split('/');
  return allows(owned, {
    verb,
    group: apiGroups[0] ?? '',
    plural,
    subresource,
    name: resourceNames[0],
  });
}

function attempt({ name, groups }: User, missing: Rule[]): string {
  const quoted = (list: string[]): string =>
    `[${list.map((item) => JSON.stringify(item)).join(', ')}]`;
  const told = missing.map((rule) => {
    const parts = [
      rule.nonResourceURLs.length > 0 ? `NonResourceURLs:${quoted(rule.nonResourceURLs)}` : '',
      rule.apiGroups.length > 0 ? `APIGroups:${quoted(rule.apiGroups)}` : '',
      rule.resources.length > 0 ? `Resources:${quoted(rule.resources)}` : '',
      rule.resourceNames.length > 0 ? `ResourceNames:${quoted(rule.resourceNames)}` : '',
      `Verbs:${quoted(rule.verbs)}`,
    ];
    return `{${parts.filter((part) => part !== '').join(', ')}}`;
  });
  const who = `user "${name}" (groups=${JSON.stringify(groups).replaceAll(',', ' ')})`;
  return `${who} is attempting to grant RBAC permissions not currently held:\n${told.join('\n')}`;
}
