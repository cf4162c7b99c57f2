// The jobs of a runner set that lost their pods, with what GitHub last said of them.
import { awaitsRerun } from '@muster/api';
import type { Deps } from '../deps.ts';
import type { Memory } from './memory.ts';
import type { Observed } from './plan.ts';

export type ObserveDeps = Pick<Deps, 'clock'> & {
  caches: Pick<Deps['caches'], 'runnerSets'>;
  memory: Memory;
};

export function observe(
  key: string,
  { caches, clock, memory }: ObserveDeps,
): Promise<Observed | undefined> {
  const [namespace = '', name = ''] = key.split('/');
  const runnerSet = caches.runnerSets.get({ namespace, name });
  const pending = Object.entries(runnerSet?.status?.lostJobs ?? {}).filter(([, job]) =>
    awaitsRerun(job),
  );
  if (runnerSet === undefined || pending.length === 0) {
    memory.forget(key);
    return Promise.resolve(undefined);
  }
  const looks = memory.of(runnerSet);
  const lost = pending.map(([runner, job]) => ({ runner, job, look: looks.get(runner) }));
  return Promise.resolve({ runnerSet, lost, now: clock.now() });
}
