// What a runner set's status says, from what was observed.
import { withCondition } from '@muster/api';
import type {
  AutoscalingRunnerSet,
  AutoscalingRunnerSetStatus,
  Condition,
  EphemeralRunnerSet,
} from '@muster/api';
import { timestamp } from '../time.ts';
import { isKnownVersion } from './version.ts';
import type { Observed } from './observe.ts';

/** Whether it does its work, and if not why. */
export interface Standing {
  status: Condition['status'];
  reason: string;
  message: string;
}

/** The standing of a runner set that GitHub knows and that has all its objects. */
export function standing({ sets, listeners }: Observed): Standing {
  const ready = listeners[0]?.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready === undefined) {
    return { status: 'False', reason: 'ListenerStarting', message: 'its listener has not started' };
  }
  if (ready.status !== 'True') {
    return {
      status: ready.status,
      reason: ready.reason,
      message: `its listener: ${ready.message}`,
    };
  }
  const blocked = sets[0]?.status?.blocked;
  if (blocked) {
    return { status: 'False', reason: 'Blocked', message: `no pod is accepted: ${blocked.reason}` };
  }
  return { status: 'True', reason: 'Listening', message: 'it hears of jobs' };
}

/** The whole status as it should be. */
export function statusWith(
  { runnerSet, sets, now, config }: Observed,
  phase: 'Pending' | 'Running' | 'Outdated',
  ready: Standing,
): AutoscalingRunnerSetStatus {
  const conditions = [
    condition(runnerSet, now, { type: 'Ready', ...ready }),
    condition(runnerSet, now, compatible(runnerSet, config.version)),
  ];
  return {
    ...countsOf(sets),
    phase,
    conditions: conditions.reduce(withCondition, runnerSet.status?.conditions ?? []),
  };
}

/** Failed and surplus sets' runners are there too, so all sets count. */
function countsOf(sets: readonly EphemeralRunnerSet[]): AutoscalingRunnerSetStatus {
  const sum = (field: 'currentReplicas' | `${'pending' | 'running' | 'failed'}EphemeralRunners`) =>
    sets.reduce((total, { status }) => total + (status?.[field] ?? 0), 0);
  return {
    currentRunners: sum('currentReplicas'),
    pendingEphemeralRunners: sum('pendingEphemeralRunners'),
    runningEphemeralRunners: sum('runningEphemeralRunners'),
    failedEphemeralRunners: sum('failedEphemeralRunners'),
  };
}

const compatible = (runnerSet: AutoscalingRunnerSet, own: string) =>
  isKnownVersion(runnerSet, own)
    ? ({
        type: 'Compatible',
        status: 'True',
        reason: 'KnownVersion',
        message: 'its chart is understood',
      } as const)
    : ({
        type: 'Compatible',
        status: 'False',
        reason: 'UnknownVersion',
        message: `its chart is of a version that ${own} does not know; it is served as well as possible`,
      } as const);

const condition = (
  { metadata }: AutoscalingRunnerSet,
  now: number,
  said: Pick<Condition, 'type' | 'status' | 'reason' | 'message'>,
): Condition => ({
  ...said,
  lastTransitionTime: timestamp(now),
  observedGeneration: metadata.generation,
});
