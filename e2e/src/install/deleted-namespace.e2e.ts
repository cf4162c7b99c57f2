// The one namespace that an operator may touch is deleted with a scale set in it: its rights go first, and docs/troubleshooting.md has the way out.
import { join } from 'node:path';
import { AutoscalingRunnerSetKind } from '@muster/api';
import { PodKind, RoleKind } from '@muster/kube';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHARTS, CONTROLLER, SCALE_SET } from '../charts/helm.ts';
import { pageOf } from '../charts/pages.ts';
import { startGitHub } from './github.ts';
import type { GitHub } from './github.ts';
import { thisGround } from './ground-file.ts';
import { leftovers } from './leftovers.ts';
import { enterStage, eventually, explainFailures } from './stage.ts';
import type { Stage } from './stage.ts';
import { operatorValues, scaleSetValues } from './values.ts';

/** As the page calls them. */
const [SYSTEM, RUNNERS] = ['muster-system', 'my-runners'] as const;
const WATCH_ROLE = 'muster-gha-rs-controller-single-namespace-watch';

const { isReal } = await thisGround();

// Which objects of a namespace go first is the real namespace controller's choice.
describe.skipIf(!isReal)('the one namespace of an operator', () => {
  let stage: Stage;
  let github: GitHub;
  explainFailures(() => stage);

  beforeAll(async () => {
    stage = await enterStage();
    github = await startGitHub(stage.ground);
    await stage.makeNamespace(RUNNERS);
    await stage.install(
      {
        ...{ name: 'muster', namespace: SYSTEM, chart: CONTROLLER },
        values: operatorValues(stage.ground, { watches: RUNNERS }),
      },
      '--wait',
    );
    await stage.install({
      ...{ name: 'my-runners', namespace: RUNNERS, chart: SCALE_SET },
      values: scaleSetValues(stage.ground, {
        githubConfigUrl: `${github.url}/my-org`,
        minRunners: 1,
      }),
    });
    await eventually(async () => {
      expect(await stage.names(PodKind, RUNNERS)).toHaveLength(1);
    });
  });

  afterAll(async () => {
    await github.close();
    await stage.end();
  });

  test('goes without the rights that its scale set would need to end', async () => {
    await stage.kubectl(['delete', 'namespace', RUNNERS, '--wait=false']);
    await eventually(async () => {
      expect(await stage.names(RoleKind, RUNNERS)).not.toContain(WATCH_ROLE);
    });
    expect(await stage.names(AutoscalingRunnerSetKind, RUNNERS)).toEqual(['my-runners']);
  });

  test('goes altogether once the operator is lent rights, and its scale set with it', async () => {
    const { blocks } = await pageOf('troubleshooting.md');
    const lend = blocks.find(({ needs }) => needs === 'one-namespace')?.text ?? '';
    const chart = join(CHARTS, CONTROLLER);
    await stage.type(lend.replace(`oci://ghcr.io/muster-runners/charts/${CONTROLLER}`, chart));
    const { scaleSets, runners } = github.simulator.state();
    expect({ scaleSets, runners }).toEqual({ scaleSets: [], runners: [] });
    await stage.uninstall({ name: 'muster', namespace: SYSTEM }, '--wait');
    await eventually(async () => {
      expect(await leftovers(stage, SYSTEM)).toEqual([]);
    });
  });
});
