// What a failed action of a listener asks for next.
import { isKubeError } from '@muster/kube';
import { hashOf } from './memory.ts';
import { say } from './plan.ts';
import { refusedStanding } from './status.ts';
import type { Observed } from './observe.ts';
import type { Action } from './plan.ts';

const LOOK_AGAIN_MS = 30_000;

/** `retry` hands the error to the queue, which backs off. */
export function afterFailure(
  action: Action,
  error: unknown,
  observed: Observed,
): Action[] | 'retry' {
  const isPod =
    action.do === 'replace-pod' || (action.do === 'create' && action.resource.part === 'pod');
  if (!isPod || !isRefusal(error)) return 'retry';
  const { message } = error;
  const said = refusedStanding(message);
  // While the old one listens nothing is amiss but that it is the old one.
  const news = action.do === 'replace-pod' ? { current: said } : { ready: said, current: said };
  const refusal = { hash: hashOf(action.resource), message, at: observed.now };
  return [
    { do: 'note-refusal', refusal, because: message, event: EVENT },
    ...say(observed, news),
    { do: 'wait', ms: LOOK_AGAIN_MS, because: message },
  ];
}

/** A template or a policy of the cluster: trying again at once does not help. */
const isRefusal = (error: unknown): error is Error =>
  isKubeError(error, 'invalid') || isKubeError(error, 'forbidden');

const EVENT = { type: 'Warning', reason: 'ListenerPodRefused' } as const;
