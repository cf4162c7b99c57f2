// The rules of pods: admission, defaults, validation, quotas, logs.
import { beforeEach, describe, expect, test } from 'vitest';
import { createCluster } from '../cluster.ts';
import type { LogOptions } from '../logs.ts';
import { apiUser, aPod } from '../testing.ts';
import type { ApiUser, Failure } from '../testing.ts';

const SPACE = '/api/v1/namespaces/default';
const PODS = `${SPACE}/pods`;

let api: ApiUser;
const asked: LogOptions[] = [];

beforeEach(() => {
  asked.length = 0;
  const podLogs = (_: object, options: LogOptions) => {
    asked.push(options);
    return Promise.resolve({
      problem: 'container "main" in pod "a" is waiting to start: ContainerCreating',
    });
  };
  api = apiUser(createCluster({ podLogs }));
});

test('a pod gets its account, the token volume and a mount in each container', async () => {
  const { body } = await api.post(
    PODS,
    aPod('a', { initContainers: [{ name: 'first', image: 'x' }] }),
  );
  expect(body['spec']).toMatchObject({
    serviceAccountName: 'default',
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    volumes: [{ name: expect.stringMatching(/^kube-api-access-\w{5}$/) as string, projected: {} }],
    initContainers: [
      { volumeMounts: [{ mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }] },
    ],
    containers: [{ imagePullPolicy: 'IfNotPresent', volumeMounts: [{ readOnly: true }] }],
  });
  expect(body['status']).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
});

test('automountServiceAccountToken: false leaves it out', async () => {
  const { body } = await api.post(PODS, aPod('a', { automountServiceAccountToken: false }));
  expect(body['spec']).not.toHaveProperty('volumes');
});

test('an account that is not there is refused', async () => {
  const { code, body } = await api.post<Failure>(PODS, aPod('a', { serviceAccountName: 'x' }));
  expect([code, body.message]).toEqual([
    403,
    'pods "a" is forbidden: error looking up service account default/x: serviceaccount "x" not found',
  ]);
});

describe('an invalid pod', () => {
  const mounts = (name: string) => [
    { name: 'main', image: 'x', volumeMounts: [{ name, mountPath: '/m' }] },
  ];

  test.each([
    { spec: { containers: [] }, says: 'spec.containers: Required value' },
    { spec: { containers: [{ name: 'main' }] }, says: 'spec.containers[0].image: Required value' },
    { spec: { containers: [{ image: 'x' }] }, says: 'spec.containers[0].name: Required value' },
    {
      spec: { containers: mounts('none') },
      says: 'spec.containers[0].volumeMounts[0].name: Not found: "none"',
    },
    {
      spec: {
        containers: [
          { name: 'a', image: 'x' },
          { name: 'a', image: 'x' },
        ],
      },
      says: 'spec.containers[1].name: Duplicate value: "a"',
    },
    {
      spec: { restartPolicy: 'Often' },
      says: 'spec.restartPolicy: Unsupported value: "Often": supported values: "Always", "OnFailure", "Never"',
    },
  ])('is told $says', async ({ spec, says }) => {
    const { code, body } = await api.post<Failure>(PODS, aPod('a', spec));
    expect([code, body.message]).toEqual([422, `Pod "a" is invalid: ${says}`]);
  });

  test('cannot be made of a valid one: only images may change', async () => {
    await api.post(PODS, aPod('a'));
    const strategic = 'application/strategic-merge-patch+json';
    const image = await api.patch(
      PODS + '/a',
      { spec: { containers: [{ name: 'main', image: 'y' }] } },
      strategic,
    );
    const command = await api.patch(
      PODS + '/a',
      { spec: { containers: [{ name: 'main', command: ['z'] }] } },
      strategic,
    );
    expect([image.code, command.code]).toEqual([200, 422]);
  });
});

test('a pod is bound once', async () => {
  await api.post(PODS, aPod('a'));
  const bind = (node: string) =>
    api.post<Failure>(`${PODS}/a/binding`, { target: { kind: 'Node', name: node } });
  expect((await bind('one')).code).toBe(201);
  expect((await bind('two')).code).toBe(409);
  expect((await api.get(`${PODS}?fieldSelector=spec.nodeName%3Done`)).body['items']).toHaveLength(
    1,
  );
});

test('a quota counts pods that have not ended, and says so', async () => {
  await api.post(`${SPACE}/resourcequotas`, {
    metadata: { name: 'q' },
    spec: { hard: { pods: '1' } },
  });
  await api.post(PODS, aPod('a'));
  const { code, body } = await api.post<Failure>(PODS, aPod('b'));
  expect([code, body.message]).toEqual([
    403,
    'pods "b" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
  ]);
  await api.patch(`${PODS}/a/status`, { status: { phase: 'Succeeded' } });
  expect((await api.get(`${SPACE}/resourcequotas/q`)).body['status']).toEqual({
    hard: { pods: '1' },
    used: { pods: '0' },
  });
  expect((await api.post(PODS, aPod('b'))).code).toBe(201);
});

test('a log is asked of the node, and its problem is told', async () => {
  await api.post(PODS, aPod('a'));
  await api.post(`${PODS}/a/binding`, { target: { kind: 'Node', name: 'one' } });
  const { code, body } = await api.get<Failure>(`${PODS}/a/log?tailLines=5&follow=true`);
  expect([code, body.message]).toEqual([
    400,
    'container "main" in pod "a" is waiting to start: ContainerCreating',
  ]);
  expect(asked).toEqual([
    { container: 'main', follow: true, previous: false, timestamps: false, tailLines: 5 },
  ]);
});

test('what is lacking is named', async () => {
  await api.post(PODS, aPod('a'));
  const { code, body } = await api.get<Failure>(`${PODS}/a/exec`);
  expect([code, body.message]).toEqual([501, 'pods/exec is not implemented by this cluster']);
});
