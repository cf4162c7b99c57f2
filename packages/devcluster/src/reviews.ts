// Reviews: questions about tokens and rights, answered and not stored.
import { may, rulesOf } from './auth/rbac.ts';
import type { Act } from './auth/rbac.ts';
import { accountOf, describedUser } from './auth/tokens.ts';
import { objectAt, stringAt } from './json.ts';
import type { JsonObject } from './json.ts';
import type { KubeObject } from './object.ts';
import { badRequest } from './status.ts';
import type { Resource } from './resource.ts';
import type { User, World } from './world.ts';

export async function review(
  world: World,
  { resource, user }: { resource: Resource; user: User },
  object: KubeObject,
): Promise<JsonObject> {
  const spec = objectAt(object, 'spec') ?? {};
  // A review is never stored, so its metadata says nothing; an empty time would not parse.
  const metadata = { creationTimestamp: null };
  const answer = (status: JsonObject): JsonObject => ({ ...object, metadata, status });
  switch (resource.kind) {
    case 'TokenReview':
      return answer(await reviewToken(world, stringAt(spec, 'token') ?? ''));
    case 'SelfSubjectReview':
      return answer({ userInfo: userInfo(user) });
    case 'SelfSubjectRulesReview':
      return answer(reviewRules(world, user, stringAt(spec, 'namespace') ?? ''));
    case 'SelfSubjectAccessReview':
      return answer(reviewAccess(world, user, spec));
    default:
      return answer(reviewAccess(world, describedUser(spec), spec));
  }
}

const userInfo = ({ name, uid, groups, extra }: User): JsonObject => ({
  username: name,
  ...(uid === undefined ? {} : { uid }),
  groups,
  ...(extra === undefined ? {} : { extra }),
});

async function reviewToken(world: World, token: string): Promise<JsonObject> {
  const user = await accountOf(world, token);
  if (user === undefined) return { error: 'invalid bearer token' };
  return {
    authenticated: true,
    user: userInfo(user),
    audiences: ['https://kubernetes.default.svc.cluster.local'],
  };
}

function reviewAccess(world: World, user: User, spec: JsonObject): JsonObject {
  const act = actOf(spec);
  return may(world, user, act) ? { allowed: true, reason: 'RBAC: allowed' } : { allowed: false };
}

function actOf(spec: JsonObject): Act {
  const resource = objectAt(spec, 'resourceAttributes');
  const path = objectAt(spec, 'nonResourceAttributes');
  if (resource) {
    const optional = (key: string): string | undefined => {
      const value = stringAt(resource, key);
      return value === '' ? undefined : value;
    };
    return {
      verb: stringAt(resource, 'verb') ?? '',
      group: stringAt(resource, 'group') ?? '',
      plural: stringAt(resource, 'resource') ?? '',
      subresource: optional('subresource'),
      namespace: optional('namespace'),
      name: optional('name'),
    };
  }
  if (path) return { verb: stringAt(path, 'verb') ?? '', path: stringAt(path, 'path') ?? '' };
  throw badRequest('exactly one of nonResourceAttributes or resourceAttributes must be specified');
}

function reviewRules(world: World, user: User, namespace: string): JsonObject {
  const rules = rulesOf(world, user, namespace);
  return {
    resourceRules: rules
      .filter((rule) => rule.resources.length > 0)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        resourceNames,
      })),
    nonResourceRules: rules
      .filter((rule) => rule.nonResourceURLs.length > 0)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
  };
}
