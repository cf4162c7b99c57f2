// A stand-in for the controller and for runners: as many of them as the set wishes, each runs one job.
import { setTimeout as sleep } from 'node:timers/promises';
import { EphemeralRunnerKind, EphemeralRunnerSetKind } from '@muster/api';
import type { EphemeralRunnerSet, ListenedScaleSet } from '@muster/api';
import type { SimulatedRunner } from '@muster/simulator';
import { NAMESPACE } from '../src/testing/cluster.ts';
import type { Ground } from '../src/testing/ground.ts';

const LOOK_MS = 100;

/** Until the signal; gives the names of the runners that had a job. */
export async function keepRunners(
  ground: Ground,
  sets: readonly ListenedScaleSet[],
  signal: AbortSignal,
): Promise<string[]> {
  const all = await Promise.all(sets.map((set) => keepSet(ground, set, signal)));
  return all.flat();
}

async function keepSet(
  ground: Ground,
  set: ListenedScaleSet,
  signal: AbortSignal,
): Promise<string[]> {
  const there = new Map<string, SimulatedRunner>();
  const busy = new Set<string>();
  const isOver = (): boolean => signal.aborted;
  for (let number = 0; !isOver();) {
    const { spec } = await theSet(ground, set.setName);
    const wanted = spec.replicas ?? 0;
    for (; there.size < wanted && !isOver(); number += 1) {
      const name = `${set.setName}-runner-${number}`;
      there.set(name, await aRunner(ground, set, name));
    }
    // Only a converging patch takes idle ones away.
    if (spec.patchID === 0) retire(there, wanted);
    for (const [name, runner] of there) {
      if (runner.job === undefined || busy.has(name)) continue;
      busy.add(name);
      runner.start();
      setTimeout(
        () => {
          runner.complete({ result: 'succeeded' });
          there.delete(name);
        },
        50 + Math.random() * 400,
      );
    }
    await sleep(LOOK_MS);
  }
  return [...busy];
}

function retire(there: Map<string, SimulatedRunner>, wanted: number): void {
  for (const [name, runner] of there) {
    if (there.size <= wanted) return;
    if (runner.job !== undefined) continue;
    runner.leave();
    there.delete(name);
  }
}

async function theSet(ground: Ground, name: string): Promise<EphemeralRunnerSet> {
  const found = await ground.kube.get(EphemeralRunnerSetKind, { namespace: NAMESPACE, name });
  if (found === undefined) throw new Error(`the set ${name} is gone`);
  return found;
}

async function aRunner(
  ground: Ground,
  set: ListenedScaleSet,
  name: string,
): Promise<SimulatedRunner> {
  const { scaleSetId, configUrl } = set;
  await ground.makeRunner(name);
  const operator = ground.operatorOf(configUrl.split('/').at(-1));
  const jit = await operator.createJitConfig({ scaleSetId, name, workFolder: '' });
  if (jit === 'exists') throw new Error(`${name} is known already`);
  return ground.simulator.runners.connect(jit.encodedJitConfig);
}

/** Those whose job no listener has recorded. */
export async function unrecorded(ground: Ground, busy: readonly string[]): Promise<string[]> {
  const { items } = await ground.kube.list(EphemeralRunnerKind, { namespace: NAMESPACE });
  const recorded = new Set(
    items.filter(({ status }) => (status?.jobId ?? '') !== '').map(({ metadata }) => metadata.name),
  );
  return busy.filter((name) => !recorded.has(name));
}
