// `--keep` leaves a cluster that people can work with, and `--stop` ends all of it.
import { AutoscalingRunnerSetKind } from '@muster/api';
import { createKubeClient, loadConnection } from '@muster/kube';
import { createControl } from '@muster/simulator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram } from '../programs.ts';
import { kubectlOf } from './kubectl.ts';
import { processesOf } from './processes.ts';
import { writeFiles } from './repository.ts';
import { enter, STORY } from './story.ts';
import type { Place } from './story.ts';

const RUNNER_SET = 'autoscalingrunnersets/demo';

const POLL = { timeout: 15_000, interval: 100 };

const HELLO = `
on: push
jobs:
  hello:
    runs-on: demo
    steps:
      - run: echo hello
`;

const CONFIG_MAP = `
apiVersion: v1
kind: ConfigMap
metadata: { name: mine, namespace: runners }
data: { colour: blue }
`;

describe('muster dev --keep', STORY, () => {
  let place: Place;
  let leave: () => Promise<void>;
  let kubeconfig: string;
  let directory: string;

  beforeAll(async () => {
    ({ place, leave } = await enter());
    await writeFiles(place.desk, { 'hello.yml': HELLO, 'map.yml': CONFIG_MAP });
    const { code, out, err } = await place.muster('dev', 'hello.yml', '--keep').ended;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    [, kubeconfig = ''] = /kubectl --kubeconfig (\S+) get pods/.exec(out) ?? [];
    [, directory = ''] = /demo --stop (\S+)/.exec(out) ?? [];
  }, STORY.timeout);

  afterAll(async () => {
    try {
      const { code, out, err } = await place.muster('dev', '--stop', directory).ended;
      expect({ code, out, err }).toEqual({ code: 0, out: '', err: '' });
      expect(await processesOf(place.temp)).toEqual([]);
    } finally {
      await leave();
    }
  }, STORY.timeout);

  test('leaves everything running: another run comes to its end', async () => {
    const kube = createKubeClient({
      connection: await loadConnection({ env: { KUBECONFIG: kubeconfig } }),
    });
    const at = { namespace: 'runners', name: 'demo' };
    const runnerSet = await kube.get(AutoscalingRunnerSetKind, at);
    await kube.close();
    const { origin } = new URL(runnerSet?.spec.githubConfigUrl ?? '');
    expect(await resultOf(origin, place.desk)).toBe('success');
  });

  test('serves kubectl', async ({ skip }) => {
    const program = await findProgram('kubectl');
    if (program === undefined) return skip('there is no kubectl');
    const kubectl = kubectlOf(program, { kubeconfig, desk: place.desk });
    const [head, row] = (await kubectl('get', 'autoscalingrunnersets', '-A')).split('\n');
    expect(head?.split(/ {2,}/)).toEqual([
      'NAMESPACE',
      'NAME',
      'MINIMUM RUNNERS',
      'MAXIMUM RUNNERS',
      'CURRENT RUNNERS',
      'PHASE',
      'PENDING RUNNERS',
      'RUNNING RUNNERS',
      'AGE',
    ]);
    expect(row).toMatch(/^runners +demo +0 +5 +\d +Running +\d +\d +\d+s$/);
    expect(await kubectl('describe', '-n', 'runners', RUNNER_SET)).toMatch(/Reason: +Listening/);
    expect(await kubectl('apply', '-f', 'map.yml')).toBe('configmap/mine created\n');
    expect(await kubectl('apply', '-f', 'map.yml')).toBe('configmap/mine unchanged\n');
    expect(await kubectl('delete', '-f', 'map.yml')).toBe('configmap "mine" deleted\n');
    const operator = ['-n', 'muster-system', 'muster-gha-rs-controller'];
    expect(await kubectl('logs', ...operator)).toMatch(/ INFO +started version=/);
    const minimum = ['--type=merge', '--patch={"spec":{"minRunners":1}}'];
    await kubectl('patch', '-n', 'runners', RUNNER_SET, ...minimum);
    const wished = ['--for=jsonpath={.spec.replicas}=1', '--timeout=30s'];
    await kubectl('wait', '-n', 'runners', 'ephemeralrunnersets/demo', ...wished);
    await expect
      .poll(() => kubectl('get', '-n', 'runners', 'pods', '--no-headers'), POLL)
      .toMatch(/^demo-runner-\w{8} +1\/1 +Running +0 +\d+s\n$/);
  });
});

/** Of the workflow, run in what stayed. */
async function resultOf(serviceUrl: string, repositoryPath: string): Promise<string | undefined> {
  const control = createControl(serviceUrl);
  const started = await control.startRun({ path: 'hello.yml', content: HELLO, repositoryPath });
  if (started.is === 'broken') throw new Error(started.problems.join('\n'));
  for await (const event of control.events()) {
    if (event.type !== 'run' || event.state === 'running') continue;
    return (await control.run(started.run.id)).result;
  }
  return undefined;
}
