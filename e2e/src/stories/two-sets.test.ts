// Two teams with a scale set of the same name, each in its own namespace and organization.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AutoscalingListenerKind,
  AutoscalingRunnerSetKind,
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
  LABELS,
} from '@muster/api';
import { OPERATOR_NAMESPACE } from '@muster/cli';
import { PodKind, RoleBindingKind, RoleKind, SecretKind, ServiceAccountKind } from '@muster/kube';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { metricsOf } from './metrics.ts';
import { STORY } from './story.ts';
import { aStage, listenerPod } from './world.ts';
import type { Kind } from '@muster/kube';
import type { World } from '@muster/cli';
import type { Page } from './metrics.ts';
import type { Stage } from './world.ts';

const TEAM_A = { name: 'linux', namespace: 'team-a', owner: 'org-a' };
const TEAM_B = { name: 'linux', namespace: 'team-b', owner: 'org-b' };
type Team = typeof TEAM_A;

const POLL = { timeout: 30_000, interval: 100 };

/** Jobs that end when the file `gate` is there. */
const gated = (count: number, gate: string): string => `
on: push
jobs:
  build:
    runs-on: linux
    strategy:
      matrix:
        part: [${Array.from({ length: count }, (_, index) => index + 1).join(', ')}]
    steps:
      - run: until test -e '${gate}'; do sleep 0.1; done
`;

describe.skipIf(process.platform !== 'linux')('two scale sets', STORY, () => {
  let stage: Stage;
  let world: World;

  beforeAll(async () => {
    stage = await aStage();
    ({ world } = stage);
    for (const team of [TEAM_A, TEAM_B]) {
      await world.install({ ...team, minRunners: 0, maxRunners: 4 });
    }
  }, STORY.timeout);

  afterAll(() => stage.end(), STORY.timeout);

  const gateOf = ({ owner }: Team): string => join(stage.place.desk, `gate-${owner}`);

  const push = async (team: Team, jobs: number): Promise<number> => {
    const started = await world.control.startRun({
      path: 'gated.yml',
      content: gated(jobs, gateOf(team)),
      repositoryPath: stage.place.desk,
      owner: team.owner,
      repository: 'app',
    });
    if (started.is === 'broken') throw new Error(started.problems.join('\n'));
    return started.run.id;
  };

  const states = async (run: number): Promise<string[]> =>
    (await world.control.run(run)).jobs.map(({ result, state }) => result ?? state);

  const runnersAt = async (run: number): Promise<string[]> =>
    (await world.control.run(run)).jobs.map(({ runnerName = '' }) => runnerName).toSorted();

  const namesOf = async (kind: Kind, namespace: string): Promise<string[]> =>
    (await world.kube.list(kind, { namespace })).items.map(({ metadata }) => metadata.name);

  const pageOf = async ({ namespace }: Team): Promise<Page> =>
    metricsOf((await listenerPod(world, namespace))?.status?.podIP ?? '');

  const operatorPage = async (): Promise<Page> => {
    const at = { namespace: OPERATOR_NAMESPACE, name: 'muster-gha-rs-controller' };
    return metricsOf((await world.kube.get(PodKind, at))?.status?.podIP ?? '');
  };

  test('serve their own jobs, count them, and end without a trace for the other', async () => {
    const [runA, runB] = [await push(TEAM_A, 2), await push(TEAM_B, 3)];
    await expect.poll(() => states(runA), POLL).toEqual(['running', 'running']);
    await expect.poll(() => states(runB), POLL).toEqual(['running', 'running', 'running']);

    for (const [team, run] of [
      [TEAM_A, runA],
      [TEAM_B, runB],
    ] as const) {
      const runners = await runnersAt(run);
      expect((await namesOf(EphemeralRunnerKind, team.namespace)).toSorted()).toEqual(runners);
      expect((await namesOf(PodKind, team.namespace)).toSorted()).toEqual(runners);
      await vi.waitFor(async () => {
        expect(gaugesOf(await pageOf(team), team)).toEqual(busy(runners.length));
      }, POLL);
    }
    await vi.waitFor(async () => {
      const page = await operatorPage();
      const running = [TEAM_A, TEAM_B].map(({ name, namespace, owner }) =>
        page.sum('gha_controller_running_ephemeral_runners', {
          name,
          namespace,
          organization: owner,
        }),
      );
      expect([running, page.sum('gha_controller_running_listeners')]).toEqual([[2, 3], 2]);
    }, POLL);

    await writeFile(gateOf(TEAM_A), '');
    await expect.poll(() => states(runA), POLL).toEqual(['success', 'success']);
    await vi.waitFor(async () => {
      expect(countersOf(await pageOf(TEAM_A), TEAM_A)).toEqual({ started: 2, completed: 2 });
    }, POLL);
    expect(countersOf(await pageOf(TEAM_B), TEAM_B)).toEqual({ started: 3, completed: undefined });

    expect(await left(world, TEAM_A), 'what there is to be removed').toEqual(
      expect.arrayContaining([
        'AutoscalingRunnerSet linux',
        'EphemeralRunnerSet linux',
        expect.stringMatching(/^Role linux-\w+-listener$/),
        expect.stringMatching(/^ServiceAccount linux-\w+-listener$/),
        expect.stringMatching(/^Pod linux-\w+-listener$/),
        expect.stringMatching(/^Secret linux-\w+-listener/),
      ]),
    );
    const untouched = (await listenerPod(world, 'team-b'))?.metadata.uid;
    const at = { namespace: TEAM_A.namespace, name: TEAM_A.name };
    await world.kube.delete(AutoscalingRunnerSetKind, at);
    await expect.poll(() => left(world, TEAM_A), POLL).toEqual(['Secret github-config-secret']);
    const { scaleSets, runners } = await world.control.state();
    expect(scaleSets.map(({ scope }) => scope)).toEqual(['org-b']);
    expect(runners.map(({ name }) => name).toSorted()).toEqual(await runnersAt(runB));

    expect(await states(runB)).toEqual(['running', 'running', 'running']);
    await writeFile(gateOf(TEAM_B), '');
    await expect.poll(() => states(runB), POLL).toEqual(['success', 'success', 'success']);
    await expect.poll(() => namesOf(PodKind, 'team-b'), POLL).toEqual([]);
    const listener = await listenerPod(world, 'team-b');
    expect(listener?.metadata.uid).toBe(untouched);
    expect(listener?.status?.containerStatuses?.[0]?.restartCount).toBe(0);
    expect(await world.control.violations()).toEqual([]);
  });
});

const busy = (jobs: number): ReturnType<typeof gaugesOf> => ({
  assigned: jobs,
  running: jobs,
  busy: jobs,
  idle: 0,
  desired: jobs,
  maximum: 4,
});

function gaugesOf(page: Page, { name, namespace, owner }: Team) {
  const labels = { name, namespace, organization: owner };
  return {
    assigned: page.sum('gha_assigned_jobs', labels),
    running: page.sum('gha_running_jobs', labels),
    busy: page.sum('gha_busy_runners', labels),
    idle: page.sum('gha_idle_runners', labels),
    desired: page.sum('gha_desired_runners', labels),
    maximum: page.sum('gha_max_runners', labels),
  };
}

function countersOf(page: Page, { owner }: Team) {
  const labels = { organization: owner, repository: 'app', event_name: 'push' };
  return {
    started: page.sum('gha_started_jobs_total', labels),
    completed: page.sum('gha_completed_jobs_total', { ...labels, job_result: 'succeeded' }),
  };
}

/** What there is of a team's scale set; its chart's own objects aside. */
async function left({ kube }: World, { namespace, name }: Team): Promise<string[]> {
  const own = [
    AutoscalingRunnerSetKind,
    EphemeralRunnerSetKind,
    EphemeralRunnerKind,
    PodKind,
    SecretKind,
    RoleKind,
    RoleBindingKind,
  ];
  const listeners = [AutoscalingListenerKind, PodKind, SecretKind, ServiceAccountKind];
  const labelSelector = `${LABELS.scaleSetNamespace}=${namespace}`;
  const lists = await Promise.all([
    ...own.map((kind) => kube.list<ListedKind>(kind, { namespace })),
    ...listeners.map((kind) =>
      kube.list<ListedKind>(kind, { namespace: OPERATOR_NAMESPACE, labelSelector }),
    ),
  ]);
  return lists
    .flatMap(({ items }) => items)
    .filter(({ metadata }) => metadata.name !== `${name}-gha-rs-manager`)
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}

type ListedKind = NonNullable<Kind['of']>;
