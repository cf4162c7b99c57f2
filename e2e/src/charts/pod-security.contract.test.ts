// The operator's pod and the hook's pass the strictest level of Pod Security, as the API server judges it.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram } from '../programs.ts';
import { enterGround, hasTools } from './ground.ts';
import type { Ground } from './ground.ts';
import { CONTROLLER, rendererOf } from './helm.ts';

const START = { timeout: 60_000 };

const helm = await findProgram('helm');

describe.skipIf(!hasTools)('in a namespace of the level `restricted`', START, () => {
  const namespace = `restricted-${randomBytes(3).toString('hex')}`;
  let ground: Ground;

  beforeAll(async () => {
    ground = await enterGround();
    await ground.kubectl(['create', 'namespace', namespace]);
    const level = 'pod-security.kubernetes.io/enforce=restricted';
    await ground.kubectl(['label', 'namespace', namespace, level]);
    await ground.kubectl(['create', 'serviceaccount', 'any', '--namespace', namespace]);
  }, START.timeout);

  afterAll(async () => {
    await ground.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    await ground.stop();
  }, START.timeout);

  const dryRun = (name: string, spec: object): Promise<string> => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      spec: { ...spec, serviceAccountName: 'any' },
    };
    return ground.kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(pod));
  };

  test("the operator's pod and the hook's are taken", async () => {
    const values = {
      metrics: { controllerManagerAddr: ':8080' },
      flags: { healthProbeBindAddress: ':8081' },
    };
    const files = await rendererOf(helm ?? '')({ chart: CONTROLLER, release: 'muster', values });
    const job = files.all('crds_upgrade').find(({ kind }) => kind === 'Job');
    const pods = [files.the('deployment'), job].map((object) => object?.spec.template.spec);
    for (const [index, spec] of pods.entries()) {
      expect(await dryRun(`pod-${index}`, spec ?? {})).toContain('created (server dry run)');
    }
  });

  test('one with nothing said is not, where the API server judges it', async ({ skip }) => {
    const bare = { containers: [{ name: 'a', image: 'a:1' }] };
    const refusal = await dryRun('bare', bare).catch((error: unknown) => String(error));
    skip(refusal.includes('created'), 'the dev cluster judges no Pod Security');
    expect(refusal).toContain('violates PodSecurity "restricted:latest"');
  });
});
