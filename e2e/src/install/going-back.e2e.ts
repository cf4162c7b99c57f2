// From Muster back to ARC by the commands of docs/migrate-from-arc.md, the scale set first, while runners have jobs. ARC's controller is played
// by what it would do, with its rights (arc/manager.ts), so that nothing of ours may stand in its way.
import type { ActionsClient } from '@muster/actions';
import {
  AutoscalingListenerKind,
  AutoscalingRunnerSetKind,
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
} from '@muster/api';
import { createKubeClient, loadConnection, PodKind } from '@muster/kube';
import type { KubeClient } from '@muster/kube';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONTROLLER, SCALE_SET } from '../charts/helm.ts';
import { commandsOf, pageOf } from '../charts/pages.ts';
import { OUR_KINDS } from '../our-kinds.ts';
import { createArcManager } from './arc/manager.ts';
import type { ArcManager } from './arc/manager.ts';
import { listenerName, madeBy } from './arc/objects.ts';
import { arcsClient, ORGANIZATION, ourOperator, ourScaleSet } from './arc/ours.ts';
import { controllerRelease, OPERATOR, scaleSetRelease, writeChart } from './arc/releases.ts';
import { startGate } from './gate.ts';
import type { Gate } from './gate.ts';
import { startGitHub } from './github.ts';
import type { GitHub } from './github.ts';
import { thisGround } from './ground-file.ts';
import { leftovers } from './leftovers.ts';
import { managersIn, ranTogether } from './managers.ts';
import { enterStage, eventually, explainFailures } from './stage.ts';
import type { Release, Stage } from './stage.ts';
import { runnerTemplate } from './values.ts';
import { allSucceed, running, standing, workflow } from './workflow.ts';

/** As the page calls them. */
const NAMES = { system: 'arc-systems', runners: 'arc-runners', set: 'arc-runner-set' } as const;
const MIN_RUNNERS = 1;
/** All that ARC's controller takes off by itself. */
const ARC_FINALIZERS =
  /^actions\.github\.com\/cleanup-protection$|^(autoscalingrunnerset|autoscalinglistener|ephemeralrunnerset|ephemeralrunner)\.actions\.github\.com\/(finalizer|runner-registration-finalizer)$/;
const ARC_CHARTS = 'oci://ghcr.io/actions/actions-runner-controller-charts/';

const { isReal } = await thisGround();

// ARC's pods are of images of ARC's making, which the dev cluster's programs cannot be.
describe.skipIf(!isReal)('going back to ARC', () => {
  let stage: Stage;
  let github: GitHub;
  let gates: { first: Gate; second: Gate };
  let arc: { kube: KubeClient; actions: ActionsClient; manager: ArcManager };
  let run: number;
  let runner: string;
  explainFailures(() => stage);

  beforeAll(async () => {
    stage = await enterStage();
    github = await startGitHub(stage.ground);
    gates = { first: await startGate(stage.ground), second: await startGate(stage.ground) };
    const connection = await loadConnection({ env: { KUBECONFIG: stage.ground.kubeconfig } });
    const account = `system:serviceaccount:${NAMES.system}:${OPERATOR}`;
    const headers = async (): Promise<Record<string, string>> => ({
      ...(await connection.headers()),
      'impersonate-user': account,
    });
    const kube = createKubeClient({ connection: { ...connection, headers } });
    const actions = arcsClient(stage.ground, github);
    arc = { kube, actions, manager: createArcManager({ kube, actions, names: NAMES }) };
  });

  afterAll(async () => {
    await Promise.all([arc.kube.close(), arc.actions.close()]);
    await Promise.all([github.close(), gates.first.close(), gates.second.close()]);
    await stage.end();
  });

  const operator = (): Release => ourOperator(NAMES, stage.ground);
  const scaleSet = (): Release =>
    ourScaleSet(NAMES, { ground: stage.ground, github }, { minRunners: MIN_RUNNERS });

  /** The page's, with ARC's charts where they are here. */
  async function commandsBack(): Promise<string[]> {
    const page = await pageOf('migrate-from-arc.md');
    const [, back = ''] = page.text.split('\n## Back\n');
    const { ground, desk } = stage;
    const { spec } = runnerTemplate(ground);
    const wish = {
      url: `${github.url}/${ORGANIZATION}`,
      template: { spec: { restartPolicy: 'Never', ...spec } },
      minRunners: MIN_RUNNERS,
    };
    const set = await writeChart(desk, SCALE_SET, scaleSetRelease(NAMES, wish));
    const controller = await writeChart(desk, CONTROLLER, controllerRelease(NAMES, ground));
    return commandsOf(page)
      .map(({ text }) => text)
      .filter((text) => back.includes(text))
      .map((text) =>
        text
          .replace(`${ARC_CHARTS}${CONTROLLER} `, `${controller} `)
          .replace(`${ARC_CHARTS}${SCALE_SET} `, `${set} `),
      );
  }

  /** Of the first one that has a job. */
  const busyRunner = async (id: number): Promise<string> =>
    (await github.run(id)).jobs[0]?.runnerName ?? '';
  const podOf = async (name: string): Promise<string | undefined> =>
    (await stage.kube.get(PodKind, { namespace: NAMES.runners, name }))?.metadata.uid;
  const runnerSet = () =>
    stage.kube.get(AutoscalingRunnerSetKind, { namespace: NAMES.runners, name: NAMES.set });

  test('starts from a scale set of Muster with a job', async () => {
    await stage.install(operator(), '--wait');
    await stage.install(scaleSet());
    run = await github.push(ORGANIZATION, gates.first.workflow(NAMES.set));
    await running(github, run);
    runner = await busyRunner(run);
  });

  test("gives the release of the scale set to ARC's chart, and its runner keeps the job", async () => {
    const before = await podOf(runner);
    const [upgrade = ''] = await commandsBack();
    await stage.type(upgrade);
    await eventually(async () => {
      const { metadata, status } = (await runnerSet()) ?? {};
      expect(metadata?.labels?.['app.kubernetes.io/version']).toBe('0.14.2');
      const ready = status?.conditions?.find(({ type }) => type === 'Ready');
      expect(ready).toMatchObject({ status: 'True', observedGeneration: metadata?.generation });
    });
    expect(await podOf(runner)).toBe(before);
    gates.first.open();
    await allSucceed(github, run);
    expect(await busyRunner(run)).toBe(runner);
  });

  test("whose jobs Muster's operator runs on", async () => {
    const next = await github.push(ORGANIZATION, workflow({ runsOn: NAMES.set, count: 3 }));
    await allSucceed(github, next);
    run = await github.push(ORGANIZATION, gates.second.workflow(NAMES.set));
    await running(github, run);
    runner = await busyRunner(run);
  });

  test("and then the operator's, of which old and new never run together", async () => {
    const before = await podOf(runner);
    const [, check = '', ...rest] = await commandsBack();
    expect(await stage.type(check)).toBe('');
    expect(await ranTogether(stage, NAMES.system, stage.type(rest.join('\n')))).toBe(false);
    await eventually(async () => {
      expect(await managersIn(stage, NAMES.system)).toEqual([stage.ground.images.runner]);
    });
    expect(await podOf(runner)).toBe(before);
  });

  test('leaves ARC nothing that it could not let go of, and no Lease that it would wait for', async () => {
    const all = await Promise.all(
      [NAMES.system, NAMES.runners].flatMap((namespace) =>
        OUR_KINDS.map((kind) => stage.list(kind, namespace)),
      ),
    );
    const finalizers = new Set(all.flat().flatMap(({ metadata }) => metadata.finalizers ?? []));
    expect(finalizers.size).toBeGreaterThan(3);
    expect([...finalizers].filter((one) => !ARC_FINALIZERS.test(one))).toEqual([]);
    const leases = ['get', 'leases', '--namespace', NAMES.system, '--output', 'name'];
    expect(await stage.kubectl(leases)).toBe('');
  });

  test('has ARC roll to a set and a listener of its own while the runner works on', async () => {
    const before = await podOf(runner);
    const set = await runnerSet();
    if (set === undefined) throw new Error('the runner set is gone');
    await eventually(async () => {
      await arc.manager.pass();
      expect(await stage.names(AutoscalingListenerKind, NAMES.system)).toEqual([
        listenerName(set, NAMES),
      ]);
      const listeners = (await stage.list(PodKind, NAMES.system)).filter(
        ({ metadata }) => metadata.name === listenerName(set, NAMES),
      );
      expect(listeners).toEqual([]);
      expect(await stage.names(EphemeralRunnerKind, NAMES.runners)).toEqual([runner]);
    });
    expect((await runnerSet())?.metadata.uid).toBe(set.metadata.uid);
    expect(await podOf(runner)).toBe(before);
    expect(await standing(github, run)).toEqual(['running']);
    expect(github.simulator.state().runners.map(({ name }) => name)).toEqual([runner]);
    gates.second.open();
    await allSucceed(github, run);
    await eventually(async () => {
      await arc.manager.pass();
      expect(await stage.names(EphemeralRunnerSetKind, NAMES.runners)).toEqual([madeBy(NAMES).set]);
      expect(await stage.names(PodKind, NAMES.runners)).toEqual([]);
    });
  });

  test('has ARC let everything go', async () => {
    await stage.uninstall(scaleSet());
    await eventually(async () => {
      await arc.manager.pass();
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
