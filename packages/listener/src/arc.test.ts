// The built program in a listener's pod of ARC: its config file, its role and its CRDs, as the references have them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EphemeralRunnerKind, EphemeralRunnerSetKind } from '@muster/api';
import { arcsConfigFile, arcsRole, installArcsKinds } from './testing/arc.ts';
import { NAMESPACE } from './testing/cluster.ts';
import { aGround } from './testing/ground.ts';
import { STORY, Teller } from './testing/teller.ts';
import type { Ground } from './testing/ground.ts';

let ground: Ground;
let teller: Teller;

beforeAll(async () => {
  ground = await aGround();
  teller = new Teller(ground);
  await installArcsKinds(ground.kube);
}, STORY.timeout);

afterAll(() => ground.end(), STORY.timeout);

test(
  'it does all that ARC’s does, and goes on without what is not granted or not kept',
  STORY,
  async () => {
    const set = await ground.addSet(teller.newName());
    const config = await arcsConfigFile(ground.folder, set);
    const account = await ground.accountWith('listener', arcsRole(set.setName));
    const program = ground.start({ instance: 'a', config, env: { MUSTER_MOUNT_ROOT: account } });
    await teller.logged(program, 'listening with a new session');
    await teller.logged(program, 'goes on without a word in the status of its set');

    teller.aJob(set);
    await teller.wished(set, 1);
    await ground.makeRunner('runner-a');
    const { scaleSetId } = set;
    const jit = await ground
      .operatorOf()
      .createJitConfig({ scaleSetId, name: 'runner-a', workFolder: '' });
    if (jit === 'exists') throw new Error('the runner is known already');
    const runner = ground.simulator.runners.connect(jit.encodedJitConfig);
    runner.start();
    const runnerAt = { namespace: NAMESPACE, name: 'runner-a' };
    await teller.until('its job is recorded', async () => {
      const { status } = (await ground.kube.get(EphemeralRunnerKind, runnerAt)) ?? {};
      return status?.jobId;
    });
    runner.complete({ result: 'succeeded' });
    await teller.isRight(set);

    const left = await ground.kube.get(EphemeralRunnerSetKind, {
      namespace: NAMESPACE,
      name: set.setName,
    });
    // A zero is left out, and each patch has a number until nothing happened for a poll.
    expect(left?.spec).not.toHaveProperty('replicas');
    expect(left?.spec).not.toHaveProperty('finishedRunners');
    expect(left?.status ?? {}).not.toHaveProperty('listener');
    const converged = await teller.until('an empty poll converges', async () => {
      const found = await ground.set(set.setName);
      return found?.spec.patchID === 0 ? found : undefined;
    });
    expect(converged.spec).not.toHaveProperty('replicas');
    expect(program.isAlive()).toBe(true);
    await teller.ended({ set, program, config });
    expect(teller.atService(set).session).toBeUndefined();
  },
);
