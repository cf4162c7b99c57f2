import { aListener } from '@muster/api/testing';
import { describe, expect, test } from 'vitest';
import type { AutoscalingListener, PodTemplate } from '@muster/api';
import { parseConfig } from '../config.ts';
import type { Config } from '../config.ts';
import { listenerPod } from './pod.ts';

const configWith = (...args: string[]): Config =>
  parseConfig({
    args,
    env: {
      CONTROLLER_MANAGER_POD_NAMESPACE: 'muster-system',
      CONTROLLER_MANAGER_CONTAINER_IMAGE: 'm:1',
    },
  });

const access = {
  configUrl: 'https://github.com/my-org',
  credentials: { kind: 'token', token: 'planted' },
} as const;

const ours = (template?: PodTemplate): AutoscalingListener =>
  aListener({ spec: { image: 'm:1', ...(template && { template }) } });

const podOf = (template?: PodTemplate, config = configWith()) =>
  listenerPod(ours(template), { access, config, mounts: [] });

const specOf = (spec: object) => podOf({ spec } as PodTemplate).spec;
const listenerOf = (own: object) =>
  specOf({ containers: [{ name: 'listener', ...own }] }).containers[0];

describe('its node selector', () => {
  test.each([
    {
      name: '82: linux without a template',
      template: undefined,
      is: { 'kubernetes.io/os': 'linux' },
    },
    { name: '83: linux with an empty one', template: {}, is: { 'kubernetes.io/os': 'linux' } },
    {
      name: '84: linux when it is not set',
      template: { spec: { tolerations: [{ key: 'a' }] } } as unknown as PodTemplate,
      is: { 'kubernetes.io/os': 'linux' },
    },
    {
      name: '85: another one',
      template: { spec: { nodeSelector: { a: 'b' } } } as unknown as PodTemplate,
      is: { a: 'b' },
    },
    {
      name: '86: none when it is empty',
      template: { spec: { nodeSelector: {} } } as unknown as PodTemplate,
      is: {},
    },
  ])('$name', ({ template, is }) => {
    expect(podOf(template).spec.nodeSelector).toEqual(is);
  });
});

describe('a template', () => {
  test('29: adds to the listener, and brings others unchanged', () => {
    const sidecar = { name: 'sidecar', image: 's', imagePullPolicy: 'Always' };
    const { containers, securityContext, terminationGracePeriodSeconds } = specOf({
      securityContext: { runAsUser: 1000 },
      containers: [
        { name: 'listener', imagePullPolicy: 'Always', env: [{ name: 'X', value: '1' }] },
        sidecar,
      ],
    });
    expect(containers[0]).toMatchObject({
      name: 'listener',
      image: 'm:1',
      imagePullPolicy: 'Always',
      env: [
        { name: 'LISTENER_CONFIG_PATH' },
        { name: 'POD_UID' },
        { name: 'X' },
        { name: 'LISTENER_HEALTH_ADDR' },
      ],
      securityContext: { readOnlyRootFilesystem: true },
    });
    expect(containers[1]).toEqual(sidecar);
    expect(securityContext).toEqual({ runAsUser: 1000 });
    expect(terminationGracePeriodSeconds).toBe(60);
  });

  test('34: labels and annotations come with it, and never instead of ours', () => {
    const listener = aListener({
      metadata: { labels: { team: 'a' } },
      spec: { template: { metadata: { labels: { team: 'b', x: 'y' }, annotations: { n: 'm' } } } },
    });
    const { metadata } = listenerPod(listener, { access, config: configWith(), mounts: [] });
    expect(metadata.labels).toEqual({ team: 'a', x: 'y' });
    expect(metadata.annotations).toMatchObject({ n: 'm' });
  });

  test('does not choose the account that its rights hang on, nor withhold its token', () => {
    const spec = specOf({
      serviceAccountName: 'theirs',
      serviceAccount: 'theirs',
      automountServiceAccountToken: false,
    });
    expect(spec.serviceAccountName).toBe('linux-listener');
    expect(spec).not.toHaveProperty('serviceAccount');
    expect(spec).not.toHaveProperty('automountServiceAccountToken');
  });

  test.each([
    { field: 'args', theirs: ['-v'] },
    { field: 'command', theirs: ['/other'] },
    { field: 'resources', theirs: { limits: { cpu: '1' } } },
    { field: 'workingDir', theirs: '/w' },
  ])('sets $field of the listener', ({ field, theirs }) => {
    expect(listenerOf({ [field]: theirs })).toHaveProperty(field, theirs);
  });

  test('null is as good as nothing', () => {
    expect(specOf({ nodeSelector: null, restartPolicy: null })).toMatchObject({
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      restartPolicy: 'Never',
    });
  });
});

describe('probes', () => {
  test('ours is probed on a port of its own', () => {
    expect(podOf().spec.containers[0]).toMatchObject({
      env: expect.arrayContaining([{ name: 'LISTENER_HEALTH_ADDR', value: ':8081' }]) as unknown,
      ports: [{ name: 'metrics' }, { name: 'health', containerPort: 8081 }],
      livenessProbe: { httpGet: { path: '/healthz', port: 'health' } },
      readinessProbe: { httpGet: { path: '/readyz', port: 'health' } },
    });
  });

  test('on another one where metrics have that', () => {
    const { containers } = podOf(undefined, configWith('--listener-metrics-addr=:8081')).spec;
    expect(containers[0]?.env).toContainEqual({ name: 'LISTENER_HEALTH_ADDR', value: ':8082' });
  });

  test('a probe of the user stays', () => {
    const probe = { exec: { command: ['true'] } };
    expect(listenerOf({ readinessProbe: probe })).toMatchObject({ readinessProbe: probe });
  });

  test.each([
    { name: 'another image', spec: { containers: [{ name: 'listener', image: 'arc:1' }] } },
    { name: 'another command', spec: { containers: [{ name: 'listener', command: ['/arc'] }] } },
    { name: "the host's network", spec: { hostNetwork: true } },
    {
      name: 'an address of its own',
      spec: {
        containers: [{ name: 'listener', env: [{ name: 'LISTENER_HEALTH_ADDR', value: '' }] }],
      },
    },
  ])('$name is not probed', ({ spec }) => {
    const [listener] = specOf(spec).containers;
    expect(listener?.readinessProbe).toBeUndefined();
    expect(listener?.ports?.map(({ name }) => name)).toEqual(['metrics']);
  });
});

test('it runs without rights that it does not need', () => {
  expect(podOf().spec).toMatchObject({
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      },
    ],
  });
});

test('no credential is in the pod itself', () => {
  expect(JSON.stringify(podOf())).not.toContain('planted');
});

test('77, 81: it is owned by its listener alone, and has its labels', () => {
  const listener = aListener({ metadata: { labels: { team: 'a' } } });
  const { metadata } = listenerPod(listener, { access, config: configWith(), mounts: [] });
  expect(metadata.labels).toEqual({ team: 'a' });
  expect(metadata.ownerReferences).toEqual([
    {
      apiVersion: 'actions.github.com/v1alpha1',
      kind: 'AutoscalingListener',
      name: 'linux-listener',
      uid: 'uid-of-linux-listener',
      controller: true,
      blockOwnerDeletion: true,
    },
  ]);
});
