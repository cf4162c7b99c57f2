// From ARC to Muster by `helm upgrade`, the controller first, while a runner of ARC's has a job; then all of it goes as if it had always been ours.
import { join } from 'node:path';
import { AutoscalingRunnerSetKind, EphemeralRunnerKind, EphemeralRunnerSetKind } from '@muster/api';
import { PodKind } from '@muster/kube';
import type { MessageSession } from '@muster/actions';
import type { Kind, KubeObject } from '@muster/kube';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHARTS, CONTROLLER, SCALE_SET } from '../charts/helm.ts';
import * as arc from './arc/objects.ts';
import { arcsClient, ORGANIZATION, ourOperator, ourScaleSet } from './arc/ours.ts';
import { controllerRelease, scaleSetRelease, writeChart } from './arc/releases.ts';
import { thisGround } from './ground-file.ts';
import { startGate } from './gate.ts';
import { startGitHub } from './github.ts';
import { leftovers } from './leftovers.ts';
import { managersIn, ranTogether } from './managers.ts';
import { enterStage, eventually, explainFailures } from './stage.ts';
import { runnerTemplate } from './values.ts';
import { allSucceed, running, standing, workflow } from './workflow.ts';
import type { Gate } from './gate.ts';
import type { GitHub } from './github.ts';
import type { Release, Stage } from './stage.ts';

const NAMES = { system: 'arc-systems', runners: 'arc-runners', set: 'arc-set' } as const;
const MADE = arc.madeBy(NAMES);

const { isReal } = await thisGround();

// Pods here are of images of ARC's making, which the dev cluster's programs cannot be.
describe.skipIf(!isReal)('ARC', () => {
  let stage: Stage;
  let github: GitHub;
  let gate: Gate;
  let session: MessageSession;
  let run: number;
  explainFailures(() => stage);

  beforeAll(async () => {
    stage = await enterStage();
    github = await startGitHub(stage.ground);
    gate = await startGate(stage.ground);
  });

  afterAll(async () => {
    await Promise.all([github.close(), gate.close()]);
    await stage.end();
  });

  const operator = (): Release => ourOperator(NAMES, stage.ground);
  const scaleSet = (): Release => ourScaleSet(NAMES, { ground: stage.ground, github });

  const read = <T extends KubeObject>(kind: Kind<T>, name: string): Promise<T | undefined> =>
    stage.kube.get(kind, { namespace: NAMES.runners, name });

  const uidOf = async (kind: Kind, name: string): Promise<string> =>
    (await read(kind, name))?.metadata.uid ?? '';

  const apply = (object: object): Promise<string> =>
    stage.kubectl(['create', '--filename', '-'], JSON.stringify(object));

  const patch = (object: string, change: object, ...more: string[]): Promise<string> =>
    stage.kubectl([
      ...['patch', object, '--namespace', NAMES.runners, '--type', 'merge', ...more],
      ...['--patch', JSON.stringify(change)],
    ]);

  async function install(name: string, namespace: string, chart: string): Promise<void> {
    await stage.makeNamespace(namespace);
    await stage.helm('install', name, chart, '--namespace', namespace);
  }

  /** As ARC's listener hears of it. */
  async function jobIsAssigned(): Promise<void> {
    run = await github.push(ORGANIZATION, gate.workflow(NAMES.set));
    for (let lastMessageId = 0; ;) {
      const message = await session.poll({ lastMessageId, maxCapacity: 3 });
      if (message === undefined) continue;
      lastMessageId = message.id;
      await session.acknowledge(message.id);
      if (message.assigned > 0) return;
    }
  }

  test('has a runner under a job', async () => {
    await stage.kubectl(['apply', '--filename', join(CHARTS, CONTROLLER, 'crds')]);
    const url = `${github.url}/${ORGANIZATION}`;
    const template = runnerTemplate(stage.ground);
    const charts = {
      operator: await writeChart(stage.desk, CONTROLLER, controllerRelease(NAMES, stage.ground)),
      set: await writeChart(stage.desk, SCALE_SET, scaleSetRelease(NAMES, { url, template })),
    };
    await install('arc', NAMES.system, charts.operator);
    await install(NAMES.set, NAMES.runners, charts.set);

    const actions = arcsClient(stage.ground, github);
    const { id: scaleSetId } = await actions.createScaleSet({ name: NAMES.set, runnerGroupId: 1 });
    session = await actions.createSession(scaleSetId, 'arc');
    await jobIsAssigned();
    const jit = await actions.createJitConfig({
      scaleSetId,
      name: MADE.runner,
      workFolder: '_work',
    });
    if (jit === 'exists') throw new Error('GitHub knows the runner already');

    await patch(`autoscalingrunnerset/${NAMES.set}`, arc.runnerSetPatch(NAMES, scaleSetId));
    const uid = await uidOf(AutoscalingRunnerSetKind, NAMES.set);
    const { id: runnerId } = jit.runner;
    const made = { url, template, scaleSetId, uid, runnerId, jit: jit.encodedJitConfig };
    await apply(arc.ephemeralRunnerSet(NAMES, made));
    await apply(arc.ephemeralRunner(NAMES, made, await uidOf(EphemeralRunnerSetKind, MADE.set)));
    const runnerUid = await uidOf(EphemeralRunnerKind, MADE.runner);
    await apply(arc.jitSecret(NAMES, made, runnerUid));
    await apply(arc.runnerPod(NAMES, made, runnerUid));
    await apply(arc.listener(NAMES, made));
    await running(github, run);
    const { jobs } = await github.run(run);
    const status = {
      phase: 'Running',
      ready: true,
      runnerId,
      runnerName: MADE.runner,
      jobId: jobs[0]?.id,
    };
    await patch(`ephemeralrunner/${MADE.runner}`, { status }, '--subresource', 'status');
    // Its listener ends with its controller, and takes leave.
    await session.close();
    await actions.close();
  });

  test("keeps a scale set from Muster's chart as long as its controller is there", async () => {
    await expect(stage.install(scaleSet())).rejects.toThrow(/is ARC's still/);
  });

  test("'s controller and Muster's never run together", async () => {
    expect(await stage.list(PodKind, NAMES.system)).toHaveLength(1);
    expect(await ranTogether(stage, NAMES.system, stage.install(operator(), '--wait'))).toBe(false);
    expect(await managersIn(stage, NAMES.system)).toEqual([stage.ground.images.muster]);
  });

  test("'s runner keeps its job, and its objects their names", async () => {
    const runner = await uidOf(PodKind, MADE.runner);
    await stage.install(scaleSet());
    await stage.kubectl([
      ...['wait', '--for=condition=Ready', `autoscalingrunnerset/${NAMES.set}`],
      ...['--namespace', NAMES.runners, '--timeout=90s'],
    ]);
    expect(await uidOf(PodKind, MADE.runner)).toBe(runner);
    expect(await stage.names(EphemeralRunnerSetKind, NAMES.runners)).toEqual([MADE.set]);
    expect(await standing(github, run)).toEqual(['running']);
    gate.open();
    await allSucceed(github, run);
    expect((await github.run(run)).jobs.map(({ runnerName }) => runnerName)).toEqual([MADE.runner]);
    expect(github.simulator.state().scaleSets).toHaveLength(1);
  });

  test("'s scale set runs jobs as Muster's", async () => {
    const next = await github.push(ORGANIZATION, workflow({ runsOn: NAMES.set, count: 3 }));
    await allSucceed(github, next);
  });

  test('is gone without a trace', async () => {
    await stage.uninstall(scaleSet());
    await eventually(async () => {
      expect(await leftovers(stage, NAMES.runners)).toEqual([]);
    });
    await stage.uninstall(operator(), '--wait');
    await eventually(async () => {
      expect(await leftovers(stage, NAMES.system)).toEqual([]);
    });
    const { scaleSets, runners } = github.simulator.state();
    expect({ scaleSets, runners }).toEqual({ scaleSets: [], runners: [] });
  });
});
