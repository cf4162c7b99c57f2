// The order of taking over from ARC: the controller first. The scale set's chart keeps it, for ARC's controller deletes a scale set
// whose version is not its own.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { arcDeployment } from './arc.ts';
import type { Controller } from './arc.ts';
import { enterGround, hasTools } from './ground.ts';
import type { Ground } from './ground.ts';
import { CHARTS, CONTROLLER, SCALE_SET } from './helm.ts';

const START = { timeout: 60_000 };

describe.skipIf(!hasTools)('the chart of a scale set', START, () => {
  let ground: Ground;
  let system: string;
  let runners: string;

  beforeAll(async () => {
    ground = await enterGround();
    await ground.makeKinds();
  }, START.timeout);

  afterAll(() => ground.stop(), START.timeout);

  beforeEach(async () => {
    const mark = randomBytes(3).toString('hex');
    [system, runners] = [`system-${mark}`, `runners-${mark}`];
    for (const name of [system, runners]) await ground.kubectl(['create', 'namespace', name]);
    return () => ground.kubectl(['delete', 'namespace', system, runners, '--wait=false']);
  });

  const controller = (wish: Omit<Controller, 'namespace'>): Promise<string> => {
    const object = JSON.stringify(arcDeployment({ ...wish, namespace: system }));
    return ground.kubectl(['apply', '-f', '-'], object);
  };

  /** The manager's binding as Helm would make it. */
  async function subjectOf(account: object = {}): Promise<string> {
    const values = {
      githubConfigUrl: 'https://github.com/my-org',
      githubConfigSecret: 'mine',
      controllerServiceAccount: account,
    };
    const chart = join(CHARTS, SCALE_SET);
    const args = ['install', 'mine', chart, '--dry-run=server', '--values', '-'];
    const said = await ground.helm([...args, '--namespace', runners], JSON.stringify(values));
    const [, name, namespace] = /name: "(\S+-controller)"\n +namespace: "(\S+)"/.exec(said) ?? [];
    return `${String(namespace)}/${String(name)}`;
  }

  const REFUSAL =
    /is ARC's still \(Deployment system-\w+\/arc-gha-rs-controller\), and it would delete this scale set/;

  // In a shared cluster others may have controllers, so each of these watches its own test's namespace.
  test("finds the controller that watches its namespace, when that is Muster's", async () => {
    const labels = { 'actions.github.com/controller-implementation': 'muster' };
    await controller({ watches: runners, labels });
    expect(await subjectOf()).toBe(`${system}/arc-gha-rs-controller`);
  });

  test("is refused, with the reason and the way, when that is ARC's", async () => {
    await controller({ watches: runners });
    await expect(subjectOf()).rejects.toThrow(REFUSAL);
    await expect(subjectOf()).rejects.toThrow(
      "Upgrade the controller's release to Muster's chart first",
    );
  });

  test("is refused too when the user names ARC's, unless told not to look", async () => {
    await controller({ watches: runners });
    const account = { namespace: system, name: 'arc-gha-rs-controller' };
    await expect(subjectOf(account)).rejects.toThrow(REFUSAL);
    expect(await subjectOf({ ...account, verify: false })).toBe(`${system}/arc-gha-rs-controller`);
  });

  test.each([
    { name: 'is scaled to 0', wish: { replicas: 0 } },
    { name: 'watches another namespace', wish: { watches: 'elsewhere' } },
    { name: 'is not the one that is named', wish: {}, account: 'another-controller' },
  ])(
    'is not refused for an ARC that $name',
    async ({ wish, account = 'arc-gha-rs-controller' }) => {
      await controller({ watches: runners, ...wish });
      const named = { namespace: system, name: account };
      expect(await subjectOf(named)).toBe(`${system}/${account}`);
    },
  );

  test('is made for what its controller is upgraded to', async () => {
    await controller({ watches: runners });
    const release = ['arc', join(CHARTS, CONTROLLER), '--namespace', system];
    const single = ['--set', `flags.watchSingleNamespace=${runners}`, '--set', 'replicaCount=1'];
    const asTemplate = ['--set-string', 'nodeSelector.none=yes', '--take-ownership', '--skip-crds'];
    await ground.helm(['install', ...release, ...single, ...asTemplate]);
    expect(await subjectOf()).toBe(`${system}/arc-gha-rs-controller`);
    const strategy = ['get', 'deployment', 'arc-gha-rs-controller', '--namespace', system];
    const read = ['-o', 'jsonpath={.spec.strategy}'];
    expect(JSON.parse(await ground.kubectl([...strategy, ...read]))).toEqual({ type: 'Recreate' });
  });
});
