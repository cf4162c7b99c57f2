// One operator for all namespaces, two replicas of it, and what happens to a scale set in its life: bursts, changes, deaths, drains.
import { EphemeralRunnerKind, LABELS } from '@muster/api';
import { PodKind } from '@muster/kube';
import type { Pod } from '@muster/kube';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONTROLLER, SCALE_SET } from '../charts/helm.ts';
import { thisGround } from './ground-file.ts';
import { startGitHub } from './github.ts';
import { leftovers } from './leftovers.ts';
import { enterStage, eventually, explainFailures } from './stage.ts';
import { operatorValues, runnerTemplate, scaleSetValues } from './values.ts';
import { allSucceed, running, standing, workflow } from './workflow.ts';
import type { GitHub } from './github.ts';
import type { Release, Stage } from './stage.ts';

const OPERATOR = { name: 'muster', namespace: 'wide-system' } as const;
const LINUX = { name: 'linux', namespace: 'wide-runners' } as const;
const ORGANIZATION = 'my-org';
const MAX_RUNNERS = 5;
const DEFINITION = 'autoscalingrunnersets.actions.github.com';

const { isReal } = await thisGround();

let stage: Stage;
let github: GitHub;
explainFailures(() => stage);

beforeAll(async () => {
  stage = await enterStage();
  github = await startGitHub(stage.ground);
});

afterAll(async () => {
  await github.close();
  await stage.end();
});

const operator = (values: object = {}): Release => ({
  ...{ ...OPERATOR, chart: CONTROLLER },
  values: { ...operatorValues(stage.ground), replicaCount: 2, ...values },
});

const linux = (values: object = {}): Release => ({
  ...{ ...LINUX, chart: SCALE_SET },
  values: scaleSetValues(stage.ground, {
    githubConfigUrl: `${github.url}/${ORGANIZATION}`,
    maxRunners: MAX_RUNNERS,
    podDisruptionBudget: { enabled: true },
    ...values,
  }),
});

const push = (count: number, seconds = 0): Promise<number> =>
  github.push(ORGANIZATION, workflow({ runsOn: LINUX.name, count, seconds }));

const runnerPods = (): Promise<Pod[]> => stage.list(PodKind, LINUX.namespace);

const rest = (): Promise<void> =>
  eventually(async () => {
    expect(await stage.names(EphemeralRunnerKind, LINUX.namespace)).toEqual([]);
    expect(await runnerPods()).toEqual([]);
  });

test('is installed, and listens', async () => {
  await stage.install(operator(), '--wait', '--timeout', '120s');
  await stage.install(linux());
  await stage.kubectl([
    ...['wait', '--for=condition=Ready', `autoscalingrunnerset/${LINUX.name}`],
    ...['--namespace', LINUX.namespace, '--timeout=90s'],
  ]);
});

test('twenty jobs go through five runners', async () => {
  const run = await push(20);
  let most = 0;
  await eventually(async () => {
    most = Math.max(
      most,
      (await stage.list(EphemeralRunnerKind, LINUX.namespace)).filter(isAlive).length,
    );
    expect((await standing(github, run)).every((one) => one === 'success')).toBe(true);
  });
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(MAX_RUNNERS);
  await allSucceed(github, run);
  await rest();
});

test('another template is taken up while jobs run', async () => {
  const run = await push(4, 6);
  await running(github, run);
  const metadata = { labels: { generation: 'second' } };
  await stage.install(
    linux({ minRunners: 1, template: { metadata, ...runnerTemplate(stage.ground) } }),
  );
  await allSucceed(github, run);
  await eventually(async () => {
    const generations = (await runnerPods()).map(
      ({ metadata: { labels } }) => labels?.['generation'],
    );
    expect(generations).toEqual(['second']);
  });
  await stage.install(linux());
  await rest();
});

test('operator and listener are killed while jobs run, and none is lost', async () => {
  const run = await push(8, 4);
  await running(github, run);
  const pods = await stage.names(PodKind, OPERATOR.namespace);
  expect(pods).toHaveLength(3);
  await stage.kubectl([
    ...['delete', 'pod', ...pods, '--namespace', OPERATOR.namespace],
    ...['--grace-period=0', '--force'],
  ]);
  await allSucceed(github, run);
  await rest();
});

/** As an older release left the definition: it knows nothing of conditions. */
async function makeDefinitionOlder(): Promise<void> {
  const path = `/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/conditions`;
  const patch = JSON.stringify([{ op: 'remove', path }]);
  await stage.kubectl(['patch', 'crd', DEFINITION, '--type', 'json', '--patch', patch]);
}

const knowsConditions = async (): Promise<boolean> => {
  const path =
    '{.spec.versions[0].schema.openAPIV3Schema.properties.status.properties.conditions.type}';
  return (
    (await stage.kubectl(['get', 'crd', DEFINITION, '--output', `jsonpath=${path}`])) === 'array'
  );
};

// The dev cluster has no Jobs, which the hook is.
test.skipIf(!isReal)(
  'the operator is upgraded under work, and its definitions with it',
  async () => {
    const run = await push(4, 6);
    await running(github, run);
    await makeDefinitionOlder();
    await stage.install(operator({ crds: { upgrade: false } }));
    expect(await knowsConditions()).toBe(false);
    await stage.install(operator(), '--wait');
    expect(await knowsConditions()).toBe(true);
    await makeDefinitionOlder();
    const definitions = await stage.helm('show', 'crds', ...stage.chart(CONTROLLER));
    await stage.kubectl(['replace', '--filename', '-'], definitions);
    expect(await knowsConditions()).toBe(true);
    await allSucceed(github, run);
    await rest();
  },
);

// Processes are not evicted from a node.
test.skipIf(!isReal)('a drain waits for the job of a runner', async () => {
  const run = await push(1, 10);
  await running(github, run);
  const node = (await runnerPods())[0]?.spec.nodeName ?? '';
  // A budget counts ready pods alone; a kubelet tells of that up to a second after the job has begun.
  const healthy = '--for=jsonpath={.status.currentHealthy}=1';
  const budget = ['poddisruptionbudget/linux-gha-rs', '--namespace', LINUX.namespace];
  await stage.kubectl(['wait', ...budget, healthy, '--timeout=30s']);
  const drain = ['drain', node, '--force', '--pod-selector', `${LABELS.component}=runner`];
  await expect(stage.kubectl([...drain, '--timeout=4s'])).rejects.toThrow(/disruption budget/);
  await stage.kubectl([...drain, '--timeout=60s']);
  await stage.kubectl(['uncordon', node]);
  await allSucceed(github, run);
  await rest();
});

test('uninstalled under work, its jobs end first, and nothing is left', async () => {
  const run = await push(2, 5);
  await running(github, run, 2);
  await stage.uninstall(LINUX);
  await allSucceed(github, run);
  await eventually(async () => {
    expect(await leftovers(stage, LINUX.namespace)).toEqual([]);
  });
  await stage.uninstall(OPERATOR, '--wait');
  await eventually(async () => {
    expect(await leftovers(stage, OPERATOR.namespace)).toEqual([]);
  });
  const { scaleSets, runners } = github.simulator.state();
  expect({ scaleSets, runners }).toEqual({ scaleSets: [], runners: [] });
  expect(github.simulator.violations()).toEqual([]);
});

const isAlive = ({ metadata }: { metadata: { deletionTimestamp?: string } }): boolean =>
  metadata.deletionTimestamp === undefined;
