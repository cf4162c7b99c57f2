// The operator's chart: what ARC's own tests ask of theirs (reference/charts.md 4.1, its numbers), and
// what ours promises beside it.
import { describe, expect, test } from 'vitest';
import { findProgram } from '../programs.ts';
import { CONTROLLER, rendererOf } from './helm.ts';
import type { Files, Rendered, RenderedContainer } from './helm.ts';

const helm = await findProgram('helm');
const FULL = 'test-arc-gha-rs-controller';
const NAMESPACE = 'test-namespace';

describe.skipIf(helm === undefined)('the chart gha-runner-scale-set-controller', () => {
  const render = (values: object = {}): Promise<Files> =>
    rendererOf(helm ?? '')({ chart: CONTROLLER, release: 'test-arc', values });
  const one = async (file: string, values?: object): Promise<Rendered> =>
    (await render(values)).the(file);
  const managerOf = (files: Files): RenderedContainer => {
    const [container] = files.the('deployment').spec.template.spec.containers;
    if (container === undefined) throw new Error('the Deployment has no container');
    return container;
  };
  const argsOf = async (values: object): Promise<string[]> => managerOf(await render(values)).args;
  const rulesOf = ({ rules }: Rendered): string[] =>
    rules.map(({ resources, verbs }) => `${resources.join()}: ${verbs.join(' ')}`);

  test('4.1-1 makes a ServiceAccount with the full name', async () => {
    const serviceaccount = await one('serviceaccount', {
      serviceAccount: { create: true, annotations: { foo: 'bar' } },
    });
    expect(serviceaccount.metadata).toMatchObject({
      name: FULL,
      namespace: NAMESPACE,
      annotations: { foo: 'bar' },
    });
  });

  test('4.1-2 takes the name of a ServiceAccount', async () => {
    const serviceaccount = await one('serviceaccount', {
      serviceAccount: { create: true, name: 'overwritten-name', annotations: { foo: 'bar' } },
    });
    expect(serviceaccount.metadata).toMatchObject({
      name: 'overwritten-name',
      annotations: { foo: 'bar' },
    });
  });

  test('4.1-3 refuses the ServiceAccount `default`', async () => {
    const values = { serviceAccount: { create: true, name: 'default' } };
    await expect(render(values)).rejects.toThrow('serviceAccount.name: `default` is not allowed');
  });

  test('4.1-4 makes no ServiceAccount when told so', async () => {
    const files = await render({ serviceAccount: { create: false, name: 'theirs' } });
    expect(files.names).not.toContain('serviceaccount');
    expect(files.the('deployment').spec.template.spec.serviceAccountName).toBe('theirs');
  });

  test('4.1-5 needs a name for a ServiceAccount that is not made', async () => {
    await expect(render({ serviceAccount: { create: false } })).rejects.toThrow(
      'serviceAccount.name: must be set',
    );
  });

  test('4.1-6 has a ClusterRole when it watches every namespace', async () => {
    const files = await render();
    expect(files.the('manager_cluster_role').metadata).toEqual({ name: FULL });
    expect(rulesOf(files.the('manager_cluster_role'))).toMatchInlineSnapshot(`
      [
        "autoscalingrunnersets: create delete get list patch update watch",
        "autoscalingrunnersets/finalizers: patch update",
        "autoscalingrunnersets/status: get patch update",
        "autoscalinglisteners: create delete get list patch update watch",
        "autoscalinglisteners/status: get patch update",
        "autoscalinglisteners/finalizers: patch update",
        "ephemeralrunnersets: create delete get list patch update watch",
        "ephemeralrunnersets/status: get patch update",
        "ephemeralrunnersets/finalizers: patch update",
        "ephemeralrunners: create delete get list patch update watch",
        "ephemeralrunners/finalizers: patch update",
        "ephemeralrunners/status: get patch update",
        "pods: list watch",
        "serviceaccounts: list watch",
        "rolebindings: list watch",
        "roles: list watch patch",
        "events: create patch",
      ]
    `);
    expect(files.names).not.toContain('manager_single_namespace_controller_role');
    expect(files.names).not.toContain('manager_single_namespace_watch_role');
  });

  test('4.1-7 binds the ClusterRole', async () => {
    const files = await render();
    expect(files.the('manager_cluster_role_binding')).toMatchObject({
      kind: 'ClusterRoleBinding',
      metadata: { name: FULL },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: FULL },
      subjects: [{ kind: 'ServiceAccount', name: FULL, namespace: NAMESPACE }],
    });
    expect(files.names).not.toContain('manager_single_namespace_controller_role_binding');
    expect(files.names).not.toContain('manager_single_namespace_watch_role_binding');
  });

  test("4.1-8 may make what a listener is made of, and read no Secret's list", async () => {
    const role = await one('manager_listener_role');
    expect(role.metadata).toEqual({ name: `${FULL}-listener`, namespace: NAMESPACE });
    expect(rulesOf(role)).toEqual([
      'pods: create delete get',
      'secrets: create delete get patch update',
      'serviceaccounts: create delete get patch update',
    ]);
  });

  test('4.1-9 binds that role', async () => {
    const binding = await one('manager_listener_role_binding');
    expect(binding).toMatchObject({
      metadata: { name: `${FULL}-listener`, namespace: NAMESPACE },
      roleRef: { kind: 'Role', name: `${FULL}-listener` },
      subjects: [{ kind: 'ServiceAccount', name: FULL, namespace: NAMESPACE }],
    });
  });

  test('4.1-10 has a Deployment with defaults, where ours leaves out a limit of 2 runners at a time', async () => {
    const deployment = await one('deployment', { image: { tag: 'dev' } });
    expect(deployment).toMatchInlineSnapshot(`
      {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
          "labels": {
            "actions.github.com/controller-implementation": "muster",
            "actions.github.com/controller-service-account-name": "test-arc-gha-rs-controller",
            "actions.github.com/controller-service-account-namespace": "test-namespace",
            "app.kubernetes.io/instance": "test-arc",
            "app.kubernetes.io/managed-by": "Helm",
            "app.kubernetes.io/name": "gha-rs-controller",
            "app.kubernetes.io/namespace": "test-namespace",
            "app.kubernetes.io/part-of": "gha-rs-controller",
            "app.kubernetes.io/version": "0.1.0",
            "helm.sh/chart": "gha-rs-controller-0.1.0",
          },
          "name": "test-arc-gha-rs-controller",
          "namespace": "test-namespace",
        },
        "spec": {
          "replicas": 1,
          "selector": {
            "matchLabels": {
              "app.kubernetes.io/instance": "test-arc",
              "app.kubernetes.io/name": "gha-rs-controller",
              "app.kubernetes.io/namespace": "test-namespace",
            },
          },
          "strategy": {
            "rollingUpdate": null,
            "type": "Recreate",
          },
          "template": {
            "metadata": {
              "annotations": {
                "kubectl.kubernetes.io/default-container": "manager",
              },
              "labels": {
                "app.kubernetes.io/component": "controller-manager",
                "app.kubernetes.io/instance": "test-arc",
                "app.kubernetes.io/name": "gha-rs-controller",
                "app.kubernetes.io/namespace": "test-namespace",
                "app.kubernetes.io/part-of": "gha-rs-controller",
                "app.kubernetes.io/version": "0.1.0",
              },
            },
            "spec": {
              "containers": [
                {
                  "args": [
                    "--auto-scaling-runner-set-only",
                    "--log-level=debug",
                    "--log-format=text",
                    "--update-strategy=immediate",
                    "--listener-metrics-addr=0",
                    "--listener-metrics-endpoint=",
                    "--metrics-addr=0",
                  ],
                  "command": [
                    "/manager",
                  ],
                  "env": [
                    {
                      "name": "CONTROLLER_MANAGER_CONTAINER_IMAGE",
                      "value": "ghcr.io/muster-runners/muster:dev",
                    },
                    {
                      "name": "CONTROLLER_MANAGER_POD_NAMESPACE",
                      "valueFrom": {
                        "fieldRef": {
                          "fieldPath": "metadata.namespace",
                        },
                      },
                    },
                  ],
                  "image": "ghcr.io/muster-runners/muster:dev",
                  "imagePullPolicy": "IfNotPresent",
                  "name": "manager",
                  "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "capabilities": {
                      "drop": [
                        "ALL",
                      ],
                    },
                    "readOnlyRootFilesystem": true,
                  },
                  "volumeMounts": [
                    {
                      "mountPath": "/tmp",
                      "name": "tmp",
                    },
                  ],
                },
              ],
              "securityContext": {
                "runAsNonRoot": true,
                "seccompProfile": {
                  "type": "RuntimeDefault",
                },
              },
              "serviceAccountName": "test-arc-gha-rs-controller",
              "terminationGracePeriodSeconds": 10,
              "volumes": [
                {
                  "emptyDir": {},
                  "name": "tmp",
                },
              ],
            },
          },
        },
      }
    `);
  });

  test('4.1-11 has a Deployment with everything of the user', async () => {
    const resources = { limits: { cpu: '10m' } };
    const toleration = { key: 'foo', operator: 'Exists' };
    const affinity = { nodeAffinity: {} };
    const spread = [{ maxSkew: 1, topologyKey: 'foo', whenUnsatisfiable: 'DoNotSchedule' }];
    const values = {
      labels: { foo: 'bar', github: 'actions is great' },
      replicaCount: 1,
      image: { tag: 'dev', pullPolicy: 'Always' },
      imagePullSecrets: [{ name: 'dockerhub' }],
      nameOverride: 'gha-rs-controller-override',
      fullnameOverride: 'gha-rs-controller-fullname-override',
      env: [{ name: 'ENV_VAR_NAME_1', value: 'ENV_VAR_VALUE_1' }],
      serviceAccount: { name: 'gha-rs-controller-sa' },
      podAnnotations: { foo: 'bar' },
      podLabels: { team: 'ci' },
      podSecurityContext: { fsGroup: 1000 },
      securityContext: { runAsUser: 1000, runAsNonRoot: true },
      resources,
      nodeSelector: { foo: 'bar' },
      tolerations: [toleration],
      affinity,
      topologySpreadConstraints: spread,
      priorityClassName: 'test-priority-class',
      flags: { logLevel: 'info', logFormat: 'json' },
      volumes: [{ name: 'customMount', configMap: { name: 'my-configmap' } }],
      volumeMounts: [{ name: 'customMount', mountPath: '/my/mount/path' }],
    };
    const deployment = await one('deployment', values);
    expect(deployment.metadata.name).toBe('gha-rs-controller-fullname-override');
    expect(deployment.metadata.labels).toMatchObject({
      foo: 'bar',
      github: 'actions is great',
      'app.kubernetes.io/name': 'gha-rs-controller-override',
      'actions.github.com/controller-service-account-name': 'gha-rs-controller-sa',
    });
    const { metadata, spec } = deployment.spec.template;
    expect(metadata.annotations).toEqual({
      foo: 'bar',
      'kubectl.kubernetes.io/default-container': 'manager',
    });
    expect(metadata.labels).toMatchObject({
      team: 'ci',
      'app.kubernetes.io/component': 'controller-manager',
    });
    expect(spec).toMatchObject({
      serviceAccountName: 'gha-rs-controller-sa',
      imagePullSecrets: [{ name: 'dockerhub' }],
      securityContext: { fsGroup: 1000 },
      priorityClassName: 'test-priority-class',
      nodeSelector: { foo: 'bar' },
      tolerations: [toleration],
      affinity,
      topologySpreadConstraints: spread,
      volumes: [
        { name: 'tmp', emptyDir: {} },
        { name: 'customMount', configMap: { name: 'my-configmap' } },
      ],
    });
    const [container] = spec.containers as [RenderedContainer];
    // What a user says of security replaces our defaults as a whole.
    expect(spec.securityContext).toEqual({ fsGroup: 1000 });
    expect(container).toMatchObject({
      name: 'manager',
      image: 'ghcr.io/muster-runners/muster:dev',
      imagePullPolicy: 'Always',
      resources,
      securityContext: { runAsUser: 1000, runAsNonRoot: true },
      volumeMounts: [
        { name: 'tmp', mountPath: '/tmp' },
        { name: 'customMount', mountPath: '/my/mount/path' },
      ],
    });
    expect(container.securityContext).toEqual({ runAsUser: 1000, runAsNonRoot: true });
    expect(container.env[2]).toEqual({ name: 'ENV_VAR_NAME_1', value: 'ENV_VAR_VALUE_1' });
    expect(container.args).toEqual(
      expect.arrayContaining([
        '--auto-scaler-image-pull-secrets=dockerhub',
        '--log-level=info',
        '--log-format=json',
      ]),
    );
  });

  test('4.1-12, 13 may elect a leader when there are two', async () => {
    const files = await render({ replicaCount: 2 });
    const name = `${FULL}-leader-election`;
    expect(files.the('leader_election_role').metadata).toEqual({ name, namespace: NAMESPACE });
    expect(rulesOf(files.the('leader_election_role'))).toEqual([
      'leases: get watch list delete update create patch',
    ]);
    expect(files.the('leader_election_role_binding')).toMatchObject({
      metadata: { name, namespace: NAMESPACE },
      roleRef: { kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name: FULL, namespace: NAMESPACE }],
    });
    expect((await render()).names).not.toContain('leader_election_role');
  });

  test('4.1-14 elects a leader when there are two', async () => {
    const files = await render({ replicaCount: 2 });
    expect(files.the('deployment').spec.replicas).toBe(2);
    expect(managerOf(files).args).toEqual(
      expect.arrayContaining(['--enable-leader-election', `--leader-election-id=${FULL}`]),
    );
  });

  test('4.1-15 hands on the pull secrets', async () => {
    const args = await argsOf({ imagePullSecrets: [{ name: 'dockerhub' }, { name: 'ghcr' }] });
    expect(args.filter((arg) => arg.startsWith('--auto-scaler-image-pull-secrets'))).toEqual([
      '--auto-scaler-image-pull-secrets=dockerhub',
      '--auto-scaler-image-pull-secrets=ghcr',
    ]);
  });

  test('4.1-16 says which namespace it watches', async () => {
    const files = await render({ flags: { watchSingleNamespace: 'demo' } });
    expect(files.the('deployment').metadata.labels).toMatchObject({
      'actions.github.com/controller-watch-single-namespace': 'demo',
    });
    expect(managerOf(files).args).toContain('--watch-single-namespace=demo');
  });

  test("4.1-17 puts the user's environment behind its own", async () => {
    const env = [
      { name: 'ENV_VAR_NAME_1', value: 'ENV_VAR_VALUE_1' },
      {
        name: 'ENV_VAR_NAME_2',
        valueFrom: { secretKeyRef: { key: 'K', name: 'secret-name', optional: true } },
      },
      { name: 'ENV_VAR_NAME_3', value: '' },
      { name: 'ENV_VAR_NAME_4' },
    ];
    expect(managerOf(await render({ env })).env.slice(2)).toEqual(env);
  });

  test('4.1-18, 19 has no right in the whole cluster when it watches one namespace', async () => {
    const files = await render({ flags: { watchSingleNamespace: 'demo' } });
    expect(files.names).not.toContain('manager_cluster_role');
    expect(files.names).not.toContain('manager_cluster_role_binding');
  });

  test('4.1-20, 21 has roles in its own and in the watched namespace', async () => {
    const files = await render({ flags: { watchSingleNamespace: 'demo' } });
    const subjects = [{ kind: 'ServiceAccount', name: FULL, namespace: NAMESPACE }];
    const own = files.the('manager_single_namespace_controller_role');
    const watched = files.the('manager_single_namespace_watch_role');
    expect(own.metadata).toEqual({ name: `${FULL}-single-namespace`, namespace: NAMESPACE });
    expect(watched.metadata).toEqual({ name: `${FULL}-single-namespace-watch`, namespace: 'demo' });
    expect({ own: rulesOf(own), watched: rulesOf(watched) }).toMatchInlineSnapshot(`
      {
        "own": [
          "autoscalinglisteners: create delete get list patch update watch",
          "autoscalinglisteners/status: get patch update",
          "autoscalinglisteners/finalizers: patch update",
          "pods: list watch",
          "serviceaccounts: list watch",
          "events: create patch",
        ],
        "watched": [
          "autoscalingrunnersets: create delete get list patch update watch",
          "autoscalingrunnersets/finalizers: patch update",
          "autoscalingrunnersets/status: get patch update",
          "ephemeralrunnersets: create delete get list patch update watch",
          "ephemeralrunnersets/status: get patch update",
          "ephemeralrunnersets/finalizers: patch update",
          "ephemeralrunners: create delete get list patch update watch",
          "ephemeralrunners/finalizers: patch update",
          "ephemeralrunners/status: get patch update",
          "pods: list watch",
          "serviceaccounts: list watch",
          "rolebindings: list watch",
          "roles: list watch patch",
          "events: create patch",
        ],
      }
    `);
    expect(files.the('manager_single_namespace_controller_role_binding')).toMatchObject({
      metadata: own.metadata,
      roleRef: { name: own.metadata.name },
      subjects,
    });
    expect(files.the('manager_single_namespace_watch_role_binding')).toMatchObject({
      metadata: watched.metadata,
      roleRef: { name: watched.metadata.name },
      subjects,
    });
  });

  test('4.1-22 serves metrics where it is told', async () => {
    const metrics = {
      controllerManagerAddr: ':8080',
      listenerAddr: ':8081',
      listenerEndpoint: '/metrics',
    };
    const container = managerOf(await render({ metrics }));
    expect(container.ports).toEqual([{ name: 'metrics', containerPort: 8080, protocol: 'TCP' }]);
    expect(container.args.filter((arg) => arg.includes('metrics'))).toEqual([
      '--listener-metrics-addr=:8081',
      '--listener-metrics-endpoint=/metrics',
      '--metrics-addr=:8080',
    ]);
  });

  test('4.1-23 excludes labels from propagation', async () => {
    const args = await argsOf({
      flags: { excludeLabelPropagationPrefixes: ['prefix.com/', 'complete.io/label'] },
    });
    expect(args).toEqual(
      expect.arrayContaining([
        '--exclude-label-propagation-prefix=prefix.com/',
        '--exclude-label-propagation-prefix=complete.io/label',
      ]),
    );
  });

  test('4.1-24 lives in another namespace', async () => {
    const everywhere = await render({ namespaceOverride: 'other', replicaCount: 2 });
    const single = await render({
      namespaceOverride: 'other',
      flags: { watchSingleNamespace: 'demo' },
    });
    const namespaces = (files: Files): Record<string, string | undefined> =>
      Object.fromEntries(files.names.map((file) => [file, files.the(file).metadata.namespace]));
    expect(namespaces(everywhere)).toEqual({
      crds_upgrade: 'other',
      deployment: 'other',
      leader_election_role: 'other',
      leader_election_role_binding: 'other',
      manager_cluster_role: undefined,
      manager_cluster_role_binding: undefined,
      manager_listener_role: 'other',
      manager_listener_role_binding: 'other',
      serviceaccount: 'other',
    });
    expect(namespaces(single)).toMatchObject({
      manager_single_namespace_controller_role: 'other',
      manager_single_namespace_controller_role_binding: 'other',
      manager_single_namespace_watch_role: 'demo',
      manager_single_namespace_watch_role_binding: 'demo',
    });
  });

  test('writes every flag, and whole numbers as such', async () => {
    const args = await argsOf({
      replicaCount: 2,
      metrics: { controllerManagerAddr: ':8080' },
      pprof: { addr: ':6060' },
      flags: {
        runnerMaxConcurrentReconciles: 5,
        updateStrategy: 'eventual',
        rateLimiter: { name: 'typed_rate_limiter' },
        healthProbeBindAddress: ':8081',
        k8sClientRateLimiterQPS: 2_000_000,
        k8sClientRateLimiterBurst: 3_000_000,
      },
    });
    expect(args).toEqual([
      '--auto-scaling-runner-set-only',
      '--enable-leader-election',
      `--leader-election-id=${FULL}`,
      '--log-level=debug',
      '--log-format=text',
      '--runner-max-concurrent-reconciles=5',
      '--update-strategy=eventual',
      '--listener-metrics-addr=',
      '--listener-metrics-endpoint=',
      '--metrics-addr=:8080',
      '--pprof-addr=:6060',
      '--k8s-client-rate-limiter-qps=2000000',
      '--k8s-client-rate-limiter-burst=3000000',
      '--workqueue-rate-limiter=typed_rate_limiter',
      '--health-probe-bind-address=:8081',
    ]);
  });

  test('is asked for its health where it answers', async () => {
    const container = managerOf(
      await render({ flags: { healthProbeBindAddress: '0.0.0.0:8081' } }),
    );
    expect(container).toMatchObject({
      livenessProbe: {
        httpGet: { path: '/healthz', port: 8081 },
        initialDelaySeconds: 15,
        periodSeconds: 20,
      },
      readinessProbe: {
        httpGet: { path: '/readyz', port: 8081 },
        initialDelaySeconds: 5,
        periodSeconds: 10,
      },
    });
  });

  test.each([
    {
      values: { metrics: { controllerManagerAddr: 'none' } },
      says: 'metrics.controllerManagerAddr: "none" must end with a port number',
    },
    {
      values: { pprof: { addr: 'localhost' } },
      says: 'pprof.addr: "localhost" must end with a port number',
    },
    { values: { podMonitor: { enabled: true } }, says: 'podMonitor.enabled: needs `metrics`' },
    {
      values: { grafanaDashboard: { enabled: true } },
      says: 'grafanaDashboard.enabled: needs `metrics`',
    },
  ])('refuses $says', async ({ values, says }) => {
    await expect(render(values)).rejects.toThrow(says);
  });

  test('bears parts that are set to null, and an env that is no list', async () => {
    const files = await render({ flags: null, pprof: null, env: { A: 'b' }, podLabels: null });
    expect(managerOf(files).args).toEqual([
      '--auto-scaling-runner-set-only',
      '--listener-metrics-addr=0',
      '--listener-metrics-endpoint=',
      '--metrics-addr=0',
    ]);
    expect(managerOf(files).env).toHaveLength(2);
  });

  test('keeps its own labels when a user writes them too', async () => {
    const labels = { 'app.kubernetes.io/part-of': 'mine', count: 3 };
    const deployment = await one('deployment', { labels });
    expect(deployment.metadata.labels).toMatchObject({
      'app.kubernetes.io/part-of': 'gha-rs-controller',
      count: '3',
    });
  });

  test('has a budget, a policy and monitors when asked for', async () => {
    const files = await render({
      metrics: { controllerManagerAddr: ':8080', listenerAddr: ':8081', listenerEndpoint: '/m' },
      podDisruptionBudget: { enabled: true, minAvailable: 1 },
      networkPolicy: { enabled: true, metricsFrom: [{ namespaceSelector: {} }] },
      podMonitor: { enabled: true, interval: '30s', labels: { release: 'prometheus' } },
    });
    const selector = files.the('deployment').spec.selector;
    expect(files.the('poddisruptionbudget').spec).toEqual({ minAvailable: 1, selector });
    expect(files.the('networkpolicy').spec).toEqual({
      podSelector: selector,
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ port: 8080 }], from: [{ namespaceSelector: {} }] }],
    });
    expect(files.all('podmonitor')).toMatchObject([
      {
        metadata: { name: FULL, labels: { release: 'prometheus' } },
        spec: {
          selector,
          podMetricsEndpoints: [{ port: 'metrics', interval: '30s', honorLabels: true }],
        },
      },
      {
        metadata: { name: `${FULL}-listeners` },
        spec: {
          podMetricsEndpoints: [
            { port: 'metrics', path: '/m', interval: '30s', honorLabels: true },
          ],
          podTargetLabels: [
            'actions.github.com/scale-set-name',
            'actions.github.com/scale-set-namespace',
          ],
        },
      },
    ]);
  });

  test('has a dashboard where the sidecar of Grafana finds it, when asked for', async () => {
    const { metadata, data } = await one('grafana_dashboard', {
      metrics: { controllerManagerAddr: ':8080' },
      grafanaDashboard: { enabled: true, annotations: { grafana_folder: 'CI' } },
    });
    expect(metadata).toMatchObject({
      name: `${FULL}-dashboard`,
      labels: { grafana_dashboard: '1', 'app.kubernetes.io/part-of': 'gha-rs-controller' },
      annotations: { grafana_folder: 'CI' },
    });
    expect(JSON.parse(data['muster.json'] ?? '')).toMatchObject({ uid: 'muster', title: 'Muster' });
  });
});
