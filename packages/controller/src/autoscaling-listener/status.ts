// What a listener's status says, from what was observed: its pod, and what the process in it says
// of itself in the set's status (design.md, decision 12).
import { withCondition } from '@muster/api';
import type { AutoscalingListenerStatus, Condition } from '@muster/api';
import type { CredentialsError } from '../credentials.ts';
import { timestamp } from '../time.ts';
import { podState } from './pod-state.ts';
import type { Observed } from './observe.ts';

export type Standing = Pick<Condition, 'status' | 'reason' | 'message'>;

export const credentialsStanding = (error: CredentialsError): Standing => ({
  status: 'False',
  reason: {
    missing: 'CredentialsMissing',
    invalid: 'CredentialsInvalid',
    unsupported: 'CredentialsUnsupported',
    forbidden: 'CredentialsForbidden',
    unreachable: 'VaultUnreachable',
  }[error.code],
  message: error.message,
});

export function standing({ there: { pod }, set, now }: Observed): Standing {
  const state = podState(pod, now);
  switch (state.is) {
    case 'absent':
      return { status: 'False', reason: 'NoPod', message: 'its pod is not there' };
    case 'starting':
      return { status: 'False', reason: 'PodStarting', message: state.why };
    case 'over':
      return { status: 'False', reason: 'PodEnded', message: state.why };
    case 'leaving':
    case 'stuck':
      return { status: 'False', reason: 'PodEnding', message: 'its old pod has not ended' };
    case 'running':
      return ofProcess(set?.status?.listener);
  }
}

type Said = NonNullable<NonNullable<Observed['set']>['status']>['listener'];

/** Where that word cannot be written or stored (ARC's role, ARC's CRD), a running pod is enough. */
function ofProcess(said: Said): Standing {
  const { state = 'listening', reason = '' } = said ?? {};
  if (state === 'listening') {
    return { status: 'True', reason: 'Listening', message: 'it hears of jobs' };
  }
  return { status: 'False', reason: camelCase(state), message: reason === '' ? state : reason };
}

/** `session-taken` as the API wants reasons: `SessionTaken`. */
const camelCase = (words: string): string =>
  words
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

export const statusWith = (
  { listener, now }: Observed,
  ready: Standing,
): AutoscalingListenerStatus => ({
  conditions: withCondition(listener.status?.conditions, {
    type: 'Ready',
    ...ready,
    lastTransitionTime: timestamp(now),
    observedGeneration: listener.metadata.generation,
  }),
});
