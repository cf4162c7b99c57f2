// The shortest story: install both charts from a registry, run a workflow, take it all away again.
import { AutoscalingRunnerSetKind } from '@muster/api';
import { PodKind } from '@muster/kube';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONTROLLER, SCALE_SET } from '../charts/helm.ts';
import { startGitHub } from './github.ts';
import { enterStage, eventually } from './stage.ts';
import { operatorValues, scaleSetValues } from './values.ts';
import type { GitHub } from './github.ts';
import type { Stage } from './stage.ts';

const OPERATOR = { name: 'muster', namespace: 'one-system' };
const LINUX = { name: 'linux', namespace: 'one-runners' };

let stage: Stage;
let github: GitHub;

beforeAll(async () => {
  stage = await enterStage();
  github = await startGitHub(stage.ground);
});

afterAll(async () => {
  await github.close();
  await stage.end();
});

test('installs', async () => {
  await stage.install(
    { ...OPERATOR, chart: CONTROLLER, values: operatorValues(stage.ground) },
    '--wait',
  );
  const values = scaleSetValues(stage.ground, { githubConfigUrl: `${github.url}/my-org` });
  await stage.install({ ...LINUX, chart: SCALE_SET, values });
  await stage.kubectl([
    'wait',
    '--for=condition=Ready',
    'autoscalingrunnerset/linux',
    '--namespace',
    LINUX.namespace,
    '--timeout=60s',
  ]);
});

test('runs jobs', async () => {
  const run = await github.push(
    'my-org',
    `
on: push
jobs:
  build:
    runs-on: linux
    strategy:
      matrix:
        part: [1, 2, 3]
    steps:
      - run: echo part \${{ matrix.part }}
`,
  );
  await eventually(async () => {
    expect((await github.run(run)).jobs.map(({ result, state }) => result ?? state)).toEqual([
      'success',
      'success',
      'success',
    ]);
  });
  await eventually(async () => {
    expect(await stage.names(PodKind, LINUX.namespace)).toEqual([]);
  });
});

test('goes without a trace', async () => {
  await stage.uninstall(LINUX, '--wait');
  await eventually(async () => {
    expect(await stage.names(AutoscalingRunnerSetKind)).toEqual([]);
  });
  await stage.uninstall(OPERATOR, '--wait');
  expect(github.simulator.state().scaleSets).toEqual([]);
});
