// What the charts grant is enough: the dev cluster judges rights, and nothing that our programs ask for is refused, from the first object
// of a scale set to its last.
import { join } from 'node:path';
import { createControl } from '@muster/simulator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST_ENV } from '../stories/config.ts';
import { programFile, startProgram } from '../stories/program.ts';
import type { Program } from '../stories/program.ts';
import { GIVEN_KUBECONFIG } from './config.ts';
import { enterGround, hasTools } from './ground.ts';
import type { Ground } from './ground.ts';
import { CHARTS, CONTROLLER, SCALE_SET } from './helm.ts';

const STORY = { timeout: 180_000 };
const POLL = { timeout: 60_000, interval: 200 };

const WORKFLOW = `
on: push
jobs:
  hello:
    runs-on: linux
    steps:
      - run: echo hello
`;

// Pods must run, and nobody else's.
const isLeftOut = !hasTools || GIVEN_KUBECONFIG !== undefined;

describe.skipIf(isLeftOut).each([
  {
    name: 'for every namespace, by the one of two replicas that leads',
    values: { replicaCount: 2 },
  },
  { name: 'for one namespace', values: { flags: { watchSingleNamespace: 'runners' } } },
])('an operator $name', STORY, ({ values }) => {
  let ground: Ground;
  let simulator: Program;
  let github: string;

  beforeAll(async () => {
    ground = await enterGround();
    const args = [programFile('@muster/simulator/main'), '--port', '0'];
    simulator = startProgram({ args, cwd: ground.desk, env: HOST_ENV });
    github = (await simulator.says(/^ready /)).replace('ready ', '');
    await ground.kubectl(['create', 'namespace', 'runners']);
  }, STORY.timeout);

  afterAll(async () => {
    await ground.stop();
    simulator.kill('SIGTERM');
    await simulator.ended;
  }, STORY.timeout);

  const install = (
    name: string,
    chart: string,
    more: { namespace: string; values: object },
  ): Promise<string> => {
    const where = ['--namespace', more.namespace, '--create-namespace', '--values', '-'];
    return ground.helm(
      ['install', name, join(CHARTS, chart), ...where],
      JSON.stringify(more.values),
    );
  };

  async function runJob(): Promise<void> {
    const control = createControl(github);
    const started = await control.startRun({
      path: 'ci.yml',
      content: WORKFLOW,
      repositoryPath: ground.desk,
    });
    if (started.is === 'broken') throw new Error(started.problems.join('\n'));
    const { id } = started.run;
    await expect.poll(async () => (await control.run(id)).result, POLL).toBe('success');
  }

  test('may do all that it does', async () => {
    await install('muster', CONTROLLER, { namespace: 'system', values });
    const credentials = {
      githubConfigUrl: `${github}/my-org`,
      githubConfigSecret: { github_token: 'planted' },
    };
    await install('linux', SCALE_SET, { namespace: 'runners', values: credentials });
    const set = ['autoscalingrunnerset/linux', '--namespace', 'runners'];
    await ground.kubectl(['wait', ...set, '--for=condition=Ready', '--timeout=60s']);
    await runJob();
    // A template rolls, and a runner waits for a job when the scale set goes.
    const more = ['--reuse-values', '--set', 'minRunners=1,template.metadata.labels.rolled=yes'];
    await ground.helm([
      'upgrade',
      'linux',
      join(CHARTS, SCALE_SET),
      '--namespace',
      'runners',
      ...more,
    ]);
    await ground.kubectl([
      'wait',
      ...set,
      '--for=jsonpath={.status.runningEphemeralRunners}=1',
      '--timeout=60s',
    ]);
    await ground.helm([
      'uninstall',
      'linux',
      '--namespace',
      'runners',
      '--wait',
      '--timeout',
      '60s',
    ]);
    expect(await ground.kubectl(['get', 'autoscalingrunnersets', ...set.slice(1)])).toBe('');
    const pods = ['--selector', 'app.kubernetes.io/component=controller-manager', '--tail=-1'];
    const log = await ground.kubectl(['logs', '--namespace', 'system', ...pods]);
    expect(log).toContain('started');
    expect(log.split('\n').filter((line) => /forbidden|cannot/i.test(line))).toEqual([]);
  });
});
