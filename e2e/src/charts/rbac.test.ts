// docs/rbac.yaml says every right that the charts grant, and where ours are others than ARC's (reference/charts.md 1.6, 2.14).
import { readFile } from 'node:fs/promises';
import { operatorManifests, scaleSetManifests } from '@muster/cli';
import type { Manifest } from '@muster/cli';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { findProgram } from '../programs.ts';
import { CONTROLLER, rendererOf, SCALE_SET } from './helm.ts';
import type { Files, Rendered } from './helm.ts';

const helm = await findProgram('helm');

interface Rule {
  resources: string;
  names?: string[];
  verbs: string[];
  why: string;
  arc?: string[];
}

interface Role {
  template: string;
  chart: typeof CONTROLLER | typeof SCALE_SET;
  kind: string;
  rules: Rule[];
}

const { roles } = parse(
  await readFile(new URL('../../../docs/rbac.yaml', import.meta.url), 'utf8'),
) as { roles: Role[] };

const FULL = 'create delete get list patch update watch';
const STATUS = 'get patch update';
const AG = 'actions.github.com';
const RBAC = 'rbac.authorization.k8s.io';

const followed = (roleVerbs: string): string[] => [
  'pods: list watch',
  'serviceaccounts: list watch',
  `${RBAC}/rolebindings: list watch`,
  `${RBAC}/roles: ${roleVerbs}`,
];

const whole = (kind: string, ...order: ('finalizers' | 'status')[]): string[] => [
  `${AG}/${kind}: ${FULL}`,
  ...order.map((part) => `${AG}/${kind}/${part}: ${part === 'status' ? STATUS : 'patch update'}`),
];

const seen = (kind: string): string => `${AG}/${kind}: list watch`;

const KUBE_MODE = [
  'pods: get list create delete',
  'pods/exec: get create',
  'pods/log: get list watch',
  'batch/jobs: get list create delete',
  'secrets: get list create delete',
];

/** ARC's, by our template, in its order. */
const ARC: Record<string, string[]> = {
  manager_cluster_role: [
    ...whole('autoscalingrunnersets', 'finalizers', 'status'),
    ...whole('autoscalinglisteners', 'status', 'finalizers'),
    ...whole('ephemeralrunnersets', 'status', 'finalizers'),
    ...whole('ephemeralrunners', 'finalizers', 'status'),
    ...followed('list watch patch'),
  ],
  manager_single_namespace_controller_role: [
    ...whole('autoscalinglisteners', 'status', 'finalizers'),
    ...followed('list watch'),
    ...['autoscalingrunnersets', 'ephemeralrunnersets', 'ephemeralrunners'].map(seen),
  ],
  manager_single_namespace_watch_role: [
    ...whole('autoscalingrunnersets', 'finalizers', 'status'),
    ...whole('ephemeralrunnersets', 'status', 'finalizers'),
    ...whole('ephemeralrunners', 'finalizers', 'status'),
    seen('autoscalinglisteners'),
    ...followed('list watch patch'),
  ],
  manager_listener_role: [
    'pods: create delete get',
    'pods/status: get',
    'secrets: create delete get patch update',
    'serviceaccounts: create delete get patch update',
  ],
  leader_election_role: [
    'coordination.k8s.io/leases: get watch list delete update create',
    'events: create patch',
  ],
  crds_upgrade: [],
  manager_role: [
    'pods: create delete get',
    'pods/status: get',
    'secrets: create delete get list patch update',
    'serviceaccounts: create delete get list patch update',
    `${RBAC}/rolebindings: create delete get patch update`,
    `${RBAC}/roles: create delete get patch update`,
    'configmaps: get',
  ],
  kube_mode_role: KUBE_MODE,
};

const lineOf = (resources: string, verbs: readonly string[]): string =>
  `${resources}: ${verbs.join(' ')}`;

interface Granted {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

/** A rule of the charts has one group and one resource. */
const granted = ({ rules }: Rendered): Omit<Rule, 'why'>[] =>
  (rules as unknown as Granted[]).map(({ apiGroups, resources, resourceNames: names, verbs }) => {
    expect([apiGroups, resources].map(({ length }) => length)).toEqual([1, 1]);
    const place = [...apiGroups, ...resources].filter((part) => part !== '').join('/');
    return { resources: place, verbs, ...(names && { names }) };
  });

const isGranted = ({ verbs }: Rule): boolean => verbs.length > 0;

describe('docs/rbac.yaml', () => {
  test("is ARC's list but for what it says", () => {
    const others = roles.map(({ template, rules }) => [
      template,
      rules
        .map(({ resources, verbs, arc }) => ({ resources, verbs: arc ?? verbs }))
        .filter(({ verbs }) => verbs.length > 0)
        .map(({ resources, verbs }) => lineOf(resources, verbs)),
    ]);
    expect(Object.fromEntries(others)).toEqual(ARC);
  });

  test('says what each right is for', () => {
    const silent = roles.flatMap(({ rules }) =>
      rules.filter(({ why }) => !/^[A-Z`].{8,}\.$/.test(why)),
    );
    expect(silent).toEqual([]);
  });
});

describe.skipIf(helm === undefined)('the rights of the charts', () => {
  const render = (chart: Role['chart'], values: object): Promise<Files> =>
    rendererOf(helm ?? '')({ chart, release: 'test', values });
  const required = {
    githubConfigUrl: 'https://github.com/my-org',
    githubConfigSecret: 'mine',
    controllerServiceAccount: { name: 'operator', namespace: 'system' },
    githubServerTLS: { certificateFrom: { configMapKeyRef: { name: 'a', key: 'b' } } },
  };
  const everyWay = (): Promise<Files[]> =>
    Promise.all([
      render(CONTROLLER, { replicaCount: 2 }),
      render(CONTROLLER, { flags: { watchSingleNamespace: 'ours' } }),
      render(SCALE_SET, { ...required, containerMode: { type: 'kubernetes' } }),
    ]);

  test('are those of docs/rbac.yaml, and there are no others', async () => {
    const found = new Map<string, unknown>();
    for (const files of await everyWay()) {
      for (const name of files.names) {
        const role = files.all(name).find(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
        if (role) found.set(name, { kind: role.kind, rules: granted(role) });
      }
    }
    const said = roles.map(({ template, kind, rules }) => [
      template,
      {
        kind,
        rules: rules.filter(isGranted).map(({ resources, verbs, names }) => ({
          resources,
          verbs,
          ...(names && { names }),
        })),
      },
    ]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(said));
  });
});

describe('the rights in `muster dev`', () => {
  const wish = { name: 'a', namespace: 'a', configUrl: 'http://a', minRunners: 0, maxRunners: 1 };
  const rolesOf = (manifests: readonly Manifest[]): Map<string, unknown> => {
    const found = manifests.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
    return new Map(found.map((role) => [role.metadata.name, sorted(granted(role as never))]));
  };
  const sorted = (rules: readonly Omit<Rule, 'why'>[]): string[] =>
    rules.map(({ resources, verbs }) => lineOf(resources, verbs)).sort();
  const said = (template: string): string[] => {
    const role = roles.find((one) => one.template === template);
    // The demo's service has no certificate authority of its own.
    const rules = role?.rules.filter((rule) => isGranted(rule) && rule.resources !== 'configmaps');
    return sorted(rules ?? []);
  };

  test('are those of the charts', () => {
    const operator = rolesOf(operatorManifests());
    expect(operator.get('muster-gha-rs-controller')).toEqual(said('manager_cluster_role'));
    expect(operator.get('muster-gha-rs-controller-listener')).toEqual(
      said('manager_listener_role'),
    );
    const [manager] = rolesOf(scaleSetManifests(wish)).values();
    expect(manager).toEqual(said('manager_role'));
  });
});
