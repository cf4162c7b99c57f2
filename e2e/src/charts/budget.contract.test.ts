// The budget of busy runners, held by a real eviction. Pods carry what the operator puts on them; their status is written by hand,
// for no node is asked.
import { randomBytes } from 'node:crypto';
import { LABELS } from '@muster/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram } from '../programs.ts';
import { enterGround, hasTools } from './ground.ts';
import type { Ground } from './ground.ts';
import { rendererOf, SCALE_SET } from './helm.ts';

const START = { timeout: 60_000 };
const POLL = { timeout: 30_000, interval: 200 };

const helm = await findProgram('helm');

describe.skipIf(!hasTools)('the budget of busy runners', START, () => {
  const namespace = `budget-${randomBytes(3).toString('hex')}`;
  let ground: Ground;
  let budget: string;

  beforeAll(async () => {
    ground = await enterGround();
    const values = {
      githubConfigUrl: 'https://github.com/my-org',
      githubConfigSecret: 'mine',
      controllerServiceAccount: { name: 'operator', namespace: 'system' },
      podDisruptionBudget: { enabled: true },
    };
    const render = rendererOf(helm ?? '');
    const files = await render({ chart: SCALE_SET, release: 'linux', namespace, values });
    const object = files.the('poddisruptionbudget');
    budget = object.metadata.name;
    await ground.kubectl(['create', 'namespace', namespace]);
    await ground.kubectl(['apply', '-f', '-'], JSON.stringify(object));
  }, START.timeout);

  afterAll(async () => {
    await ground.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    await ground.stop();
  }, START.timeout);

  /** One that runs and is ready. */
  async function runner(name: string, labels: Record<string, string>): Promise<void> {
    const set = { [LABELS.scaleSetName]: 'linux', [LABELS.scaleSetNamespace]: namespace };
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels: { ...set, ...labels } },
      spec: {
        nodeSelector: { 'no.such/node': 'true' },
        containers: [{ name: 'runner', image: 'runner:1' }],
      },
    };
    await ground.kubectl(['create', '-f', '-'], JSON.stringify(pod));
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
    await ground.kubectl(['patch', 'pod', name, '--namespace', namespace, ...patch]);
  }

  const evict = (name: string): Promise<string> => {
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } };
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
    return ground.kubectl(['create', '--raw', path, '-f', '-'], JSON.stringify(eviction));
  };

  const healthy = (): Promise<string> => {
    const read = ['-o', 'jsonpath={.status.currentHealthy}'];
    return ground.kubectl(['get', 'pdb', budget, '--namespace', namespace, ...read]);
  };

  test('holds up a drain from a runner that has a job, and from no other', async () => {
    await runner('busy', { [LABELS.busy]: 'true' });
    await runner('idle', {});
    await expect.poll(healthy, POLL).toBe('1');
    expect(JSON.parse(await evict('idle'))).toMatchObject({ status: 'Success' });
    await expect(evict('busy')).rejects.toThrow("would violate the pod's disruption budget");
  });
});
