// Which controller's ServiceAccount a scale set is made for (reference/charts.md 2.13): found by the labels of Deployments, one cluster
// for all of these, as they ask for all namespaces.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { arcDeployment } from './arc.ts';
import type { Controller } from './arc.ts';
import { GIVEN_KUBECONFIG } from './config.ts';
import { enterGround, hasTools } from './ground.ts';
import type { Ground } from './ground.ts';
import { CHARTS, SCALE_SET } from './helm.ts';

const START = { timeout: 60_000 };
const OURS = { 'actions.github.com/controller-implementation': 'muster' };
const NAMESPACES = ['one', 'two', 'runners'];

// Another's controllers would be found in a cluster that is shared.
const isLeftOut = !hasTools || GIVEN_KUBECONFIG !== undefined;

describe.skipIf(isLeftOut)('the controller of a scale set', START, () => {
  let ground: Ground;

  beforeAll(async () => {
    ground = await enterGround();
    await ground.makeKinds();
    for (const name of NAMESPACES) await ground.kubectl(['create', 'namespace', name]);
  }, START.timeout);

  afterAll(() => ground.stop(), START.timeout);

  async function subject(controllers: readonly Controller[], account: object): Promise<string> {
    const items = controllers.map((one) =>
      arcDeployment({ ...one, labels: { ...OURS, ...one.labels } }),
    );
    const list = items.map((item) => stringify(item)).join('---\n');
    const values = {
      githubConfigUrl: 'https://github.com/my-org',
      githubConfigSecret: 'mine',
      controllerServiceAccount: account,
    };
    const args = ['install', 'mine', join(CHARTS, SCALE_SET), '--dry-run=server', '--values', '-'];
    try {
      if (items.length > 0) await ground.kubectl(['create', '-f', '-'], list);
      const said = await ground.helm([...args, '--namespace', 'runners'], JSON.stringify(values));
      const [, name, namespace] =
        /ServiceAccount\n +name: "(\S+)"\n +namespace: "(\S+)"/.exec(said) ?? [];
      return `${String(namespace)}/${String(name)}`;
    } finally {
      if (items.length > 0) await ground.kubectl(['delete', '-f', '-', '--ignore-not-found'], list);
    }
  }

  const one = (more: Partial<Controller> = {}): Controller => ({
    namespace: 'one',
    name: 'first',
    ...more,
  });
  const two = (more: Partial<Controller> = {}): Controller => ({
    namespace: 'two',
    name: 'second',
    ...more,
  });

  test.each([
    { name: 'one that watches everything', controllers: [one()], is: 'one/first' },
    {
      name: 'the one that watches the namespace',
      controllers: [one({ watches: 'two' }), two({ watches: 'runners' })],
      is: 'two/second',
    },
    {
      name: 'the account that is named, whatever is there',
      controllers: [one(), two()],
      account: { name: 'a', namespace: 'b' },
      is: 'b/a',
    },
    {
      name: 'the name that is given, and the namespace that is found',
      controllers: [one()],
      account: { name: 'a' },
      is: 'one/a',
    },
  ])('is $name', async ({ controllers, is, account = {} }) => {
    expect(await subject(controllers, account)).toBe(is);
  });

  test.each([
    { name: 'none', controllers: [], says: 'no controller was found' },
    {
      name: 'two that watch everything',
      controllers: [one(), two()],
      says: 'more than one controller was found',
    },
    {
      name: 'both kinds',
      controllers: [one(), two({ watches: 'runners' })],
      says: 'installed together, which is not supported',
    },
    {
      name: 'one for another namespace',
      controllers: [one({ watches: 'two' })],
      says: 'no controller watches the namespace runners',
    },
    {
      name: 'two for the namespace',
      controllers: [one({ watches: 'runners' }), two({ watches: 'runners' })],
      says: 'more than one controller watches the namespace runners',
    },
    {
      name: 'one without a label',
      controllers: [
        one({ labels: { 'actions.github.com/controller-service-account-name': undefined } }),
      ],
      says: 'has no label actions.github.com/controller-service-account-name; set controllerServiceAccount.name',
    },
  ])('is asked for where there is $name', async ({ controllers, says }) => {
    await expect(subject(controllers, {})).rejects.toThrow(says);
  });
});
