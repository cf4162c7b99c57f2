// Decides what a listener needs next: all it owns as it should be, and its pod, which is made anew
// whenever it ended or what it was made from changed.
import { contentHash, FINALIZERS, hasFinalizer, isDeleting } from '@muster/api';
import type { AutoscalingListenerStatus } from '@muster/api';
import type { Pod, PlannedAction, WaitAction } from '@muster/kube';
import { isCredentialsError } from '../credentials.ts';
import { isAsWanted } from '../integrity.ts';
import { desired, owned } from './desired.ts';
import { podState } from './pod-state.ts';
import {
  AS_WISHED,
  credentialsStanding,
  RECORDED_WITHIN_MS,
  standing,
  statusWith,
} from './status.ts';
import { hashOf } from './memory.ts';
import type { Refusal } from './memory.ts';
import type { Owned, Resource } from './desired.ts';
import type { Observed } from './observe.ts';
import type { Standing } from './status.ts';

type Step =
  | { do: 'hold' }
  | { do: 'release' }
  | { do: 'leave' }
  | { do: 'create'; resource: Resource }
  | { do: 'update'; resource: Resource }
  | { do: 'delete'; resource: Owned }
  | { do: 'stop-pod'; pod: Pod; graceSeconds?: number }
  /** Its successor is `resource`; no more than a few at a time. */
  | { do: 'replace-pod'; pod: Pod; resource: Resource }
  | { do: 'note-refusal'; refusal: Refusal }
  | { do: 'report'; status: AutoscalingListenerStatus };

export type Action = (PlannedAction & Step) | WaitAction;

// Secrets are not watched, so a missing one is looked for.
const LOOK_AGAIN_MS = 10_000;

export function plan(observed: Observed): Action[] {
  const { listener, runnerSet, access } = observed;
  if (isDeleting(listener)) return dismantle(observed);
  if (!hasFinalizer(listener, FINALIZERS.listener)) {
    return [{ do: 'hold', because: 'it owns a role in another namespace' }];
  }
  if (runnerSet === undefined) return [{ do: 'leave', because: 'its runner set is gone' }];
  if (isCredentialsError(access)) {
    // A pod that listens with what it was given goes on with it.
    return [
      ...say(observed, { ready: credentialsStanding(access) }),
      { do: 'wait', ms: LOOK_AGAIN_MS, because: access.message },
    ];
  }
  const wanted = desired({ ...observed, access });
  return [
    ...say(observed, { ready: standing(observed), ...currentOf(observed, wanted) }),
    ...converge(observed, wanted),
    ...look(observed),
  ];
}

/** Nothing new while its pod is another one: a pod that is refused stands until it is taken. */
function currentOf({ there: { pod } }: Observed, wanted: readonly Resource[]) {
  const wish = wanted.find(({ part }) => part === 'pod');
  return pod && wish && isAsWanted(pod, wish.object) ? { current: AS_WISHED } : {};
}

/** Its process may not be able to say that it listens; no event tells that it did not. */
const look = (observed: Observed): Action[] =>
  standing(observed).reason === 'ListenerStarting'
    ? [{ do: 'wait', ms: RECORDED_WITHIN_MS, because: 'its process has not said that it listens' }]
    : [];

function converge(observed: Observed, wanted: readonly Resource[]): Action[] {
  const companions = wanted.filter(({ part }) => part !== 'pod');
  return [
    ...companions.flatMap((resource) => apply(observed, resource)),
    ...surplus(observed, wanted),
    ...wanted.filter(({ part }) => part === 'pod').flatMap((pod) => followPod(observed, pod)),
  ];
}

function apply({ there }: Observed, resource: Resource): Action[] {
  const { part, kind, object } = resource;
  const present = there[part];
  const word = `its ${kind.kind} ${object.metadata.name}`;
  if (present === undefined) return [{ do: 'create', resource, because: `${word} is not there` }];
  if (isAsWanted(present, object)) return [];
  return [{ do: 'update', resource, because: `${word} is not as it should be` }];
}

const surplus = (observed: Observed, wanted: readonly Resource[]): Action[] =>
  owned(observed)
    .filter(({ part }) => !wanted.some((resource) => resource.part === part))
    .map((resource) => ({
      do: 'delete',
      resource,
      because: `its ${resource.kind.kind} is not wanted any more`,
    }));

function followPod(observed: Observed, resource: Resource): Action[] {
  const { pod } = observed.there;
  const state = podState(pod, observed.now);
  if (pod === undefined) return makePod(observed, resource);
  switch (state.is) {
    case 'over':
      return state.restForMs > 0
        ? [{ do: 'wait', ms: state.restForMs, because: `${state.why} soon after its start` }]
        : [{ do: 'stop-pod', pod, because: state.why, event: RESTARTED }];
    case 'leaving':
      return [{ do: 'wait', ms: LOOK_AGAIN_MS, because: 'its old pod has not ended' }];
    case 'stuck':
      return [{ do: 'stop-pod', pod, graceSeconds: 0, because: 'its node does not end it' }];
    case 'absent':
    case 'starting':
    case 'running':
      return isAsWanted(pod, resource.object) ? [] : replacePod(observed, pod, resource);
  }
}

const REFUSED_MS = 30_000;

/** What was refused a moment ago is refused again. */
function makePod({ refusal, now }: Observed, resource: Resource): Action[] {
  const leftMs = refusal?.hash === hashOf(resource) ? refusal.at + REFUSED_MS - now : 0;
  return leftMs > 0
    ? [{ do: 'wait', ms: leftMs, because: 'the API server does not take its pod' }]
    : [{ do: 'create', resource, because: 'it has no pod' }];
}

const TURN_MS = 1_000;

function replacePod({ hasTurn, refusal, now }: Observed, pod: Pod, resource: Resource): Action[] {
  const leftMs = refusal?.hash === hashOf(resource) ? refusal.at + REFUSED_MS - now : 0;
  if (leftMs > 0) {
    return [{ do: 'wait', ms: leftMs, because: 'the API server does not take its next pod' }];
  }
  if (!hasTurn) {
    return [{ do: 'wait', ms: TURN_MS, because: 'others are being replaced just now' }];
  }
  return [
    { do: 'replace-pod', pod, resource, because: 'what it was made from changed' },
    { do: 'wait', ms: TURN_MS, because: 'its old pod is to end' },
  ];
}

const RESTARTED = { type: 'Warning', reason: 'ListenerEnded' } as const;

/** The pod first: it acts with the rights of the others. */
function dismantle(observed: Observed): Action[] {
  const { listener, now } = observed;
  if (!hasFinalizer(listener, FINALIZERS.listener)) return [];
  const left = owned(observed);
  if (left.length === 0) return [{ do: 'release', because: 'nothing of it is left' }];
  const { pod } = observed.there;
  const isStuck = podState(pod, now).is === 'stuck';
  return [
    ...(pod && isStuck
      ? [{ do: 'stop-pod', pod, graceSeconds: 0, because: 'its node does not end it' } as const]
      : []),
    ...left
      .filter(({ object }) => object.metadata.deletionTimestamp === undefined)
      .map((resource) => ({ do: 'delete', resource, because: 'it is being deleted' }) as const),
    // Secrets are not watched, so their end is looked for.
    { do: 'wait', ms: 1_000, because: 'what it owns has not ended' },
  ];
}

/** Nothing, when the status says so already. */
export function say(
  observed: Observed,
  said: { ready?: Standing; current?: Standing },
): Extract<Action, { do: 'report' }>[] {
  const status = statusWith(observed, said);
  if (contentHash(status) === contentHash(observed.listener.status ?? {})) return [];
  return [{ do: 'report', status, because: (said.ready ?? said.current ?? AS_WISHED).message }];
}
