// Who may do what: tokens, roles, bindings, reviews.
import { expect } from 'vitest';
import type { JsonObject } from '../json.ts';
import { aConfigMap, aPod } from '../testing.ts';
import type { ApiUser, Failure } from '../testing.ts';
import { aString, eventually, refusal, test as base, unique } from './ground.ts';
import type { Space } from './ground.ts';

interface Robot {
  /** `system:serviceaccount:<namespace>:robot`. */
  name: string;
  user: ApiUser;
  token: (spec?: JsonObject) => Promise<string>;
  /** Gives it these rules in its namespace, and waits until they hold. */
  allow: (rules: JsonObject[]) => Promise<void>;
}

const RBAC = 'rbac.authorization.k8s.io/v1';
const REVIEWS = '/apis/authorization.k8s.io/v1';
const ROBOT = { kind: 'ServiceAccount', name: 'robot' };

interface Allowed {
  status: { allowed: boolean };
}

const mayDo = async (user: ApiUser, resourceAttributes: JsonObject): Promise<boolean> => {
  const { body } = await user.post<Allowed>(`${REVIEWS}/selfsubjectaccessreviews`, {
    spec: { resourceAttributes },
  });
  return body.status.allowed;
};

async function grant(admin: ApiUser, space: Space, rules: JsonObject[]): Promise<void> {
  await admin.post(space.of(`${RBAC}/roles`), { metadata: { name: 'robot' }, rules });
  await admin.post(space.of(`${RBAC}/rolebindings`), {
    metadata: { name: 'robot' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'robot' },
    subjects: [{ ...ROBOT, namespace: space.name }],
  });
}

/** A right that only says that the others hold by now. */
const SIGN = { apiGroups: ['sign.test'], resources: ['signs'], verbs: ['see'] };

const test = base.extend<{ robot: Robot }>({
  robot: async ({ admin, space, target }, use) => {
    const accounts = space.of('serviceaccounts');
    await admin.post(accounts, { metadata: { name: 'robot' } });
    const token = async (spec: JsonObject = {}): Promise<string> => {
      const { body } = await admin.post<{ status: { token: string } }>(`${accounts}/robot/token`, {
        spec,
      });
      return body.status.token;
    };
    const user = target.as(await token());
    const allow = async (rules: JsonObject[]): Promise<void> => {
      await grant(admin, space, [...rules, SIGN]);
      const sign = { group: 'sign.test', resource: 'signs', verb: 'see', namespace: space.name };
      await eventually(() => mayDo(user, sign));
    };
    await use({ name: `system:serviceaccount:${space.name}:robot`, user, token, allow });
  },
});

test('a stranger is 401', async ({ target, space }) => {
  const answer = await target.as('wrong').get<Failure>(space.of('pods'));
  expect(refusal(answer)).toEqual([401, 'Unauthorized', 'Unauthorized']);
});

test('a token says whose it is, and until when', async ({ admin, space, robot }) => {
  const { code, body } = await admin.post<{
    kind: string;
    spec: JsonObject;
    status: { expirationTimestamp: string };
  }>(`${space.of('serviceaccounts')}/robot/token`, { spec: { expirationSeconds: 1200 } });
  expect([code, body.kind, body.spec['expirationSeconds']]).toEqual([201, 'TokenRequest', 1200]);
  const left = Date.parse(body.status.expirationTimestamp) - Date.now();
  expect(Math.round(left / 100_000)).toBe(12);
  const review = await robot.user.post<{ status: { userInfo: JsonObject } }>(
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    {},
  );
  expect(review.body.status.userInfo).toMatchObject({
    username: robot.name,
    groups: [
      'system:serviceaccounts',
      `system:serviceaccounts:${space.name}`,
      'system:authenticated',
    ],
  });
});

test('a token lives ten minutes at the least', async ({ admin, space, robot }) => {
  expect(robot.name).toContain(space.name);
  const answer = await admin.post<Failure>(`${space.of('serviceaccounts')}/robot/token`, {
    spec: { expirationSeconds: 60 },
  });
  expect(answer.code).toBe(422);
});

test('a token for an account that is not there is 404', async ({ admin, space }) => {
  const answer = await admin.post<Failure>(`${space.of('serviceaccounts')}/none/token`, {});
  expect(refusal(answer).slice(0, 2)).toEqual([404, 'NotFound']);
});

test('a token for another audience opens nothing here', async ({ target, robot }) => {
  const token = await robot.token({ audiences: ['elsewhere.test'] });
  expect((await target.as(token).get('/version')).code).toBe(401);
});

test('a token that is bound to a pod ends with the pod, and names it', async ({
  admin,
  space,
  target,
  robot,
}) => {
  const { body: pod } = await admin.post(
    space.of('pods'),
    aPod('p', { serviceAccountName: 'robot' }),
  );
  const user = target.as(
    await robot.token({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' } }),
  );
  const { body } = await user.post<{ status: { userInfo: { extra: JsonObject } } }>(
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    {},
  );
  expect(body.status.userInfo.extra).toMatchObject({
    'authentication.kubernetes.io/pod-name': ['p'],
    'authentication.kubernetes.io/pod-uid': [pod.metadata.uid],
  });
  await admin.delete(`${space.of('pods')}/p`);
  await eventually(async () => (await user.get('/api/v1')).code === 401);
});

test('a token ends with its account, even if another of that name comes', async ({
  admin,
  space,
  robot,
}) => {
  expect((await robot.user.get('/version')).code).toBe(200);
  await admin.delete(`${space.of('serviceaccounts')}/robot`);
  await admin.post(space.of('serviceaccounts'), { metadata: { name: 'robot' } });
  await eventually(async () => (await robot.user.get('/version')).code === 401);
});

test('a token is reviewed', async ({ admin, robot }) => {
  const review = async (token: string): Promise<JsonObject> => {
    const path = '/apis/authentication.k8s.io/v1/tokenreviews';
    return (await admin.post<{ status: JsonObject }>(path, { spec: { token } })).body.status;
  };
  expect(await review(await robot.token())).toMatchObject({
    authenticated: true,
    user: { username: robot.name },
  });
  expect((await review('wrong'))['authenticated']).toBeUndefined();
});

test('without a role nothing is allowed, and the refusal says what', async ({ space, robot }) => {
  const answer = await robot.user.patch<Failure>(`${space.of('configmaps')}/a`, {});
  expect(refusal(answer)).toEqual([
    403,
    'Forbidden',
    `configmaps "a" is forbidden: User "${robot.name}" cannot patch resource "configmaps" in API group "" in the namespace "${space.name}"`,
  ]);
  const outside = await robot.user.get<Failure>('/api/v1/nodes');
  expect(outside.body.message).toBe(
    `nodes is forbidden: User "${robot.name}" cannot list resource "nodes" in API group "" at the cluster scope`,
  );
});

test('a role holds in its namespace only, and for its verbs', async ({ space, robot }) => {
  await robot.allow([{ apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'get'] }]);
  const maps = space.of('configmaps');
  const answers = [
    await robot.user.post(maps, aConfigMap('a')),
    await robot.user.get(`${maps}/a`),
    await robot.user.get(maps),
    await robot.user.delete(`${maps}/a`),
    await robot.user.get('/api/v1/namespaces/kube-system/configmaps/kube-root-ca.crt'),
    await robot.user.get('/api/v1/configmaps'),
  ];
  expect(answers.map(({ code }) => code)).toEqual([201, 200, 403, 403, 403, 403]);
});

test('resourceNames allow those names, and a list of just one of them', async ({
  admin,
  space,
  robot,
}) => {
  const rule = { apiGroups: [''], resources: ['configmaps'], resourceNames: ['a'] };
  await robot.allow([{ ...rule, verbs: ['get', 'list', 'watch', 'patch', 'create'] }]);
  const maps = space.of('configmaps');
  await admin.post(maps, aConfigMap('a'));
  const paths = ['/a', '/b', '', '?fieldSelector=metadata.name%3Da'];
  const codes = await Promise.all(paths.map((path) => robot.user.get(`${maps}${path}`)));
  expect(codes.map(({ code }) => code)).toEqual([200, 403, 403, 200]);
  // Who creates names nothing yet.
  expect((await robot.user.post(maps, aConfigMap('a'))).code).toBe(403);
  expect((await robot.user.patch(`${maps}/a`, {})).code).toBe(200);
});

test('a subresource is a right of its own', async ({ admin, space, robot }) => {
  await robot.allow([{ apiGroups: [''], resources: ['pods/status'], verbs: ['patch'] }]);
  await admin.post(space.of('pods'), aPod('p'));
  const path = `${space.of('pods')}/p`;
  expect((await robot.user.patch(path, {})).code).toBe(403);
  expect((await robot.user.patch(`${path}/status`, {})).code).toBe(200);
});

test.for([
  { rule: { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }, code: 200 },
  { rule: { apiGroups: [''], resources: ['*'], verbs: ['list'] }, code: 200 },
  { rule: { apiGroups: ['apps'], resources: ['*'], verbs: ['*'] }, code: 403 },
  { rule: { apiGroups: [''], resources: ['pods'], verbs: ['get'] }, code: 403 },
])('wildcards: $rule.apiGroups $rule.resources $rule.verbs', async (row, { space, robot }) => {
  await robot.allow([row.rule]);
  expect((await robot.user.get(space.of('pods'))).code).toBe(row.code);
});

test('a cluster role by a role binding holds in that namespace', async ({
  admin,
  space,
  robot,
}) => {
  await robot.allow([]);
  await admin.post(space.of(`${RBAC}/rolebindings`), {
    metadata: { name: 'viewer' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ ...ROBOT, namespace: space.name }],
  });
  await eventually(async () => (await robot.user.get(space.of('pods'))).code === 200);
  expect((await robot.user.get(space.of('secrets'))).code).toBe(403);
  expect((await robot.user.get('/api/v1/namespaces/default/pods')).code).toBe(403);
});

test('a cluster role by a cluster role binding holds everywhere', async ({
  admin,
  space,
  robot,
}) => {
  const name = unique('everywhere');
  const path = `/apis/${RBAC}`;
  await admin.post(`${path}/clusterroles`, {
    metadata: { name },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }],
  });
  await admin.post(`${path}/clusterrolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ kind: 'Group', name: `system:serviceaccounts:${space.name}` }],
  });
  await eventually(async () => (await robot.user.get('/api/v1/configmaps')).code === 200);
  await admin.delete(`${path}/clusterrolebindings/${name}`);
  await admin.delete(`${path}/clusterroles/${name}`);
});

test('a binding does not change its role, and needs one', async ({ admin, space, robot }) => {
  await robot.allow([]);
  const path = space.of(`${RBAC}/rolebindings`);
  const other = { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'other' } };
  expect((await admin.patch(`${path}/robot`, other)).code).toBe(422);
  const none = { metadata: { name: 'none' }, roleRef: { kind: 'Shoe', name: 'x' } };
  expect((await admin.post(path, none)).code).toBe(422);
});

test('a review answers for the asker', async ({ space, robot }) => {
  await robot.allow([{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]);
  const about = (verb: string): JsonObject => ({ verb, resource: 'pods', namespace: space.name });
  expect([await mayDo(robot.user, about('get')), await mayDo(robot.user, about('delete'))]).toEqual(
    [true, false],
  );
});

test('a review answers for another, and for a namespace', async ({ admin, space, robot }) => {
  await robot.allow([{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]);
  const spec = {
    user: robot.name,
    resourceAttributes: { verb: 'get', resource: 'pods', namespace: space.name },
  };
  const of = async (path: string): Promise<boolean> =>
    (await admin.post<Allowed>(path, { metadata: { namespace: space.name }, spec })).body.status
      .allowed;
  const local = space.of('authorization.k8s.io/v1/localsubjectaccessreviews');
  expect([await of(local)]).toEqual([true]);
  const { body } = await admin.post<Allowed>(`${REVIEWS}/subjectaccessreviews`, {
    spec: { ...spec, user: 'nobody' },
  });
  expect(body.status.allowed).toBe(false);
});

test('a review lists the rules of the asker', async ({ space, robot }) => {
  await robot.allow([{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]);
  const { body } = await robot.user.post<{ status: { resourceRules: JsonObject[] } }>(
    `${REVIEWS}/selfsubjectrulesreviews`,
    { spec: { namespace: space.name } },
  );
  expect(body.status.resourceRules).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ apiGroups: [''], resources: ['pods'], verbs: ['get'] }),
    ]),
  );
});

test('who may impersonate acts as another', async ({ admin, space, robot }) => {
  await robot.allow([{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }]);
  const as = async (user: ApiUser, path: string): Promise<number> =>
    (await user.send(path, { headers: { 'impersonate-user': robot.name } })).status;
  expect(await as(admin, space.of('pods'))).toBe(200);
  expect(await as(admin, space.of('secrets'))).toBe(403);
  const refused = await robot.user.send(space.of('pods'), {
    headers: { 'impersonate-user': 'kubernetes-admin' },
  });
  expect(refused.status).toBe(403);
});

const GRANTING = {
  apiGroups: ['rbac.authorization.k8s.io'],
  resources: ['roles', 'rolebindings'],
  verbs: ['create', 'patch'],
};
const READING = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] };
const aRole = (rule: JsonObject): JsonObject => ({ metadata: { name: 'given' }, rules: [rule] });

test('what one holds may be granted', async ({ space, robot }) => {
  await robot.allow([GRANTING, READING]);
  expect((await robot.user.post(space.of(`${RBAC}/roles`), aRole(READING))).code).toBe(201);
});

test.for([
  { name: 'another verb', rule: { ...READING, verbs: ['get', 'delete'] } },
  { name: 'every resource', rule: { ...READING, resources: ['*'] } },
  {
    name: 'another resource by name',
    rule: { ...READING, resources: ['secrets'], resourceNames: ['x'] },
  },
])('what one does not hold may not be granted: $name', async ({ rule }, { space, robot }) => {
  await robot.allow([GRANTING, READING]);
  const answer = await robot.user.post<Failure>(space.of(`${RBAC}/roles`), aRole(rule));
  expect(refusal(answer)).toEqual([
    403,
    'Forbidden',
    aString(
      /^roles\.rbac\.authorization\.k8s\.io "given" is forbidden: user "system:serviceaccount:.*" \(groups=\[.*\]\) is attempting to grant RBAC permissions not currently held:\n\{/,
    ),
  ]);
});

test('`escalate` lifts that', async ({ space, robot }) => {
  await robot.allow([{ ...GRANTING, verbs: ['create', 'escalate'] }]);
  expect((await robot.user.post(space.of(`${RBAC}/roles`), aRole(READING))).code).toBe(201);
});

test.for([
  { name: 'without the rights in it', more: [], code: 403 },
  { name: 'with them', more: [READING], code: 201 },
  {
    name: 'with `bind` on it',
    more: [{ ...GRANTING, resources: ['roles'], resourceNames: ['given'], verbs: ['bind'] }],
    code: 201,
  },
])(
  'a binding grants what its role holds: $name',
  async ({ more, code }, { admin, space, robot }) => {
    await admin.post(space.of(`${RBAC}/roles`), aRole(READING));
    await robot.allow([GRANTING, ...more]);
    const binding = {
      metadata: { name: 'b' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'given' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'x' }],
    };
    const answer = await robot.user.post(space.of(`${RBAC}/rolebindings`), binding);
    expect(answer.code).toBe(code);
  },
);
