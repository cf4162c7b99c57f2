// The scale set's chart: what ARC's own tests ask of theirs (reference/charts.md 4.2, its numbers), and
// what ours promises beside it.
import { describe, expect, test } from 'vitest';
import { findProgram } from '../programs.ts';
import { rendererOf, SCALE_SET } from './helm.ts';
import type { Files, Rendered, RenderedContainer, Rendering } from './helm.ts';

const helm = await findProgram('helm');
const NAMESPACE = 'test-namespace';
const BASE = {
  githubConfigUrl: 'https://github.com/actions',
  githubConfigSecret: { github_token: 'gh_token12345' },
  controllerServiceAccount: { name: 'arc', namespace: 'arc-system' },
};
const APP = {
  github_app_id: '10',
  github_app_installation_id: '100',
  github_app_private_key: 'private_key',
};
const RUNNER = {
  name: 'runner',
  image: 'ghcr.io/actions/actions-runner:latest',
  command: ['/home/runner/run.sh'],
};
const KUBE_MODES = ['kubernetes', 'kubernetes-novolume'];
const CLEANUP = 'actions.github.com/cleanup-';
const PROTECTION = ['actions.github.com/cleanup-protection'];

describe.skipIf(helm === undefined)('the chart gha-runner-scale-set', () => {
  const render = (values: object = {}, how: Partial<Rendering> = {}): Promise<Files> =>
    rendererOf(helm ?? '')({
      chart: SCALE_SET,
      release: 'test-runners',
      values: { ...BASE, ...values },
      ...how,
    });
  const one = async (file: string, values?: object): Promise<Rendered> =>
    (await render(values)).the(file);
  const set = async (values?: object, how?: Partial<Rendering>): Promise<Rendered> =>
    (await render(values, how)).the('autoscalingrunnerset');
  const podOf = ({ spec }: Rendered): Rendered['spec']['template']['spec'] => spec.template.spec;
  const runnerOf = (object: Rendered): RenderedContainer => {
    const runner = podOf(object).containers.find(({ name }) => name === 'runner');
    if (runner === undefined) throw new Error('the pod has no container `runner`');
    return runner;
  };
  const decoded = ({ data }: Rendered): Record<string, string> =>
    Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    );
  const rulesOf = ({ rules }: Rendered): string[] =>
    rules.map(({ resources, verbs }) => `${resources.join()}: ${verbs.join(' ')}`);
  const named = (list: readonly { name: string }[]): string[] => list.map(({ name }) => name);
  const cleanupOf = ({ metadata }: Rendered): Record<string, string> =>
    Object.fromEntries(
      Object.entries(metadata.annotations)
        .filter(([key]) => key.startsWith(CLEANUP))
        .map(([key, value]) => [key.slice(CLEANUP.length), value]),
    );

  test('4.2-1 makes a Secret of a token', async () => {
    const secret = await one('githubsecret');
    expect(secret.metadata).toMatchObject({
      name: 'test-runners-gha-rs-github-secret',
      namespace: NAMESPACE,
      finalizers: PROTECTION,
    });
    expect(decoded(secret)).toEqual({ github_token: 'gh_token12345' });
  });

  test('4.2-2 makes a Secret of an App, and an unquoted number stays one', async () => {
    expect(decoded(await one('githubsecret', { githubConfigSecret: APP }))).toEqual(APP);
    const numbers = {
      ...APP,
      github_app_id: 123_456_789,
      github_app_installation_id: 9_876_543_210,
    };
    expect(decoded(await one('githubsecret', { githubConfigSecret: numbers }))).toEqual({
      ...APP,
      github_app_id: '123456789',
      github_app_installation_id: '9876543210',
    });
  });

  const WRONG = [
    {
      githubConfigSecret: { github_token: '', github_app_id: '' },
      says: 'must name a Secret, or hold github_token or github_app_id',
      number: 3,
    },
    {
      githubConfigSecret: { github_token: '', github_app_id: '10' },
      says: 'github_app_installation_id and github_app_private_key must be set too',
      number: 4,
    },
    { githubConfigSecret: '', says: 'githubConfigSecret: must name a Secret', number: 33 },
    { githubConfigUrl: '/', says: 'githubConfigUrl: must be set', number: 0 },
    { maxRunners: -1, says: 'maxRunners: -1 must be 0 or more', number: 15 },
    { maxRunners: 1, minRunners: -1, says: 'minRunners: -1 must be 0 or more', number: 16 },
    {
      maxRunners: 0,
      minRunners: 1,
      says: 'maxRunners: 0 must be at least minRunners, which is 1',
      number: 17,
    },
    {
      scaleSetLabels: ['a', ''],
      says: 'scaleSetLabels: "" must have 1 to 255 characters',
      number: 0,
    },
    { scaleSetLabels: ['x'.repeat(256)], says: 'must have 1 to 255 characters', number: 0 },
    {
      containerMode: { type: 'dind' },
      template: { spec: { containers: [{ name: 'x' }] } },
      says: 'needs a container called `runner`',
      number: 0,
    },
    {
      githubServerTLS: { runnerMountPath: '/x' },
      says: 'githubServerTLS.certificateFrom.configMapKeyRef: name and key must be set',
      number: 0,
    },
    {
      keyVault: { type: 'hashicorp' },
      says: 'keyVault.type: "hashicorp" is not supported',
      number: 0,
    },
    {
      podDisruptionBudget: { enabled: true, minAvailable: '50%' },
      says: 'podDisruptionBudget.minAvailable: must be a whole number',
      number: 0,
    },
  ].map(({ says, number, ...values }) => ({ says, number, values }));

  test.each(WRONG)('4.2-$number refuses what is wrong: $says', async ({ says, values }) => {
    await expect(render(values)).rejects.toThrow(says);
  });

  test('4.2-5, 32 takes the name of a Secret', async () => {
    const files = await render({ githubConfigSecret: 'pre-defined-secret' });
    expect(files.names).not.toContain('githubsecret');
    expect(files.the('autoscalingrunnerset').spec).toMatchObject({
      githubConfigSecret: 'pre-defined-secret',
    });
  });

  test('4.2-6 gives runners a ServiceAccount without rights', async () => {
    const files = await render();
    const name = 'test-runners-gha-rs-no-permission';
    expect(files.the('no_permission_serviceaccount').metadata).toMatchObject({
      name,
      finalizers: PROTECTION,
    });
    expect(podOf(files.the('autoscalingrunnerset')).serviceAccountName).toBe(name);
    expect(files.names).not.toContain('kube_mode_serviceaccount');
  });

  test.each([
    { type: 'kubernetes', number: 7, rules: ['pods', 'pods/exec', 'pods/log', 'jobs', 'secrets'] },
    { type: 'kubernetes-novolume', number: 8, rules: ['pods', 'pods/exec', 'pods/log', 'secrets'] },
  ])('4.2-$number, 9 gives the hooks of $type their rights', async ({ type, rules }) => {
    const files = await render({
      containerMode: {
        type,
        kubernetesModeAdditionalRoleRules: [
          { apiGroups: [''], resources: ['events'], verbs: ['get'] },
        ],
      },
    });
    const name = 'test-runners-gha-rs-kube-mode';
    for (const file of ['kube_mode_serviceaccount', 'kube_mode_role', 'kube_mode_role_binding']) {
      expect(files.the(file).metadata).toMatchObject({
        name,
        namespace: NAMESPACE,
        finalizers: PROTECTION,
      });
    }
    expect(files.the('kube_mode_role').rules.flatMap(({ resources }) => resources)).toEqual([
      ...rules,
      'events',
    ]);
    expect(files.the('kube_mode_role_binding')).toMatchObject({
      roleRef: { kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: NAMESPACE }],
    });
    expect(podOf(files.the('autoscalingrunnerset')).serviceAccountName).toBe(name);
    expect(files.names).not.toContain('no_permission_serviceaccount');
  });

  test("4.2-10 keeps the user's ServiceAccount", async () => {
    for (const type of ['', ...KUBE_MODES]) {
      const template = { spec: { serviceAccountName: 'theirs', containers: [RUNNER] } };
      const files = await render({ template, containerMode: { type } });
      expect(podOf(files.the('autoscalingrunnerset')).serviceAccountName).toBe('theirs');
      expect(files.names.filter((file) => /serviceaccount|kube_mode/.test(file))).toEqual([]);
      expect(Object.keys(cleanupOf(files.the('autoscalingrunnerset'))).sort()).toEqual([
        'github-secret-name',
        'manager-role-binding',
        'manager-role-name',
      ]);
    }
  });

  test('4.2-11, 48, 49 is small by default', async () => {
    const object = await set();
    expect(object.metadata.labels).toEqual({
      'helm.sh/chart': 'gha-rs-0.1.0',
      'app.kubernetes.io/name': 'test-runners',
      'app.kubernetes.io/instance': 'test-runners',
      'app.kubernetes.io/version': '0.1.0',
      'app.kubernetes.io/managed-by': 'Helm',
      'app.kubernetes.io/part-of': 'gha-rs',
      'app.kubernetes.io/component': 'autoscaling-runner-set',
      'actions.github.com/scale-set-name': 'test-runners',
      'actions.github.com/scale-set-namespace': NAMESPACE,
    });
    expect(object.spec).toEqual({
      githubConfigUrl: 'https://github.com/actions',
      githubConfigSecret: 'test-runners-gha-rs-github-secret',
      template: {
        spec: {
          containers: [RUNNER],
          restartPolicy: 'Never',
          serviceAccountName: 'test-runners-gha-rs-no-permission',
        },
      },
    });
  });

  test('4.2-12 takes a name of its own, with underscores where they are allowed', async () => {
    const files = await render({ runnerScaleSetName: 'my_runners' });
    const { metadata, spec } = files.the('autoscalingrunnerset');
    expect(metadata.name).toBe('my-runners');
    expect(metadata.labels).toMatchObject({
      'app.kubernetes.io/name': 'my_runners',
      'app.kubernetes.io/instance': 'my_runners',
      'actions.github.com/scale-set-name': 'my_runners',
    });
    expect(spec).toMatchObject({
      githubConfigSecret: 'my-runners-gha-rs-github-secret',
      runnerScaleSetName: 'my_runners',
    });
    expect(files.the('manager_role').metadata.name).toBe('my_runners-gha-rs-manager');
  });

  test('4.2-13 hands on labels of the scale set, also those that look like numbers', async () => {
    expect((await set({ scaleSetLabels: ['label-1', 2] })).spec).toMatchObject({
      runnerScaleSetLabels: ['label-1', '2'],
    });
  });

  test("4.2-14 hands on the template's metadata", async () => {
    const metadata = { labels: { test1: 'test1' }, annotations: { test3: 'test3' } };
    const { template } = (await set({ template: { metadata, spec: { containers: [RUNNER] } } }))
      .spec;
    expect(template.metadata).toEqual(metadata);
  });

  test.each([
    {
      number: 18,
      values: { minRunners: 0, maxRunners: 0 },
      gives: { minRunners: 0, maxRunners: 0 },
    },
    { number: 19, values: { minRunners: 5 }, gives: { minRunners: 5 } },
    { number: 20, values: { maxRunners: 5 }, gives: { maxRunners: 5 } },
    {
      number: 21,
      values: { minRunners: 5, maxRunners: 10 },
      gives: { minRunners: 5, maxRunners: 10 },
    },
  ])('4.2-$number limits: $gives', async ({ values, gives }) => {
    const { minRunners, maxRunners } = (await set(values)).spec;
    expect({
      ...(minRunners !== undefined && { minRunners }),
      ...(maxRunners !== undefined && { maxRunners }),
    }).toEqual(gives);
  });

  test('compares limits that came by file and by --set', async () => {
    expect((await set({ minRunners: 2 }, { set: ['maxRunners=3'] })).spec).toMatchObject({
      minRunners: 2,
      maxRunners: 3,
    });
  });

  const VOLUMES = [
    { name: 'foo', emptyDir: {} },
    { name: 'bar', emptyDir: {} },
    { name: 'work', hostPath: { path: '/data', type: 'DirectoryOrCreate' } },
  ];

  test.each([
    { number: 22, type: '', gives: ['foo', 'bar', 'work'] },
    { number: 24, type: 'dind', gives: ['dind-sock', 'dind-externals', 'work', 'foo', 'bar'] },
    { number: 25, type: 'kubernetes', gives: ['work', 'foo', 'bar'] },
    { number: 29, type: 'kubernetes-novolume', gives: ['foo', 'bar', 'work'] },
  ])("4.2-$number keeps the user's volumes in mode '$type'", async ({ type, gives }) => {
    const template = { spec: { containers: [RUNNER], volumes: VOLUMES } };
    const { volumes } = podOf(await set({ template, containerMode: { type } }));
    expect(named(volumes)).toEqual(gives);
    expect(volumes.find(({ name }) => name === 'work')).toEqual(VOLUMES[2]);
  });

  test('4.2-23 puts its init containers before the user', async () => {
    const own = [
      {
        name: 'kube-init',
        image: 'runner-image:latest',
        command: ['sudo', 'chown'],
        volumeMounts: [{ name: 'work', mountPath: '/home/runner/_work' }],
      },
      { name: 'ls', image: 'ubuntu:latest', command: ['ls'] },
    ];
    const template = { spec: { containers: [RUNNER], initContainers: own } };
    const { initContainers } = podOf(await set({ template, containerMode: { type: 'dind' } }));
    expect(named(initContainers)).toEqual(['init-dind-externals', 'dind', 'kube-init', 'ls']);
    expect(initContainers.slice(2)).toEqual(own);
  });

  test('4.2-26 has Docker beside the runner', async () => {
    const object = await set({ containerMode: { type: 'dind' } });
    expect(podOf(object)).toMatchInlineSnapshot(`
      {
        "containers": [
          {
            "command": [
              "/home/runner/run.sh",
            ],
            "env": [
              {
                "name": "DOCKER_HOST",
                "value": "unix:///var/run/docker.sock",
              },
              {
                "name": "RUNNER_WAIT_FOR_DOCKER_IN_SECONDS",
                "value": "120",
              },
            ],
            "image": "ghcr.io/actions/actions-runner:latest",
            "name": "runner",
            "volumeMounts": [
              {
                "mountPath": "/home/runner/_work",
                "name": "work",
              },
              {
                "mountPath": "/var/run",
                "name": "dind-sock",
              },
            ],
          },
        ],
        "initContainers": [
          {
            "args": [
              "-r",
              "/home/runner/externals/.",
              "/home/runner/tmpDir/",
            ],
            "command": [
              "cp",
            ],
            "image": "ghcr.io/actions/actions-runner:latest",
            "name": "init-dind-externals",
            "volumeMounts": [
              {
                "mountPath": "/home/runner/tmpDir",
                "name": "dind-externals",
              },
            ],
          },
          {
            "args": [
              "dockerd",
              "--host=unix:///var/run/docker.sock",
              "--group=$(DOCKER_GROUP_GID)",
            ],
            "env": [
              {
                "name": "DOCKER_GROUP_GID",
                "value": "123",
              },
            ],
            "image": "docker:dind",
            "name": "dind",
            "restartPolicy": "Always",
            "securityContext": {
              "privileged": true,
            },
            "startupProbe": {
              "exec": {
                "command": [
                  "docker",
                  "info",
                ],
              },
              "failureThreshold": 24,
              "initialDelaySeconds": 0,
              "periodSeconds": 5,
            },
            "volumeMounts": [
              {
                "mountPath": "/home/runner/_work",
                "name": "work",
              },
              {
                "mountPath": "/var/run",
                "name": "dind-sock",
              },
              {
                "mountPath": "/home/runner/externals",
                "name": "dind-externals",
              },
            ],
          },
        ],
        "restartPolicy": "Never",
        "serviceAccountName": "test-runners-gha-rs-no-permission",
        "volumes": [
          {
            "emptyDir": {},
            "name": "dind-sock",
          },
          {
            "emptyDir": {},
            "name": "dind-externals",
          },
          {
            "emptyDir": {},
            "name": "work",
          },
        ],
      }
    `);
  });

  test.each(['1.28.0', '1.28.5'])(
    'has Docker as a plain container in Kubernetes %s',
    async (kubeVersion) => {
      const pod = podOf(await set({ containerMode: { type: 'dind' } }, { kubeVersion }));
      expect(named(pod.initContainers)).toEqual(['init-dind-externals']);
      expect(named(pod.containers)).toEqual(['runner', 'dind']);
      expect(pod.containers[1]).not.toHaveProperty('restartPolicy');
      expect(pod.containers[1]).not.toHaveProperty('startupProbe');
    },
  );

  test("has the user's image and resources of Docker", async () => {
    const dind = { image: 'docker:27-dind', resources: { limits: { memory: '1Gi' } } };
    const pod = podOf(await set({ dind, containerMode: { type: 'dind' } }));
    expect(pod.initContainers[1]).toMatchObject(dind);
  });

  test('4.2-27 has hooks and a volume in mode kubernetes', async () => {
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    const object = await set({
      containerMode: { type: 'kubernetes', kubernetesModeWorkVolumeClaim: spec },
    });
    expect(runnerOf(object)).toMatchObject({
      env: [
        { name: 'ACTIONS_RUNNER_CONTAINER_HOOKS', value: '/home/runner/k8s/index.js' },
        {
          name: 'ACTIONS_RUNNER_POD_NAME',
          valueFrom: { fieldRef: { fieldPath: 'metadata.name' } },
        },
        { name: 'ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER', value: 'true' },
      ],
      volumeMounts: [{ name: 'work', mountPath: '/home/runner/_work' }],
    });
    expect(podOf(object).volumes).toEqual([
      { name: 'work', ephemeral: { volumeClaimTemplate: { spec } } },
    ]);
  });

  test('4.2-28 has hooks and no volume in mode kubernetes-novolume', async () => {
    const object = await set({ containerMode: { type: 'kubernetes-novolume' } });
    expect(runnerOf(object).env).toEqual([
      { name: 'ACTIONS_RUNNER_CONTAINER_HOOKS', value: '/home/runner/k8s-novolume/index.js' },
      { name: 'ACTIONS_RUNNER_POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER', value: 'true' },
      { name: 'ACTIONS_RUNNER_IMAGE', value: RUNNER.image },
    ]);
    expect(runnerOf(object).volumeMounts).toEqual([]);
    expect(podOf(object).volumes).toEqual([]);
  });

  test("4.2-30 keeps the user's mounts in mode kubernetes-novolume", async () => {
    const volumeMounts = [{ name: 'foo', mountPath: '/foo' }];
    const template = { spec: { containers: [{ ...RUNNER, volumeMounts }], volumes: VOLUMES } };
    const object = await set({ template, containerMode: { type: 'kubernetes-novolume' } });
    expect(runnerOf(object).volumeMounts).toEqual(volumeMounts);
  });

  test('4.2-31 hands on the template of the listener and its metrics', async () => {
    const listenerTemplate = {
      spec: {
        hostname: 'example',
        containers: [
          {
            name: 'listener',
            image: 'listener:latest',
            command: ['/path/to/entrypoint'],
            volumeMounts: [{ name: 'work', mountPath: '/home' }],
          },
          { name: 'side-car', image: 'nginx:latest' },
        ],
      },
    };
    const listenerMetrics = { counters: { gha_started_jobs_total: { labels: ['repository'] } } };
    expect((await set({ listenerTemplate, listenerMetrics })).spec).toMatchObject({
      listenerTemplate,
      listenerMetrics,
    });
  });

  test('4.2-34 hands on the proxy', async () => {
    const proxy = {
      http: { url: 'http://proxy.example.com', credentialSecretRef: 'http-proxy-secret' },
      https: { url: 'https://proxy.example.com', credentialSecretRef: 'https-proxy-secret' },
      noProxy: ['example.com', 'example.org'],
    };
    expect((await set({ proxy })).spec['proxy']).toEqual(proxy);
    expect((await set({ proxy: { noProxy: ['a'] } })).spec['proxy']).toEqual({ noProxy: ['a'] });
  });

  const CERTIFICATE = {
    certificateFrom: { configMapKeyRef: { name: 'certs-configmap', key: 'cert.pem' } },
  };

  test.each(['', 'dind', ...KUBE_MODES])(
    "4.2-35 puts the certificate into the runner of mode '%s'",
    async (type) => {
      const githubServerTLS = { ...CERTIFICATE, runnerMountPath: '/runner//mount/path/' };
      const object = await set({ githubServerTLS, containerMode: { type } });
      expect(object.spec['githubServerTLS']).toEqual(CERTIFICATE);
      expect(podOf(object).volumes[0]).toEqual({
        name: 'github-server-tls-cert',
        configMap: { name: 'certs-configmap', items: [{ key: 'cert.pem', path: 'cert.pem' }] },
      });
      const path = '/runner/mount/path/cert.pem';
      expect(runnerOf(object).volumeMounts.at(-1)).toEqual({
        name: 'github-server-tls-cert',
        mountPath: path,
        subPath: 'cert.pem',
      });
      expect(runnerOf(object).env.slice(-2)).toEqual([
        { name: 'NODE_EXTRA_CA_CERTS', value: path },
        { name: 'RUNNER_UPDATE_CA_CERTS', value: '1' },
      ]);
    },
  );

  test.each(['', 'dind', ...KUBE_MODES])(
    "4.2-35 leaves the runner of mode '%s' alone without a path",
    async (type) => {
      const object = await set({ githubServerTLS: CERTIFICATE, containerMode: { type } });
      const plain = await set({ containerMode: { type } });
      expect(object.spec['githubServerTLS']).toEqual(CERTIFICATE);
      expect(object.spec.template).toEqual(plain.spec.template);
    },
  );

  test('4.2-36 has names short enough', async () => {
    await expect(set({}, { release: 'a'.repeat(46) })).rejects.toThrow(
      'must have 1 to 45 characters',
    );
    await expect(set({}, { namespace: 'a'.repeat(64) })).rejects.toThrow('at most 63 characters');
    expect((await set({}, { release: 'a'.repeat(45) })).metadata.name).toHaveLength(45);
  });

  test("4.2-37 drops an address's last slash", async () => {
    expect((await set({ githubConfigUrl: 'https://github.com/actions/' })).spec).toMatchObject({
      githubConfigUrl: 'https://github.com/actions',
    });
  });

  test('4.2-38, 39 lets the operator work in the namespace', async () => {
    const role = await one('manager_role');
    expect(role.metadata).toMatchObject({
      name: 'test-runners-gha-rs-manager',
      namespace: NAMESPACE,
      finalizers: PROTECTION,
    });
    const rules = [
      'pods: create delete get patch',
      'secrets: create delete get list patch update',
      'serviceaccounts: create delete get list patch update',
      'rolebindings: create delete get patch update',
      'roles: create delete get patch update',
    ];
    expect(rulesOf(role)).toEqual(rules);
    expect(rulesOf(await one('manager_role', { githubServerTLS: CERTIFICATE }))).toEqual([
      ...rules,
      'configmaps: get',
    ]);
  });

  test('4.2-40 binds that to the operator', async () => {
    expect(await one('manager_role_binding')).toMatchObject({
      metadata: { name: 'test-runners-gha-rs-manager', finalizers: PROTECTION },
      roleRef: { kind: 'Role', name: 'test-runners-gha-rs-manager' },
      subjects: [{ kind: 'ServiceAccount', name: 'arc', namespace: 'arc-system' }],
    });
  });

  test('4.2-41, 43 hands on other containers and fields of the pod', async () => {
    const spec = {
      containers: [
        {
          ...RUNNER,
          env: [{ name: 'SOME_ENV', value: 'SOME_VALUE' }],
          resources: { limits: { memory: '64Mi' } },
          volumeMounts: [{ name: 'work', mountPath: '/work' }],
        },
        {
          name: 'other',
          image: 'other-image:latest',
          volumeMounts: [{ name: 'others', mountPath: '/others' }],
        },
      ],
      volumes: [{ name: 'work', hostPath: { path: '/data', type: 'DirectoryOrCreate' } }],
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['192.0.2.1'] },
    };
    expect(podOf(await set({ containerMode: { type: 'none' }, template: { spec } }))).toEqual({
      ...spec,
      restartPolicy: 'Never',
      serviceAccountName: 'test-runners-gha-rs-no-permission',
    });
  });

  test('4.2-42 never restarts, unless told', async () => {
    const template = { spec: { containers: [RUNNER], restartPolicy: 'Always' } };
    expect(podOf(await set())['restartPolicy']).toBe('Never');
    expect(podOf(await set({ template }))['restartPolicy']).toBe('Always');
  });

  const OWN = {
    ...RUNNER,
    env: [
      { name: 'DOCKER_HOST', value: 'tcp://localhost:9999' },
      { name: 'ACTIONS_RUNNER_CONTAINER_HOOKS', value: '/k8s/index.js' },
      { name: 'MY_NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
    ],
    volumeMounts: [
      { name: 'work', mountPath: '/home/mine' },
      { name: 'others', mountPath: '/others' },
    ],
    resources: { limits: { memory: '64Mi', cpu: '250m' } },
  };

  test.each([
    { number: 44, type: 'dind', env: ['RUNNER_WAIT_FOR_DOCKER_IN_SECONDS'], mounts: ['dind-sock'] },
    {
      number: 45,
      type: 'kubernetes',
      env: ['ACTIONS_RUNNER_POD_NAME', 'ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER'],
      mounts: [],
    },
  ])(
    '4.2-$number keeps what the user says of the runner in mode $type',
    async ({ type, env, mounts }) => {
      const runner = runnerOf(
        await set({ containerMode: { type }, template: { spec: { containers: [OWN] } } }),
      );
      expect(runner).toMatchObject({ resources: OWN.resources });
      expect(runner.env.slice(0, 3)).toEqual(OWN.env);
      expect(named(runner.env.slice(3))).toEqual(env);
      expect(runner.volumeMounts.slice(0, 2)).toEqual(OWN.volumeMounts);
      expect(named(runner.volumeMounts.slice(2))).toEqual(mounts);
    },
  );

  test.each([
    {
      what: 'a token',
      githubConfigSecret: BASE.githubConfigSecret,
      name: 'test-runners-gha-rs-github-secret',
    },
    { what: 'an App', githubConfigSecret: APP, name: 'test-runners-gha-rs-github-secret' },
    { what: 'a Secret of the user', githubConfigSecret: 'theirs', name: undefined },
  ])('4.2-46 names the Secret to clean up, with $what', async ({ githubConfigSecret, name }) => {
    expect(cleanupOf(await set({ githubConfigSecret }))['github-secret-name']).toBe(name);
  });

  test.each(KUBE_MODES)('4.2-47 names all there is to clean up in mode %s', async (type) => {
    expect(cleanupOf(await set({ containerMode: { type } }))).toEqual({
      'github-secret-name': 'test-runners-gha-rs-github-secret',
      'kubernetes-mode-role-binding-name': 'test-runners-gha-rs-kube-mode',
      'kubernetes-mode-role-name': 'test-runners-gha-rs-kube-mode',
      'kubernetes-mode-service-account-name': 'test-runners-gha-rs-kube-mode',
      'manager-role-binding': 'test-runners-gha-rs-manager',
      'manager-role-name': 'test-runners-gha-rs-manager',
    });
  });

  test('4.2-50 has a hash of its values', async () => {
    const hashOf = ({ metadata }: Rendered): string | undefined =>
      metadata.annotations['actions.github.com/values-hash'];
    const hash = hashOf(await set());
    expect(hash).toMatch(/^[0-9a-f]{63}$/);
    expect(hashOf(await set({ githubConfigSecret: { github_token: 'other' } }))).not.toBe(hash);
  });

  const CHART_KINDS = {
    autoscalingRunnerSet: 'autoscalingrunnerset',
    githubConfigSecret: 'githubsecret',
    kubernetesModeRole: 'kube_mode_role',
    kubernetesModeRoleBinding: 'kube_mode_role_binding',
    kubernetesModeServiceAccount: 'kube_mode_serviceaccount',
    managerRole: 'manager_role',
    managerRoleBinding: 'manager_role_binding',
  };
  const SPEC_KINDS = {
    autoscalingListener: 'autoscalingListener',
    listenerServiceAccount: 'listenerServiceAccountMetadata',
    listenerRole: 'listenerRoleMetadata',
    listenerRoleBinding: 'listenerRoleBindingMetadata',
    listenerConfigSecret: 'listenerConfigSecretMetadata',
    ephemeralRunnerSet: 'ephemeralRunnerSetMetadata',
    ephemeralRunner: 'ephemeralRunnerMetadata',
    ephemeralRunnerConfigSecret: 'ephemeralRunnerConfigSecretMetadata',
  };

  test.each([
    { number: 51, field: 'labels' as const },
    { number: 52, field: 'annotations' as const },
  ])('4.2-$number puts $field on everything', async ({ field }) => {
    const everywhere = {
      'custom.example/everywhere': 'a "quoted" word',
      'app.kubernetes.io/part-of': 'mine',
      number: 7,
    };
    const kinds = [
      ...Object.keys(CHART_KINDS),
      ...Object.keys(SPEC_KINDS),
      'noPermissionServiceAccount',
    ];
    const resourceMeta = Object.fromEntries(
      kinds.map((kind) => [kind, { [field]: { 'custom.example/kind': kind } }]),
    );
    const values = { [field]: everywhere, resourceMeta };
    const files = await render({ ...values, containerMode: { type: 'kubernetes' } });
    for (const [kind, file] of Object.entries(CHART_KINDS)) {
      expect(files.the(file).metadata[field]).toMatchObject({
        'custom.example/everywhere': 'a "quoted" word',
        'custom.example/kind': kind,
        number: '7',
      });
      expect(files.the(file).metadata.labels['app.kubernetes.io/part-of']).toBe('gha-rs');
    }
    const { spec } = files.the('autoscalingrunnerset');
    for (const [kind, name] of Object.entries(SPEC_KINDS)) {
      expect(spec[name]).toEqual({ [field]: { 'custom.example/kind': kind } });
    }
    expect((await one('no_permission_serviceaccount', values)).metadata[field]).toMatchObject({
      'custom.example/kind': 'noPermissionServiceAccount',
    });
  });

  test('4.2-53 lives in another namespace', async () => {
    for (const type of ['', ...KUBE_MODES]) {
      const files = await render({ namespaceOverride: 'other', containerMode: { type } });
      const namespaces = files.names.map((file) => files.the(file).metadata.namespace);
      expect(new Set(namespaces)).toEqual(new Set(['other']));
    }
  });

  test('4.2-54 keeps what is reserved from users', async () => {
    const { metadata } = await set({
      annotations: {
        'actions.github.com/vault': 'azure',
        [`${CLEANUP}manager-role-name`]: 'not-propagated',
      },
      labels: {
        custom: 'label',
        'app.kubernetes.io/component': 'mine',
        'actions.github.com/scale-set-name': 'mine',
      },
    });
    expect(metadata.annotations).toMatchObject({
      'actions.github.com/vault': 'azure',
      [`${CLEANUP}manager-role-name`]: 'test-runners-gha-rs-manager',
    });
    expect(metadata.labels).toMatchObject({
      custom: 'label',
      'app.kubernetes.io/component': 'autoscaling-runner-set',
      'actions.github.com/scale-set-name': 'test-runners',
    });
  });

  test.each([
    {
      azureKeyVault: {
        url: 'https://v',
        tenantId: 't',
        clientId: 'c',
        certificatePath: '/c.pfx',
        secretKey: 'x',
      },
      proxy: { http: { url: 'http://p' } },
    },
    {
      azure_key_vault: {
        url: 'https://v',
        tenant_id: 't',
        client_id: 'c',
        certificate_path: '/c.pfx',
        proxy: { http: { url: 'http://p' } },
      },
    },
  ])('hands on a vault, however its keys are written', async (keyVault) => {
    const { spec } = await set({
      githubConfigSecret: 'in-the-vault',
      keyVault: { type: 'azure_key_vault', ...keyVault },
    });
    expect(spec['vaultConfig']).toEqual({
      type: 'azure_key_vault',
      azureKeyVault: { url: 'https://v', tenantId: 't', clientId: 'c', certificatePath: '/c.pfx' },
      proxy: { http: { url: 'http://p' } },
    });
  });

  test('quotes names that look like something else', async () => {
    const object = await set(
      { runnerGroup: '123', runnerScaleSetName: 'true' },
      { namespace: '456' },
    );
    expect(object.spec).toMatchObject({ runnerGroup: '123', runnerScaleSetName: 'true' });
    expect(object.metadata).toMatchObject({
      name: 'true',
      namespace: '456',
      labels: { 'app.kubernetes.io/name': 'true' },
    });
  });

  test('has each volume once, and drops a `dind` of the user where it has its own', async () => {
    const spec = {
      containers: [{ name: 'dind', image: 'mine' }, RUNNER],
      volumes: [{ name: 'dind-sock', emptyDir: { medium: 'Memory' } }],
    };
    const pod = podOf(await set({ containerMode: { type: 'dind' }, template: { spec } }));
    expect(named(pod.containers)).toEqual(['runner']);
    expect(named(pod.volumes)).toEqual(['dind-externals', 'work', 'dind-sock']);
  });

  test('needs to know the operator where there is no cluster to look at', async () => {
    await expect(render({ controllerServiceAccount: { name: 'arc' } })).rejects.toThrow(
      'no controller was found: there is no Deployment with the label app.kubernetes.io/part-of=gha-rs-controller',
    );
  });

  test('keeps busy runners from eviction when asked to', async () => {
    const { spec } = await one('poddisruptionbudget', { podDisruptionBudget: { enabled: true } });
    expect(spec).toEqual({
      minAvailable: 1_000_000,
      selector: {
        matchLabels: {
          'actions.github.com/scale-set-name': 'test-runners',
          'actions.github.com/scale-set-namespace': NAMESPACE,
          'actions.github.com/busy': 'true',
        },
      },
    });
  });
});
