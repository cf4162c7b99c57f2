// Metrics of what happens, whoever made it happen: read off the changes that the caches tell of.
import { hasJob, isRunning } from '@muster/api';
import type { Clock } from '@muster/kube';
import type { Caches } from '../deps.ts';
import type { ControllerMetrics } from './ours.ts';
import { jobStage, stagesOf } from './stages.ts';

/** Returns the way to stop it. */
export function watchForMetrics(
  { runners, runnerSets, pods }: Pick<Caches, 'runners' | 'runnerSets' | 'pods'>,
  metrics: ControllerMetrics,
  clock: Clock,
): () => void {
  const stops = [
    runners.onChange(({ type, object: runner, before }) => {
      if (type !== 'modified' || before === undefined) return;
      const { namespace, name } = runner.metadata;
      const pod = pods.get({ namespace, name });
      const stages = [
        ...(pod && isRunning(runner) && !isRunning(before) ? stagesOf(runner, pod) : []),
        ...(hasJob(runner) && !hasJob(before) ? jobStage(pod, clock.now()) : []),
      ];
      for (const [stage, seconds] of stages) metrics.waited(runner, stage, seconds);
    }),
    runnerSets.onChange(({ type, object, before }) => {
      if (type !== 'modified') return;
      const known = before?.status?.lostJobs ?? {};
      for (const runner of Object.keys(object.status?.lostJobs ?? {})) {
        if (!(runner in known)) metrics.lostJob(object);
      }
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
