// The runner's pod in every container mode with every kind of user's template, against the rules of ARC's chart written as data
// (reference/charts.md 2.7, 2.8 and 7.4): what is injected, and in which order things stand.
import { describe, expect, test } from 'vitest';
import { findProgram } from '../programs.ts';
import { rendererOf, SCALE_SET } from './helm.ts';
import type { Rendered } from './helm.ts';

const helm = await findProgram('helm');

interface Named {
  name: string;
  [field: string]: unknown;
}

/** What a user writes of a pod, by the names of its parts. */
interface Template {
  name: string;
  env: Named[];
  mounts: Named[];
  init: Named[];
  before: Named[];
  after: Named[];
  volumes: Named[];
}

const NOTHING = { env: [], mounts: [], init: [], before: [], after: [], volumes: [] };

const TEMPLATES: Template[] = [
  { ...NOTHING, name: 'the default' },
  {
    ...NOTHING,
    name: 'env and mounts of its own',
    env: [
      { name: 'MINE', value: 'x' },
      { name: 'DOCKER_HOST', value: 'tcp://mine' },
      { name: 'ACTIONS_RUNNER_CONTAINER_HOOKS', value: '/mine' },
      { name: 'NODE_EXTRA_CA_CERTS', value: '/mine.crt' },
    ],
    mounts: [{ name: 'work', mountPath: '/mine' }],
  },
  {
    ...NOTHING,
    name: 'sidecars and init containers',
    init: [{ name: 'mine-init', image: 'i:1' }],
    before: [{ name: 'first', image: 'f:1' }],
    after: [{ name: 'last', image: 'l:1' }],
  },
  {
    ...NOTHING,
    name: 'a volume `work`, and another',
    volumes: [
      { name: 'other', emptyDir: {} },
      { name: 'work', hostPath: { path: '/data' } },
    ],
  },
];

/** What a mode adds, by name. */
interface Mode {
  type: string;
  kubeVersion: string;
  account: string;
  env: string[];
  mounts: string[];
  init: string[];
  /** Behind the runner. */
  containers: string[];
  volumes: string[];
  /** The runner stands first. */
  sorts: boolean;
  /** Whether it has a `work` of its own, in whose place a user's stands. */
  work: boolean;
}

const HOOKS = [
  'ACTIONS_RUNNER_CONTAINER_HOOKS',
  'ACTIONS_RUNNER_POD_NAME',
  'ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER',
];

const PLAIN: Mode = {
  ...{ type: '', kubeVersion: '1.29.0', account: 'set-gha-rs-no-permission' },
  ...{ env: [], mounts: [], init: [], containers: [], volumes: [], sorts: false, work: false },
};

const DIND: Mode = {
  ...PLAIN,
  type: 'dind',
  env: ['DOCKER_HOST', 'RUNNER_WAIT_FOR_DOCKER_IN_SECONDS'],
  mounts: ['work', 'dind-sock'],
  init: ['init-dind-externals', 'dind'],
  volumes: ['dind-sock', 'dind-externals'],
  sorts: true,
  work: true,
};

const KUBERNETES: Mode = {
  ...PLAIN,
  type: 'kubernetes',
  account: 'set-gha-rs-kube-mode',
  env: HOOKS,
  mounts: ['work'],
  sorts: true,
  work: true,
};

const MODES: Mode[] = [
  PLAIN,
  DIND,
  { ...DIND, kubeVersion: '1.28.9', init: ['init-dind-externals'], containers: ['dind'] },
  KUBERNETES,
  {
    ...KUBERNETES,
    type: 'kubernetes-novolume',
    env: [...HOOKS, 'ACTIONS_RUNNER_IMAGE'],
    mounts: [],
    work: false,
  },
];

const TLS = {
  env: ['NODE_EXTRA_CA_CERTS', 'RUNNER_UPDATE_CA_CERTS'],
  volume: 'github-server-tls-cert',
};

const namesOf = (list: readonly { name: string }[] = []): string[] => list.map(({ name }) => name);

/** The user's, then what is injected and has no name of theirs. */
const joined = (own: readonly Named[], injected: readonly string[]): string[] => {
  const names = namesOf(own);
  return [...names, ...injected.filter((name) => !names.includes(name))];
};

function expected(mode: Mode, template: Template, tls: boolean) {
  const { before, after, init } = template;
  const others = [...namesOf(before), ...namesOf(after)];
  const containers = mode.sorts
    ? ['runner', ...mode.containers, ...others]
    : [...namesOf(before), 'runner', ...namesOf(after)];
  const rest = namesOf(template.volumes).filter((name) => !(mode.work && name === 'work'));
  return {
    serviceAccountName: mode.account,
    restartPolicy: 'Never',
    env: joined(template.env, [...mode.env, ...(tls ? TLS.env : [])]),
    mounts: joined(template.mounts, [...mode.mounts, ...(tls ? [TLS.volume] : [])]),
    init: [...mode.init, ...namesOf(init)],
    containers,
    volumes: [
      ...(tls ? [TLS.volume] : []),
      ...mode.volumes,
      ...(mode.work ? ['work'] : []),
      ...rest,
    ],
  };
}

function found({ spec }: Rendered) {
  const pod = spec.template.spec;
  const runner = pod.containers.find(({ name }) => name === 'runner');
  return {
    serviceAccountName: pod.serviceAccountName,
    restartPolicy: pod['restartPolicy'],
    env: namesOf(runner?.env),
    mounts: namesOf(runner?.volumeMounts),
    init: namesOf(pod.initContainers),
    containers: namesOf(pod.containers),
    volumes: namesOf(pod.volumes),
  };
}

function expectAll(list: readonly { name: string }[] | undefined, own: readonly Named[]): void {
  expect(list ?? []).toEqual(expect.arrayContaining([...own]));
}

/** All that the user gave stands in it as it was given. */
function expectOwn({ spec }: Rendered, template: Template): void {
  const { env, mounts, init, before, after, volumes } = template;
  const pod = spec.template.spec;
  const runner = pod.containers.find(({ name }) => name === 'runner');
  expectAll(runner?.env, env);
  expectAll(runner?.volumeMounts, mounts);
  expectAll(pod.initContainers, init);
  expectAll(pod.containers, [...before, ...after]);
  expectAll(pod.volumes, volumes);
}

const valuesOf = (mode: Mode, template: Template, tls: boolean): object => ({
  githubConfigUrl: 'https://github.com/my-org',
  githubConfigSecret: 'mine',
  controllerServiceAccount: { name: 'operator', namespace: 'system' },
  containerMode: { type: mode.type, kubernetesModeWorkVolumeClaim: { storageClassName: 's' } },
  ...(tls && {
    githubServerTLS: {
      certificateFrom: { configMapKeyRef: { name: 'ca', key: 'ca.crt' } },
      runnerMountPath: '/certs',
    },
  }),
  template: {
    spec: {
      initContainers: template.init,
      containers: [
        ...template.before,
        { name: 'runner', image: 'r:1', env: template.env, volumeMounts: template.mounts },
        ...template.after,
      ],
      volumes: template.volumes,
    },
  },
});

describe
  .skipIf(helm === undefined)
  .each(MODES.map((mode) => ({ mode, title: `${mode.type || 'no mode'} on ${mode.kubeVersion}` })))(
  "the runner's pod in $title",
  ({ mode }) => {
    test.each(
      TEMPLATES.flatMap((template) => [
        { template, tls: false, title: template.name },
        { template, tls: true, title: `${template.name}, and a certificate authority` },
      ]),
    )('has with $title what it should, in order', async ({ template, tls }) => {
      const values = valuesOf(mode, template, tls);
      const { kubeVersion } = mode;
      const render = rendererOf(helm ?? '');
      const files = await render({ chart: SCALE_SET, release: 'set', values, kubeVersion });
      const set = files.the('autoscalingrunnerset');
      expect(found(set)).toEqual(expected(mode, template, tls));
      expectOwn(set, template);
    });
  },
);
