// Decides what a runner set needs next. The order of a life: held, known at GitHub, its set, its
// listener; and backwards when it is deleted, so that no job is taken that nobody will run.
import {
  annotation,
  ANNOTATIONS,
  contentHash,
  FINALIZERS,
  hasFinalizer,
  hasJob,
  isDeleting,
  listenerName,
} from '@muster/api';
import type {
  AutoscalingListener,
  AutoscalingRunnerSetStatus,
  EphemeralRunnerSet,
  Unsaved,
} from '@muster/api';
import type { PlannedAction, WaitAction } from '@muster/kube';
import { isAsWanted } from '../integrity.ts';
import { desiredListener, desiredSet, scaleSetIdOf } from './desired.ts';
import { standing, statusWith } from './status.ts';
import type { Observed } from './observe.ts';
import type { Standing } from './status.ts';

/** What needs no more than the runner set itself. */
type Plain =
  'hold' | 'release' | 'register' | 'deregister' | 'forget' | 'move' | 'rename' | 'unprotect';

type Step =
  | { [Do in Plain]: { do: Do } }[Plain]
  | { do: 'create-set'; set: Unsaved<EphemeralRunnerSet> }
  | { do: 'update-set'; set: EphemeralRunnerSet; wanted: Unsaved<EphemeralRunnerSet> }
  | { do: 'delete-sets'; sets: readonly EphemeralRunnerSet[] }
  | { do: 'create-listener'; listener: Unsaved<AutoscalingListener> }
  | {
      do: 'update-listener';
      listener: AutoscalingListener;
      wanted: Unsaved<AutoscalingListener>;
    }
  | { do: 'delete-listeners'; listeners: readonly AutoscalingListener[] }
  | { do: 'report'; status: AutoscalingRunnerSetStatus };

export type Action = (PlannedAction & Step) | WaitAction;

export function plan(observed: Observed): Action[] {
  const { runnerSet } = observed;
  if (isDeleting(runnerSet)) return dismantle(observed);
  if (!hasFinalizer(runnerSet, FINALIZERS.runnerSet)) {
    return [{ do: 'hold', because: 'it will have a scale set at GitHub' }];
  }
  const scaleSetId = scaleSetIdOf(runnerSet);
  if (scaleSetId === undefined) {
    return [
      ...announce(observed),
      { do: 'register', because: 'GitHub does not know its scale set' },
    ];
  }
  return atGitHub(observed) ?? inCluster(observed, scaleSetId);
}

/** A first word for the user, before anything could have failed. */
const announce = (observed: Observed): Action[] =>
  observed.runnerSet.status?.phase === undefined ? report(observed, 'Pending', NOT_REGISTERED) : [];

const NOT_REGISTERED: Standing = {
  status: 'False',
  reason: 'Registering',
  message: 'GitHub does not know its scale set yet',
};

function atGitHub({ runnerSet }: Observed): Action[] | undefined {
  const { runnerGroup = '' } = runnerSet.spec;
  if (differs(runnerGroup, annotation(runnerSet, ANNOTATIONS.runnerGroup))) {
    return [{ do: 'move', because: 'its runner group is another one' }];
  }
  const { runnerScaleSetName = '' } = runnerSet.spec;
  if (differs(runnerScaleSetName, annotation(runnerSet, ANNOTATIONS.scaleSetName))) {
    return [{ do: 'rename', because: 'its scale set has another name' }];
  }
  return undefined;
}

/** GitHub compares without regard to case, and an empty wish asks for nothing. */
const differs = (wished: string, known: string | undefined): boolean =>
  known === undefined || (wished !== '' && wished.toLowerCase() !== known.toLowerCase());

function inCluster(observed: Observed, scaleSetId: number): Action[] {
  const { runnerSet, sets, config } = observed;
  const [set, ...surplus] = sets;
  const wanted = desiredSet(runnerSet, scaleSetId, config);
  if (set === undefined) return [{ do: 'create-set', set: wanted, because: 'it has no set' }];
  if (isDeleting(set)) return report(observed, 'Pending', SET_LEAVES);
  const old = surplus.filter((other) => !isDeleting(other));
  return [
    ...report(observed, isComplete(observed) ? 'Running' : 'Pending', standing(observed)),
    ...(isAsWanted(set, wanted)
      ? []
      : [
          {
            do: 'update-set',
            set,
            wanted,
            because: 'what its runners are made of changed',
          } as const,
        ]),
    ...(old.length > 0
      ? [{ do: 'delete-sets', sets: old, because: 'a newer set took their place' } as const]
      : []),
    ...listen(observed, scaleSetId, set.metadata.name),
  ];
}

const SET_LEAVES: Standing = {
  status: 'False',
  reason: 'SetDeleting',
  message: 'its set was deleted and its runners finish their jobs; a new one follows',
};

const isComplete = ({ runnerSet, listeners }: Observed): boolean =>
  listeners.some(({ metadata }) => metadata.name === listenerName(runnerSet));

function listen(observed: Observed, scaleSetId: number, setName: string): Action[] {
  const { runnerSet, listeners, config } = observed;
  const wanted = desiredListener({ runnerSet, setName, scaleSetId }, config);
  const { name } = wanted.metadata;
  const others = listeners.filter(({ metadata }) => metadata.name !== name);
  if (others.length > 0) {
    // Two listeners would fight for one session, so the new one comes when the old ones are gone.
    return leave(others, 'its runner group or URL changed, and its name with it');
  }
  const [listener] = listeners;
  if (listener === undefined) {
    return [{ do: 'create-listener', listener: wanted, because: 'nobody listens for its jobs' }];
  }
  if (isDeleting(listener) || isAsWanted(listener, wanted)) return [];
  return [{ do: 'update-listener', listener, wanted, because: 'what it listens with changed' }];
}

function leave(listeners: readonly AutoscalingListener[], because: string): Action[] {
  const there = listeners.filter((listener) => !isDeleting(listener));
  return there.length > 0 ? [{ do: 'delete-listeners', listeners: there, because }] : [];
}

/** Listener, sets, scale set, what the chart protects, itself: reference/controllers.md 2.2.2. */
function dismantle(observed: Observed): Action[] {
  const { runnerSet, listeners, sets } = observed;
  if (!hasFinalizer(runnerSet, FINALIZERS.runnerSet)) return [];
  if (listeners.length > 0) {
    return [
      ...leave(listeners, 'the runner set is being deleted'),
      ...waitingFor(observed, 'its listener to end'),
    ];
  }
  if (sets.length > 0) {
    const there = sets.filter((set) => !isDeleting(set));
    return [
      ...(there.length > 0
        ? [{ do: 'delete-sets', sets: there, because: 'the runner set is being deleted' } as const]
        : []),
      ...waitingFor(observed, runnersLeft(observed)),
    ];
  }
  if (annotation(runnerSet, ANNOTATIONS.scaleSetId) !== undefined) {
    return scaleSetIdOf(runnerSet) === undefined
      ? [{ do: 'forget', because: 'its scale set id is no number' }]
      : [{ do: 'deregister', because: 'no runner is left' }];
  }
  return [
    { do: 'unprotect', because: 'nothing needs these rights any more' },
    { do: 'release', because: 'nothing of it is left' },
  ];
}

function runnersLeft({ runners }: Observed): string {
  const busy = runners.filter(hasJob).length;
  if (runners.length === 0) return 'its set to end';
  return `${runners.length} runners to end, ${busy} of them with a job`;
}

const waitingFor = (observed: Observed, what: string): Action[] =>
  report(observed, 'Pending', {
    status: 'False',
    reason: 'Deleting',
    message: `waits for ${what}`,
  });

/** Nothing, when the status says so already. */
export function report(
  observed: Observed,
  phase: 'Pending' | 'Running' | 'Outdated',
  ready: Standing,
): Extract<Action, { do: 'report' }>[] {
  const status = statusWith(observed, phase, ready);
  if (contentHash(status) === contentHash(observed.runnerSet.status ?? {})) return [];
  return [{ do: 'report', status, because: ready.message }];
}
