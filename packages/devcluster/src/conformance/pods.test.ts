// Pods as the API keeps them: admission, defaults, validation, quotas, binding, eviction.
import { expect } from 'vitest';
import type { JsonObject } from '../json.ts';
import { aPod, STRATEGIC } from '../testing.ts';
import type { ApiUser, Failure } from '../testing.ts';
import { aString, blamed, eventually, refusal, test } from './ground.ts';
import type { Space } from './ground.ts';

interface Container extends JsonObject {
  volumeMounts?: JsonObject[];
}

interface Pod {
  spec: JsonObject & { containers: Container[]; volumes?: JsonObject[] };
  status: JsonObject;
}

test('a pod gets its defaults', async ({ admin, space }) => {
  const spec = {
    automountServiceAccountToken: false,
    containers: [
      {
        name: 'main',
        image: 'busybox:1',
        ports: [{ containerPort: 80 }],
        env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
        livenessProbe: { httpGet: { port: 80 } },
        resources: { limits: { cpu: '1' } },
      },
    ],
    volumes: [
      { name: 'e' },
      { name: 's', secret: { secretName: 'x' } },
      { name: 'p', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
    ],
  };
  const { body } = await admin.post<Pod>(space.of('pods'), aPod('a', spec));
  expect(body.spec).toEqual({
    automountServiceAccountToken: false,
    containers: [
      {
        name: 'main',
        image: 'busybox:1',
        imagePullPolicy: 'IfNotPresent',
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        env: [
          { name: 'X', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
        ],
        livenessProbe: {
          httpGet: { path: '/', port: 80, scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        resources: { limits: { cpu: '1' }, requests: { cpu: '1' } },
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ],
    dnsPolicy: 'ClusterFirst',
    enableServiceLinks: true,
    preemptionPolicy: 'PreemptLowerPriority',
    priority: 0,
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    serviceAccount: 'default',
    serviceAccountName: 'default',
    terminationGracePeriodSeconds: 30,
    tolerations: ['not-ready', 'unreachable'].map((key) => ({
      key: `node.kubernetes.io/${key}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    })),
    volumes: [
      { name: 'e', emptyDir: {} },
      { name: 's', secret: { secretName: 'x', defaultMode: 420 } },
      {
        name: 'p',
        projected: {
          defaultMode: 420,
          sources: [{ serviceAccountToken: { expirationSeconds: 3600, path: 't' } }],
        },
      },
    ],
  });
  expect(body.status).toEqual({ phase: 'Pending', qosClass: 'Burstable' });
});

test.for([
  { image: 'a', policy: 'Always' },
  { image: 'a:latest', policy: 'Always' },
  { image: 'registry.test:5000/a', policy: 'Always' },
  { image: 'a:1', policy: 'IfNotPresent' },
])('an image $image is pulled $policy', async ({ image, policy }, { admin, space }) => {
  const spec = { containers: [{ name: 'main', image }] };
  const { body } = await admin.post<Pod>(space.of('pods'), aPod('a', spec));
  expect(body.spec.containers[0]?.['imagePullPolicy']).toBe(policy);
});

test.for([
  { resources: {}, quality: 'BestEffort' },
  { resources: { requests: { cpu: '1' } }, quality: 'Burstable' },
  { resources: { limits: { cpu: '1', memory: '1Gi' } }, quality: 'Guaranteed' },
])('a pod with $resources is $quality', async ({ resources, quality }, { admin, space }) => {
  const spec = { containers: [{ name: 'main', image: 'x', resources }] };
  const { body } = await admin.post<Pod>(space.of('pods'), aPod('a', spec));
  expect(body.status['qosClass']).toBe(quality);
});

test('a pod gets its account, the token volume and a mount in each container', async ({
  admin,
  space,
}) => {
  const { body } = await admin.post<Pod>(
    space.of('pods'),
    aPod('a', { initContainers: [{ name: 'first', image: 'x' }] }),
  );
  const mount = { mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true };
  expect(body.spec).toMatchObject({
    serviceAccountName: 'default',
    volumes: [
      {
        name: aString(/^kube-api-access-\w{5}$/),
        projected: {
          defaultMode: 420,
          sources: [
            { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
            { configMap: { name: 'kube-root-ca.crt' } },
            { downwardAPI: { items: [{ path: 'namespace' }] } },
          ],
        },
      },
    ],
    initContainers: [{ volumeMounts: [mount] }],
    containers: [{ volumeMounts: [mount] }],
  });
});

test('the account says what its pods get', async ({ admin, space }) => {
  await admin.post(space.of('serviceaccounts'), {
    metadata: { name: 'robot' },
    imagePullSecrets: [{ name: 'pull' }],
    automountServiceAccountToken: false,
  });
  const { body } = await admin.post<Pod>(
    space.of('pods'),
    aPod('a', { serviceAccountName: 'robot' }),
  );
  expect([body.spec['imagePullSecrets'], body.spec.volumes]).toEqual([
    [{ name: 'pull' }],
    undefined,
  ]);
});

test('an account that is not there is refused', async ({ admin, space }) => {
  const answer = await admin.post<Failure>(
    space.of('pods'),
    aPod('a', { serviceAccountName: 'x' }),
  );
  expect(refusal(answer)).toEqual([
    403,
    'Forbidden',
    `pods "a" is forbidden: error looking up service account ${space.name}/x: serviceaccount "x" not found`,
  ]);
});

const mounting = (name: string, mountPath = '/m'): JsonObject => ({
  containers: [{ name: 'main', image: 'x', volumeMounts: [{ name, mountPath }] }],
});

test.for<{ spec: JsonObject; says: string }>([
  { spec: { containers: [] }, says: 'spec.containers: Required value' },
  { spec: { containers: [{ name: 'main' }] }, says: 'spec.containers[0].image: Required value' },
  { spec: { containers: [{ image: 'x' }] }, says: 'spec.containers[0].name: Required value' },
  {
    spec: mounting('none'),
    says: 'spec.containers[0].volumeMounts[0].name: Not found: "none"',
  },
  {
    spec: { containers: ['a', 'a'].map((name) => ({ name, image: 'x' })) },
    says: 'spec.containers[1].name: Duplicate value: "a"',
  },
  {
    spec: { restartPolicy: 'Often' },
    says: 'spec.restartPolicy: Unsupported value: "Often": supported values: "Always", "OnFailure", "Never"',
  },
  {
    spec: { volumes: [{ name: 'v', secret: {} }] },
    says: 'spec.volumes[0].secret.secretName: Required value',
  },
  {
    spec: {
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'v', emptyDir: {} },
      ],
    },
    says: 'spec.volumes[1].name: Duplicate value: "v"',
  },
  {
    spec: { terminationGracePeriodSeconds: -1 },
    says: '',
  },
])('an invalid pod is told $says', async ({ spec, says }, { admin, space }) => {
  const answer = await admin.post<Failure>(space.of('pods'), aPod('a', spec));
  if (says === '') {
    // A negative grace is taken for the shortest.
    expect(answer.code).toBe(201);
    return;
  }
  expect(refusal(answer)).toEqual([422, 'Invalid', `Pod "a" is invalid: ${says}`]);
});

test('a quantity that is none is 400', async ({ admin, space }) => {
  const resources = { requests: { cpu: 'much' } };
  const spec = { containers: [{ name: 'main', image: 'x', resources }] };
  expect((await admin.post(space.of('pods'), aPod('a', spec))).code).toBe(400);
});

test('of a pod only images may change', async ({ admin, space }) => {
  await admin.post(space.of('pods'), aPod('a'));
  const change = async (container: JsonObject): Promise<unknown[]> => {
    const body = { spec: { containers: [{ name: 'main', ...container }] } };
    return blamed(await admin.patch<Failure>(`${space.of('pods')}/a`, body, STRATEGIC));
  };
  expect(await change({ image: 'y' })).toEqual([200]);
  expect(await change({ command: ['z'] })).toEqual([422, 'spec FieldValueForbidden']);
});

test('a pod is bound once', async ({ admin, space }) => {
  const path = `${space.of('pods')}/a`;
  // A scheduler that finds no node would write the condition too.
  await admin.post(space.of('pods'), aPod('a', { schedulerName: 'nobody' }));
  const bind = (node: string) =>
    admin.post<Failure>(`${path}/binding`, {
      metadata: { name: 'a' },
      target: { kind: 'Node', name: node },
    });
  expect((await bind('one')).code).toBe(201);
  const again = await bind('two');
  expect(refusal(again)).toEqual([
    409,
    'Conflict',
    'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "one"',
  ]);
  const { body } = await admin.get<Pod>(path);
  expect([body.spec['nodeName'], body.status['conditions']]).toMatchObject([
    'one',
    [{ type: 'PodScheduled', status: 'True' }],
  ]);
});

async function quota(admin: ApiUser, path: string, hard: JsonObject): Promise<void> {
  await admin.post(path, { metadata: { name: 'q' }, spec: { hard } });
  // A quota holds once its controller has counted.
  await eventually(async () => {
    const { body } = await admin.get<Pod>(`${path}/q`);
    return body.status['used'] !== undefined;
  });
}

test('a quota counts pods that have not ended, and says so', async ({ admin, space }) => {
  const quotas = space.of('resourcequotas');
  await quota(admin, quotas, { pods: '1' });
  await admin.post(space.of('pods'), aPod('a'));
  const answer = await admin.post<Failure>(space.of('pods'), aPod('b'));
  expect(refusal(answer)).toEqual([
    403,
    'Forbidden',
    'pods "b" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
  ]);
  await admin.patch(`${space.of('pods')}/a/status`, { status: { phase: 'Succeeded' } });
  await eventually(async () => {
    const { body } = await admin.get<Pod>(`${quotas}/q`);
    return (body.status['used'] as JsonObject)['pods'] === '0';
  });
  expect((await admin.post(space.of('pods'), aPod('b'))).code).toBe(201);
});

test('a quota of objects counts any kind', async ({ admin, space }) => {
  await quota(admin, space.of('resourcequotas'), { 'count/secrets': '1' });
  const make = (name: string) => admin.post(space.of('secrets'), { metadata: { name } });
  expect([(await make('a')).code, (await make('b')).code]).toEqual([201, 403]);
});

test('a quota of cpu wants pods to say theirs, and adds them up', async ({ admin, space }) => {
  await quota(admin, space.of('resourcequotas'), { 'requests.cpu': '1' });
  const wanting = (name: string, cpu?: string): JsonObject =>
    aPod(name, {
      containers: [
        {
          name: 'main',
          image: 'x',
          ...(cpu === undefined ? {} : { resources: { requests: { cpu } } }),
        },
      ],
    });
  const silent = await admin.post<Failure>(space.of('pods'), wanting('a'));
  expect(silent.body.message).toBe(
    'pods "a" is forbidden: failed quota: q: must specify requests.cpu for: main',
  );
  expect((await admin.post(space.of('pods'), wanting('b', '600m'))).code).toBe(201);
  const over = await admin.post<Failure>(space.of('pods'), wanting('c', '0.5'));
  expect(over.body.message).toBe(
    'pods "c" is forbidden: exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1',
  );
});

test('a limit range gives containers what they do not say', async ({ admin, space }) => {
  await admin.post(space.of('limitranges'), {
    metadata: { name: 'l' },
    spec: {
      limits: [
        {
          type: 'Container',
          default: { cpu: '2' },
          defaultRequest: { cpu: '1' },
          max: { cpu: '4' },
        },
      ],
    },
  });
  // The API server learns of it by a watch.
  await eventually(async () => {
    const { body } = await admin.post<Pod>(`${space.of('pods')}?dryRun=All`, aPod('a'));
    const resources = body.spec.containers[0]?.['resources'] as JsonObject;
    return JSON.stringify(resources) === '{"limits":{"cpu":"2"},"requests":{"cpu":"1"}}';
  });
  const much = { requests: { cpu: '5' }, limits: { cpu: '5' } };
  const answer = await admin.post<Failure>(
    space.of('pods'),
    aPod('b', { containers: [{ name: 'main', image: 'x', resources: much }] }),
  );
  expect(refusal(answer)).toEqual([
    403,
    'Forbidden',
    'pods "b" is forbidden: maximum cpu usage per Container is 4, but limit is 5',
  ]);
});

test('an eviction deletes the pod', async ({ admin, space }) => {
  await admin.post(space.of('pods'), aPod('a'));
  const { code, body } = await admin.post<{ status: string }>(`${space.of('pods')}/a/eviction`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: 'a', namespace: space.name },
  });
  expect([code, body.status]).toEqual([201, 'Success']);
  expect((await admin.get(`${space.of('pods')}/a`)).code).toBe(404);
});

interface Budget {
  status: { disruptionsAllowed?: number; currentHealthy?: number; expectedPods?: number };
}

/** Pods that somebody says are ready, and a budget that has counted them. */
async function readyPods(
  admin: ApiUser,
  space: Space,
  { names, budget }: { names: string[]; budget: JsonObject },
): Promise<void> {
  for (const name of names) {
    const pod = aPod(name, { schedulerName: 'nobody' }, { labels: { app: 'a' } });
    await admin.post(space.of('pods'), pod);
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    await admin.patch(`${space.of('pods')}/${name}/status`, { status });
  }
  const budgets = space.of('policy/v1/poddisruptionbudgets');
  await admin.post(budgets, {
    metadata: { name: 'b' },
    spec: { selector: { matchLabels: { app: 'a' } }, ...budget },
  });
  await eventually(async () => {
    const { status } = (await admin.get<Budget & JsonObject>(`${budgets}/b`)).body;
    return status.currentHealthy === names.length;
  });
}

const evict = (admin: ApiUser, space: Space, name: string) =>
  admin.post<Failure>(`${space.of('pods')}/${name}/eviction`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace: space.name },
  });

test('an eviction that a disruption budget forbids is 429, and says what it needs', async ({
  admin,
  space,
}) => {
  await readyPods(admin, space, { names: ['a', 'b'], budget: { minAvailable: 1 } });
  expect((await evict(admin, space, 'a')).code).toBe(201);
  await eventually(async () => {
    const path = `${space.of('policy/v1/poddisruptionbudgets')}/b`;
    const { status } = (await admin.get<Budget & JsonObject>(path)).body;
    return status.currentHealthy === 1 && status.disruptionsAllowed === 0;
  });
  const answer = await evict(admin, space, 'b');
  expect(refusal(answer)).toEqual([
    429,
    'TooManyRequests',
    "Cannot evict pod as it would violate the pod's disruption budget.",
  ]);
  expect(answer.body.details).toMatchObject({
    causes: [
      {
        reason: 'DisruptionBudget',
        message: 'The disruption budget b needs 1 healthy pods and has 1 currently',
      },
    ],
  });
});

test.for<{ budget: JsonObject; allowed: number; desired: number }>([
  { budget: { minAvailable: 1 }, allowed: 2, desired: 1 },
  { budget: { minAvailable: 5 }, allowed: 0, desired: 5 },
])('a budget of $budget allows $allowed of three', async (row, { admin, space }) => {
  const { budget, allowed, desired } = row;
  await readyPods(admin, space, { names: ['a', 'b', 'c'], budget });
  const path = `${space.of('policy/v1/poddisruptionbudgets')}/b`;
  const { status } = (await admin.get<Budget & JsonObject>(path)).body;
  expect(status).toMatchObject({
    disruptionsAllowed: allowed,
    currentHealthy: 3,
    desiredHealthy: desired,
    conditions: [{ type: 'DisruptionAllowed', status: allowed > 0 ? 'True' : 'False' }],
  });
});

test('a pod that is not ready may go while enough others are', async ({ admin, space }) => {
  await readyPods(admin, space, { names: ['a'], budget: { minAvailable: 1 } });
  await admin.post(
    space.of('pods'),
    aPod('sick', { schedulerName: 'nobody' }, { labels: { app: 'a' } }),
  );
  await admin.patch(`${space.of('pods')}/sick/status`, { status: { phase: 'Running' } });
  const path = `${space.of('policy/v1/poddisruptionbudgets')}/b`;
  const counted = async (): Promise<Budget['status']> =>
    (await admin.get<Budget & JsonObject>(path)).body.status;
  await eventually(async () => (await counted()).expectedPods === 2);
  expect(await counted()).toMatchObject({ currentHealthy: 1, disruptionsAllowed: 0 });
  expect((await evict(admin, space, 'sick')).code).toBe(201);
  expect((await evict(admin, space, 'a')).code).toBe(429);
});

test('a priority class sets the priority of its pods', async ({ admin, space }) => {
  const { body } = await admin.post<Pod>(
    space.of('pods'),
    aPod('a', { priorityClassName: 'system-node-critical' }),
  );
  expect([body.spec['priority']]).toEqual([2_000_001_000]);
  const none = await admin.post<Failure>(space.of('pods'), aPod('b', { priorityClassName: 'x' }));
  expect(refusal(none)).toEqual([
    403,
    'Forbidden',
    'pods "b" is forbidden: no PriorityClass with name x was found',
  ]);
});

test('the log of a pod that no node has is empty', async ({ admin, space }) => {
  await admin.post(space.of('pods'), aPod('a'));
  const response = await admin.send(`${space.of('pods')}/a/log`, {});
  expect([response.status, await response.text()]).toEqual([204, '']);
});
