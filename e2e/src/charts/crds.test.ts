// The hook that replaces the definitions of our kinds before an upgrade.
import { describe, expect, test } from 'vitest';
import { findProgram } from '../programs.ts';
import { CONTROLLER, rendererOf } from './helm.ts';
import type { Files, Rendered } from './helm.ts';

type Template = Rendered['spec']['template'];

const templateOf = (object: Rendered | undefined): Template => {
  if (object === undefined) throw new Error('there is no such object');
  return object.spec.template;
};

const containerOf = ({ spec }: Template): object => spec.containers[0] ?? {};

/** Those of its fields, each of which it must have. */
const shared = (object: object, fields: readonly string[]): object => {
  const found = Object.entries(object).filter(([field]) => fields.includes(field));
  expect(found).toHaveLength(fields.length);
  return Object.fromEntries(found);
};

const helm = await findProgram('helm');

describe.skipIf(helm === undefined)('the hook of the definitions', () => {
  const render = (values: object = {}, release = 'test-arc'): Promise<Files> =>
    rendererOf(helm ?? '')({ chart: CONTROLLER, release, values });

  test('runs before an upgrade, is allowed nothing else, and leaves nothing', async () => {
    const objects = (await render()).all('crds_upgrade');
    expect(objects.map(({ kind }) => kind)).toEqual([
      'ServiceAccount',
      'ClusterRole',
      'ClusterRoleBinding',
      'Job',
    ]);
    for (const { metadata } of objects) {
      expect(metadata.name).toBe('test-arc-gha-rs-controller-crds');
      expect(metadata.annotations).toMatchObject({
        'helm.sh/hook': 'pre-upgrade',
        'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
      });
    }
    expect(objects.map(({ metadata }) => metadata.annotations['helm.sh/hook-weight'])).toEqual([
      ...['-10', '-10', '-10'],
      '-5',
    ]);
    expect(objects[1]?.rules).toEqual([
      {
        apiGroups: ['apiextensions.k8s.io'],
        resources: ['customresourcedefinitions'],
        resourceNames: [
          'autoscalinglisteners.actions.github.com',
          'autoscalingrunnersets.actions.github.com',
          'ephemeralrunners.actions.github.com',
          'ephemeralrunnersets.actions.github.com',
        ],
        verbs: ['patch'],
      },
    ]);
  });

  test("its pod is the operator's in all but what it does, and not one of the operator's", async () => {
    const values = {
      image: { repository: 'mirror/muster', tag: 'x' },
      imagePullSecrets: [{ name: 'pull' }],
      nodeSelector: { a: 'b' },
      tolerations: [{ key: 't' }],
      affinity: { nodeAffinity: {} },
      resources: { limits: { cpu: '1' } },
      env: [{ name: 'A', value: 'b' }],
      flags: { logFormat: 'json' },
    };
    const files = await render(values);
    const template = templateOf(files.all('crds_upgrade')[3]);
    const operators = templateOf(files.the('deployment'));
    const manager = containerOf(operators);
    expect(containerOf(template)).toEqual({
      ...shared(manager, [
        'image',
        'imagePullPolicy',
        'resources',
        'securityContext',
        'volumeMounts',
      ]),
      name: 'crds-upgrade',
      command: ['/manager'],
      args: ['--upgrade-crds', '--log-level=info', '--log-format=json'],
      env: [{ name: 'A', value: 'b' }],
    });
    const alike = [
      'imagePullSecrets',
      'securityContext',
      'nodeSelector',
      'affinity',
      'tolerations',
      'volumes',
    ];
    expect(template.spec).toEqual({
      ...shared(operators.spec, alike),
      containers: template.spec.containers,
      serviceAccountName: 'test-arc-gha-rs-controller-crds',
      restartPolicy: 'Never',
    });
    const { matchLabels } = files.the('deployment').spec.selector as {
      matchLabels: Record<string, string>;
    };
    expect(template.metadata.labels).not.toMatchObject(matchLabels);
  });

  test.each([
    { name: 'when told so', values: { crds: { upgrade: false } } },
    {
      name: 'for one namespace, without rights in the whole cluster',
      values: { flags: { watchSingleNamespace: 'ours' } },
    },
  ])('is not there $name', async ({ values }) => {
    expect((await render(values)).names).not.toContain('crds_upgrade');
  });

  // `helm upgrade --reuse-values` from ARC's chart knows none of our values.
  test('is there where the values say nothing of it', async () => {
    expect((await render({ crds: null })).names).toContain('crds_upgrade');
  });

  test('has a name that a Job may have', async () => {
    const [account, , , job] = (await render({ fullnameOverride: 'a'.repeat(63) })).all(
      'crds_upgrade',
    );
    expect(job?.metadata.name).toBe(`${'a'.repeat(58)}-crds`);
    expect(account?.metadata.name).toBe(job?.metadata.name);
  });
});
