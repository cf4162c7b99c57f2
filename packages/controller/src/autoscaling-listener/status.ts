// What a listener's status says, from what was observed: its pod, and what the process in it says
// of itself in the set's status (design.md, decision 12).
import { withCondition } from '@muster/api';
import type { AutoscalingListenerStatus, Condition } from '@muster/api';
import type { Pod } from '@muster/kube';
import { CREDENTIALS_REASONS } from '../credentials-error.ts';
import type { CredentialsError } from '../credentials-error.ts';
import { isPodReady } from '../runner-pod.ts';
import { sinceMs, timestamp } from '../time.ts';
import { isOurs } from './health.ts';
import { podState, startedAt } from './pod-state.ts';
import type { Observed } from './observe.ts';

export type Standing = Pick<Condition, 'status' | 'reason' | 'message'>;

export const credentialsStanding = ({ code, message }: CredentialsError): Standing => ({
  status: 'False',
  reason: CREDENTIALS_REASONS[code],
  message,
});

export function standing(observed: Observed): Standing {
  const { there, now, refusal } = observed;
  const state = podState(there.pod, now);
  switch (state.is) {
    case 'absent':
      return refusal === undefined
        ? { status: 'False', reason: 'NoPod', message: 'its pod is not there' }
        : refusedStanding(refusal.message);
    case 'starting':
      return { status: 'False', reason: 'PodStarting', message: state.why };
    case 'over':
      return { status: 'False', reason: 'PodEnded', message: state.why };
    case 'leaving':
    case 'stuck':
      return { status: 'False', reason: 'PodEnding', message: 'its old pod has not ended' };
    case 'running':
      return there.pod ? ofProcess(there.pod, observed) : ofRecord({});
  }
}

export const refusedStanding = (message: string): Standing => ({
  status: 'False',
  reason: 'PodRefused',
  message,
});

/** In which a process of ours says how it fares, if its role and the CRD let it. */
export const RECORDED_WITHIN_MS = 10_000;

/** Only a process's own word makes it ready. ARC's says nothing, nor does one that may not write the record. */
function ofProcess(pod: Pod, { set, config, now }: Observed): Standing {
  const record = set?.status?.listener;
  if (record?.instance === pod.metadata.uid) return ofRecord(record);
  if (!isOurs(pod.spec, config)) return ofRecord({});
  const runsForMs = sinceMs(startedAt(pod), now) ?? 0;
  if (runsForMs >= RECORDED_WITHIN_MS && isPodReady(pod)) return ofRecord({});
  return {
    status: 'False',
    reason: 'ListenerStarting',
    message: 'its process has not said that it listens',
  };
}

function ofRecord({
  state = 'listening',
  reason = '',
}: {
  state?: string | undefined;
  reason?: string | undefined;
}): Standing {
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

export const AS_WISHED: Standing = {
  status: 'True',
  reason: 'AsWished',
  message: 'its pod is made of what is wished now',
};

/** `current`: whether its pod is as it should be; what was said last when nothing is given. */
export function statusWith(
  { listener, now }: Observed,
  { ready, current }: { ready?: Standing; current?: Standing },
): AutoscalingListenerStatus {
  const said = [
    ...(ready ? [{ type: 'Ready', ...ready }] : []),
    ...(current ? [{ type: 'UpToDate', ...current }] : []),
  ].map((one) => ({
    ...one,
    lastTransitionTime: timestamp(now),
    ...(listener.metadata.generation !== undefined && {
      observedGeneration: listener.metadata.generation,
    }),
  }));
  return { conditions: said.reduce(withCondition, listener.status?.conditions ?? []) };
}
