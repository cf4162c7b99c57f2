// What a runner set's status says, from what was observed.
import { awaitsRerun, isDeleting, wantsReruns, withCondition } from '@muster/api';
import type {
  AutoscalingListener,
  AutoscalingRunnerSet,
  AutoscalingRunnerSetStatus,
  Condition,
  EphemeralRunnerSet,
} from '@muster/api';
import { timestamp } from '../time.ts';
import { differenceAtGitHub, scaleSetIdOf } from './identity.ts';
import { currentSet } from './sets.ts';
import { templateCondition } from './template.ts';
import { isKnownVersion } from './version.ts';
import type { Granted } from '../rights.ts';
import type { Observed } from './observe.ts';

export type Phase = 'Pending' | 'Running' | 'Outdated';

/** Whether it does its work, and if not why. */
export interface Standing {
  status: Condition['status'];
  reason: string;
  message: string;
}

type Said = Standing & Pick<Condition, 'type'>;

/** The standing of a runner set that GitHub knows and that has all its objects. */
export function standing({ sets, listeners }: Pick<Observed, 'sets' | 'listeners'>): Standing {
  const ready = readyOf(listeners[0]);
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
  const set = currentSet({ sets });
  if (set?.status?.phase === 'Outdated') {
    return {
      status: 'False',
      reason: 'OutdatedRunner',
      message: 'GitHub no longer accepts the version of the runner in its image',
    };
  }
  const blocked = set?.status?.blocked;
  if (blocked) {
    return { status: 'False', reason: 'Blocked', message: `no pod is accepted: ${blocked.reason}` };
  }
  return { status: 'True', reason: 'Listening', message: 'it hears of jobs' };
}

type Listener = Pick<AutoscalingListener, 'status'>;

const readyOf = (listener: Listener | undefined): Condition | undefined =>
  listener?.status?.conditions?.find(({ type }) => type === 'Ready');

const LOOK_MS = 60_000;
// A pod that ends again and again may have another cause; ARC's listener does not say which.
const LOOK_SELDOM_MS = 300_000;

/** Whether GitHub should be asked if it still has the scale set: it may be deleted there at any time. */
export function isLost({ listeners, lookedForAt, now }: Observed): boolean {
  const reason = readyOf(listeners[0])?.reason;
  const everyMs =
    reason === 'ScaleSetGone' ? LOOK_MS : reason === 'PodEnded' ? LOOK_SELDOM_MS : Infinity;
  return everyMs < Infinity && (lookedForAt === undefined || now >= lookedForAt + everyMs);
}

// The service keeps the session of a listener of ours that was killed for up to 90 s.
const STRANGER_AFTER_MS = 120_000;

/** Whether a stranger held the session when it was deleted: the scale set is not ours to take away. */
export function isTaken({ metadata, status }: AutoscalingRunnerSet): boolean {
  const owned = status?.conditions?.find(({ type }) => type === 'ScaleSetOwned');
  if (owned?.status !== 'False') return false;
  const forMs = Date.parse(metadata.deletionTimestamp ?? '') - Date.parse(owned.lastTransitionTime);
  return forMs > STRANGER_AFTER_MS;
}

/** The whole status as it should be. */
export function statusWith(
  observed: Observed,
  phase: Phase,
  ready: Standing,
): AutoscalingRunnerSetStatus {
  const { runnerSet, sets, now } = observed;
  const said: Said[] = [{ type: 'Ready', ...ready }, ...asides(observed)];
  const conditions = said.map((one) => conditionOf(runnerSet, now, one));
  return {
    ...countsOf(sets),
    phase,
    conditions: conditions.reduce(withCondition, standingOf(runnerSet)),
  };
}

/** What was said before, but for what nobody asks for any more. */
const standingOf = (runnerSet: AutoscalingRunnerSet): Condition[] =>
  (runnerSet.status?.conditions ?? []).filter(
    ({ type }) => type !== RERUNS || wantsReruns(runnerSet),
  );

/** Conditions that a runner set may work in spite of. While it is being deleted the last ones stand. */
function asides({ runnerSet, sets, listeners, config, granted, verdict }: Observed): Said[] {
  if (isDeleting(runnerSet)) return [];
  return [
    compatible(runnerSet, config.version),
    permitted(granted),
    templateCondition(verdict),
    ...upToDate(runnerSet),
    ...owned(listeners[0]),
    ...runnersReady(currentSet({ sets })),
    ...reruns(runnerSet),
  ];
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

const compatible = (runnerSet: AutoscalingRunnerSet, own: string): Said =>
  isKnownVersion(runnerSet, own)
    ? {
        type: 'Compatible',
        status: 'True',
        reason: 'KnownVersion',
        message: 'its chart is understood',
      }
    : {
        type: 'Compatible',
        status: 'False',
        reason: 'UnknownVersion',
        message: `its chart is of a version that ${own} does not know; it is served as well as possible`,
      };

function permitted({ events, patchPods }: Granted): Said {
  const type = 'Permitted';
  const missing = [
    ...(events ? [] : ['create events']),
    ...(patchPods ? [] : ['patch pods (busy runners are not marked for autoscalers)']),
  ];
  if (missing.length === 0) {
    return { type, status: 'True', reason: 'Granted', message: 'it may do all that it does' };
  }
  const message = `the operator may not ${missing.join(' and ')} here; an upgrade of its chart grants it`;
  return { type, status: 'False', reason: 'RightsMissing', message };
}

/** What is refused stands until it is granted: see failure.ts. */
const upToDate = (runnerSet: AutoscalingRunnerSet): Said[] =>
  scaleSetIdOf(runnerSet) === undefined || differenceAtGitHub(runnerSet) !== undefined
    ? []
    : [
        {
          type: 'UpToDate',
          status: 'True',
          reason: 'AsWished',
          message: 'GitHub has it as it is written',
        },
      ];

/** Only a listener that hears or is refused knows; what was heard last stands meanwhile. */
function owned(listener: Listener | undefined): Said[] {
  const ready = readyOf(listener);
  const type = 'ScaleSetOwned';
  if (ready?.status === 'True') {
    return [{ type, status: 'True', reason: 'Listening', message: 'nobody else listens to it' }];
  }
  if (ready?.reason !== 'SessionTaken') return [];
  return [{ type, status: 'False', reason: ready.reason, message: ready.message }];
}

function runnersReady(set: EphemeralRunnerSet | undefined): Said[] {
  const ready = set?.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready === undefined) return [];
  const { status, reason, message } = ready;
  return [{ type: 'RunnersReady', status, reason, message }];
}

const RERUNS = 'LostJobsRerun';

/** Only the refusal of a job tells whether the credentials may; until then they are taken at their word. */
function reruns(runnerSet: AutoscalingRunnerSet): Said[] {
  if (!wantsReruns(runnerSet)) return [];
  const refused = Object.values(runnerSet.status?.lostJobs ?? {}).find(
    (job) => awaitsRerun(job) && job.rerun?.reason === 'Forbidden',
  )?.rerun;
  if (refused) {
    const { reason = '', message = '' } = refused;
    return [{ type: RERUNS, status: 'False', reason, message }];
  }
  const message = 'a job that loses its pod is run again when its run is over';
  return [{ type: RERUNS, status: 'True', reason: 'WhenLost', message }];
}

export const conditionOf = (
  { metadata }: AutoscalingRunnerSet,
  now: number,
  said: Said,
): Condition => ({
  ...said,
  lastTransitionTime: timestamp(now),
  ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
});
