// Decides what a runner set needs next. The order of a life: held, known at GitHub, its set, its
// listener; and backwards when it is deleted, so that no job is taken that nobody will run.
import { FINALIZERS, hasFinalizer, isDeleting, listenerName, scaleSetNameOf } from '@muster/api';
import type {
  AutoscalingListener,
  AutoscalingRunnerSetStatus,
  EphemeralRunnerSet,
  Unsaved,
} from '@muster/api';
import type { PlannedAction, WaitAction } from '@muster/kube';
import { isAsWanted } from '../integrity.ts';
import { desiredListener, desiredSet } from './desired.ts';
import { dismantle, leave } from './dismantle.ts';
import { differenceAtGitHub, isElsewhere, scaleSetIdOf } from './identity.ts';
import { leftBehind } from './giving-up.ts';
import { report } from './report.ts';
import { currentSet, mergeSets, newSetName } from './sets.ts';
import { isLost, standing } from './status.ts';
import { LOOK_AGAIN_MS } from './template.ts';
import type { Observed } from './observe.ts';
import type { SetStep } from './sets.ts';
import type { Standing } from './status.ts';

/** What needs no more than the runner set itself. */
type Plain =
  | 'hold'
  | 'release'
  | 'register'
  | 'move'
  | 'rename'
  | 'relabel'
  | 'restore'
  | 'deregister'
  | 'forget'
  | 'unprotect';

type Step =
  | { [Do in Plain]: { do: Do } }[Plain]
  | { do: 'create-set'; set: Unsaved<EphemeralRunnerSet> }
  | { do: 'update-set'; set: EphemeralRunnerSet; wanted: Unsaved<EphemeralRunnerSet> }
  | { do: 'create-listener'; listener: Unsaved<AutoscalingListener> }
  | {
      do: 'update-listener';
      listener: AutoscalingListener;
      wanted: Unsaved<AutoscalingListener>;
    }
  | { do: 'delete-listeners'; listeners: readonly AutoscalingListener[] }
  | { do: 'report'; status: AutoscalingRunnerSetStatus };

export type Action = (PlannedAction & Step) | SetStep | WaitAction;

export function plan(observed: Observed): Action[] {
  const { runnerSet, rival } = observed;
  if (isDeleting(runnerSet)) return dismantle(observed);
  if (!hasFinalizer(runnerSet, FINALIZERS.runnerSet)) {
    return [{ do: 'hold', because: 'it will have a scale set at GitHub' }];
  }
  if (rival !== undefined) return standBack(observed, rival);
  const scaleSetId = scaleSetIdOf(runnerSet);
  if (scaleSetId === undefined) {
    return [
      ...announce(observed),
      { do: 'register', because: 'GitHub does not know its scale set' },
    ];
  }
  if (isElsewhere(runnerSet)) return [moveOut(observed)];
  // What is asked of GitHub comes last: its refusal must not keep the rest from going on.
  return [...inCluster(observed, scaleSetId), ...atGitHub(observed)];
}

/** A first word for the user, before anything could have failed. */
const announce = (observed: Observed): Action[] =>
  observed.runnerSet.status?.phase === undefined ? report(observed, 'Pending', NOT_REGISTERED) : [];

const NOT_REGISTERED: Standing = {
  status: 'False',
  reason: 'Registering',
  message: 'GitHub does not know its scale set yet',
};

const RIVAL_LOOK_MS = 60_000;

/** Two listeners of one scale set would take the session from each other for ever. */
function standBack(observed: Observed, { metadata }: Observed['runnerSet']): Action[] {
  const name = scaleSetNameOf(observed.runnerSet);
  const message =
    `the scale set "${name}" belongs to the runner set ${metadata.namespace}/${metadata.name}; ` +
    'give one of the two another runnerScaleSetName';
  const event = { type: 'Warning', reason: 'NameTaken' } as const;
  return [
    ...report(observed, 'Pending', { status: 'False', reason: 'NameTaken', message }).map(
      (said) => ({ ...said, event }),
    ),
    ...leave(observed.listeners, 'another runner set listens already'),
    { do: 'wait', ms: RIVAL_LOOK_MS, because: message },
  ];
}

/** The old scale set is left: its credentials may be good for nothing by now, and it has jobs perhaps. */
const moveOut = ({ runnerSet }: Observed): Action => ({
  do: 'register',
  because: `its URL is another one; ${leftBehind(runnerSet)}`,
  event: { type: 'Warning', reason: 'ScaleSetLeftBehind' },
});

function atGitHub(observed: Observed): Action[] {
  const difference = differenceAtGitHub(observed.runnerSet);
  if (difference !== undefined) return [difference];
  if (!isLost(observed)) return [];
  return [
    {
      do: 'restore',
      because: 'its listener hears nothing of its scale set; if it is gone, it is made anew',
      event: { type: 'Warning', reason: 'ScaleSetMissing' },
    },
  ];
}

function inCluster(observed: Observed, scaleSetId: number): Action[] {
  const { sets, verdict } = observed;
  const set = currentSet({ sets });
  if (set === undefined && verdict.is === 'invalid') return withoutTemplate(observed);
  const wanted = desired(observed, set, scaleSetId);
  if (set === undefined) {
    const because =
      sets.length === 0 ? 'it has no set' : 'its set was deleted and finishes its jobs';
    return [...report(observed, 'Pending', NO_SET), { do: 'create-set', set: wanted, because }];
  }
  return [
    ...report(observed, phaseOf(observed, set), standing(observed)),
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
    ...listen(observed, scaleSetId, set.metadata.name),
    ...mergeSets(observed, set),
    ...(verdict.is === 'invalid' || verdict.is === 'unjudged' ? [JUDGE_AGAIN] : []),
  ];
}

const NO_SET: Standing = {
  status: 'False',
  reason: 'SetMissing',
  message: 'it has no set that makes runners; one is being made',
};

/** What the template needs may yet come: a service account, a priority class. */
const JUDGE_AGAIN: WaitAction = {
  do: 'wait',
  ms: LOOK_AGAIN_MS,
  because: 'its template was not found good',
};

/** Nobody listens: a job would be taken that no pod could run. */
const withoutTemplate = (observed: Observed): Action[] => [
  ...report(observed, 'Pending', {
    status: 'False',
    reason: 'InvalidTemplate',
    message: 'the cluster refuses the pods of its template, and there was none before',
  }),
  JUDGE_AGAIN,
];

/** With the last good template where the new one is refused. */
function desired(
  { runnerSet, verdict, config, ...household }: Observed,
  set: EphemeralRunnerSet | undefined,
  scaleSetId: number,
): Unsaved<EphemeralRunnerSet> {
  const name = set?.metadata.name ?? newSetName({ runnerSet, ...household });
  const template =
    set !== undefined && verdict.is === 'invalid'
      ? set.spec.ephemeralRunnerSpec
      : runnerSet.spec.template;
  return desiredSet({ runnerSet, scaleSetId, name, template }, config);
}

function phaseOf(
  { runnerSet, listeners }: Observed,
  { status }: EphemeralRunnerSet,
): 'Pending' | 'Running' | 'Outdated' {
  if (status?.phase === 'Outdated') return 'Outdated';
  const name = listenerName(runnerSet);
  return listeners.some(({ metadata }) => metadata.name === name) ? 'Running' : 'Pending';
}

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
